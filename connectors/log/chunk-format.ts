// Chunk: the value that holds up to CHUNK_RECORDS_MAX records of one partition, wherever a topic
// lives. A chunk is written once and never changed; its CRC32C also covers the key that it stands
// under, so that a chunk found in another place counts as damaged. It knows nothing of topics.
//
//   at        bytes  what (little-endian)
//   0         1      version = 1
//   1         1      parts: bit 0 keys · bit 1 event times · bit 2 origin
//   2         2      record count n
//   4         4      CRC32C of the store key, bytes 0-3 and all bytes from 8 on
//   8         8      append time, epoch microseconds (float64), of all its records
//   16        8      bytes of the partition's chunks before this one (float64), for retention
//   24        4      bytes of all keys
//   28        4      bytes of all values
//   32        …      origin, if any: slot (u32), term (u32), epoch (float64), seq of the first
//                    record (float64), bytes of the lineage's name (u16), the name in UTF-8
//   then      8n     event time of each record (float64), if any
//             4n     end of each key, counted from the first key's start, if any
//             4n     end of each value, counted from the first value's start
//             n      marks: bit 0 has a key · bit 1 has a value · bits 2-3 the change (+I -U +U -D)
//             …      keys · values
import { crc32c } from '@node-rs/crc32'
import { StateCorruptError } from '../../engine/errors.ts'

/** Records in one chunk. */
export const CHUNK_RECORDS_MAX = 1024
/** Bytes of keys and values after which a writer begins the next chunk. */
export const CHUNK_BYTES_TARGET = 4 * 1024 * 1024

export const VERSION = 1
export const HEADER_BYTES = 32
export const ORIGIN_FIXED_BYTES = 26
export const HAS_KEYS = 1
export const HAS_EVENT_TIMES = 2
export const HAS_ORIGIN = 4
export const MARK_KEY = 1
export const MARK_VALUE = 2
export const CHANGE_SHIFT = 2

/**
 * Which epoch of which slot wrote a chunk; `seq` is the first
 * record's ordinal among those that slot and epoch wrote to the partition.
 */
export interface ChunkOrigin {
  readonly lineage: string
  readonly slot: number
  readonly term: number
  readonly epoch: number
  readonly seq: number
}

/** A checked chunk. The arrays are views or copies that live as long as `bytes` does. */
export interface Chunk {
  readonly count: number
  readonly appendTime: number
  readonly bytesBefore: number
  readonly origin: ChunkOrigin | undefined
  readonly eventTimes: Float64Array | undefined
  /** The whole chunk; ranges below are positions in it. */
  readonly bytes: Uint8Array
  readonly keyStarts: Int32Array | undefined
  readonly keyEnds: Int32Array | undefined
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
  /** Marks of each record; read them through `hasKey`, `hasValue`, `changeOf`. */
  readonly marks: Uint8Array
}

export function hasKey(chunk: Chunk, record: number): boolean {
  return (chunk.marks[record]! & MARK_KEY) !== 0
}

export function hasValue(chunk: Chunk, record: number): boolean {
  return (chunk.marks[record]! & MARK_VALUE) !== 0
}

export function changeOf(chunk: Chunk, record: number): number {
  return (chunk.marks[record]! >> CHANGE_SHIFT) & 3
}

/** The key of a record as a view, or undefined. */
export function recordKey(chunk: Chunk, record: number): Uint8Array | undefined {
  if (!hasKey(chunk, record) || chunk.keyEnds === undefined) return undefined
  return chunk.bytes.subarray(chunk.keyStarts?.[record], chunk.keyEnds[record])
}

/** The value of a record as a view, or undefined for a delete. */
export function recordValue(chunk: Chunk, record: number): Uint8Array | undefined {
  if (!hasValue(chunk, record)) return undefined
  return chunk.bytes.subarray(chunk.valueStarts[record], chunk.valueEnds[record])
}

/**
 * Reads a chunk found under `key`. Ranges point into `bytes`, which must not change afterwards.
 * @throws StateCorruptError CHUNK_CORRUPT
 */
export function decodeChunk(bytes: Uint8Array, key: Uint8Array): Chunk {
  if (bytes.length < HEADER_BYTES) throw corrupt(`${HEADER_BYTES} bytes`, `${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint8(0) !== VERSION) throw corrupt(`version ${VERSION}`, `${view.getUint8(0)}`)
  const stored = view.getUint32(4, true)
  const computed = checksum(bytes, key)
  if (stored !== computed) throw corrupt(`CRC32C ${stored.toString(16)}`, computed.toString(16))
  const parts = view.getUint8(1)
  const count = view.getUint16(2, true)
  const keyBytes = view.getUint32(24, true)
  const originBytes = parts & HAS_ORIGIN ? ORIGIN_FIXED_BYTES + view.getUint16(56, true) : 0
  const layout = layoutOf({ parts, count, keyBytes, originBytes })
  const length = layout.values + view.getUint32(28, true)
  if (length !== bytes.length) throw corrupt(`${length} bytes`, `${bytes.length}`)
  const keyEnds = parts & HAS_KEYS ? readEnds(view, layout.keyEnds, count, layout.keys) : undefined
  const valueEnds = readEnds(view, layout.valueEnds, count, layout.values)
  return {
    count,
    appendTime: view.getFloat64(8, true),
    bytesBefore: view.getFloat64(16, true),
    origin: parts & HAS_ORIGIN ? readOrigin(view) : undefined,
    eventTimes: parts & HAS_EVENT_TIMES ? readTimes(view, layout.eventTimes, count) : undefined,
    bytes,
    keyStarts: keyEnds && startsOf(keyEnds, layout.keys),
    keyEnds,
    valueStarts: startsOf(valueEnds, layout.values),
    valueEnds,
    marks: bytes.subarray(layout.marks, layout.marks + count),
  }
}

/** Count, append time and size of a chunk, from its header alone (not checked by the CRC32C). */
export function chunkHeader(bytes: Uint8Array): ChunkHeader {
  if (bytes.length < HEADER_BYTES) throw corrupt(`${HEADER_BYTES} bytes`, `${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    count: view.getUint16(2, true),
    appendTime: view.getFloat64(8, true),
    bytesBefore: view.getFloat64(16, true),
    sizeBytes: bytes.length,
  }
}

export interface ChunkHeader {
  readonly count: number
  readonly appendTime: number
  readonly bytesBefore: number
  readonly sizeBytes: number
}

/** Positions of the parts of a chunk. */
export interface ChunkLayout {
  readonly eventTimes: number
  readonly keyEnds: number
  readonly valueEnds: number
  readonly marks: number
  readonly keys: number
  readonly values: number
}

/** What the positions depend on. */
export interface ChunkShape {
  readonly parts: number
  readonly count: number
  readonly keyBytes: number
  readonly originBytes: number
}

export function layoutOf({ parts, count, keyBytes, originBytes }: ChunkShape): ChunkLayout {
  const eventTimes = HEADER_BYTES + originBytes
  const keyEnds = eventTimes + (parts & HAS_EVENT_TIMES ? 8 * count : 0)
  const valueEnds = keyEnds + (parts & HAS_KEYS ? 4 * count : 0)
  const marks = valueEnds + 4 * count
  const keys = marks + count
  return { eventTimes, keyEnds, valueEnds, marks, keys, values: keys + keyBytes }
}

function readOrigin(view: DataView): ChunkOrigin {
  const name = Buffer.from(view.buffer, view.byteOffset + 58, view.getUint16(56, true))
  return {
    lineage: name.toString(),
    slot: view.getUint32(32, true),
    term: view.getUint32(36, true),
    epoch: view.getFloat64(40, true),
    seq: view.getFloat64(48, true),
  }
}

function readEnds(view: DataView, at: number, count: number, base: number): Int32Array {
  const ends = new Int32Array(count)
  for (let i = 0; i < count; i++) ends[i] = base + view.getUint32(at + i * 4, true)
  return ends
}

function startsOf(ends: Int32Array, base: number): Int32Array {
  const starts = new Int32Array(ends.length)
  if (ends.length === 0) return starts
  starts[0] = base
  starts.set(ends.subarray(0, ends.length - 1), 1)
  return starts
}

function readTimes(view: DataView, at: number, count: number): Float64Array {
  const times = new Float64Array(count)
  for (let i = 0; i < count; i++) times[i] = view.getFloat64(at + i * 8, true)
  return times
}

/** CRC32C of a chunk under its store key. */
export function checksum(bytes: Uint8Array, key: Uint8Array): number {
  return crc32c(bytes.subarray(8), crc32c(bytes.subarray(0, 4), crc32c(key)))
}

function corrupt(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'CHUNK_CORRUPT',
    message: 'a chunk of a topic is damaged',
    expected,
    found,
    remedy: 'Restore the log from a backup; nothing was read from the damaged chunk.',
  })
}
