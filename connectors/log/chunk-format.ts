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
//   32        24     origin, if any: slot (u32), term (u32), epoch (float64), first seq (float64)
//   then      8n     event time of each record (float64), if any
//             4n     end of each key, counted from the first key's start, if any
//             4n     end of each value, counted from the first value's start
//             n      marks: bit 0 has a key · bit 1 has a value · bits 2-3 the change (+I -U +U -D)
//             …      keys · values
import { crc32c } from '@node-rs/crc32'
import { assert, StateCorruptError } from '../../engine/errors.ts'

/** Records in one chunk. */
export const CHUNK_RECORDS_MAX = 1024
/** Bytes of keys and values after which a writer begins the next chunk. */
export const CHUNK_BYTES_TARGET = 4 * 1024 * 1024

const VERSION = 1
const HEADER_BYTES = 32
const ORIGIN_BYTES = 24
const HAS_KEYS = 1
const HAS_EVENT_TIMES = 2
const HAS_ORIGIN = 4
const MARK_KEY = 1
const MARK_VALUE = 2
const CHANGE_SHIFT = 2

/** One record as it is written. */
export interface LogRecord {
  readonly key?: Uint8Array | undefined
  /** Undefined: the key is deleted (an upsert topic). */
  readonly value: Uint8Array | undefined
  /** Epoch microseconds, where the writer knows it. */
  readonly eventTime?: number | undefined
  /** `Change` of engine/batch; absent: an insert. */
  readonly change?: number | undefined
}

/** Which epoch of which slot wrote a chunk; `seq` is the first record's ordinal in that epoch. */
export interface ChunkOrigin {
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

/** What is known of a chunk only when its place is: see `sealChunk`. */
export interface ChunkPlace {
  /** The store key of the chunk. */
  readonly key: Uint8Array
  readonly appendTime: number
  readonly bytesBefore: number
}

/** Encodes records; the bytes are not valid until `sealChunk` gave them their place. */
export function encodeChunk(
  records: readonly LogRecord[],
  origin?: ChunkOrigin,
): Uint8Array<ArrayBuffer> {
  const n = records.length
  assert(n <= CHUNK_RECORDS_MAX, `a chunk of ${n} > ${CHUNK_RECORDS_MAX} records`)
  let keyBytes = 0
  let valueBytes = 0
  let parts = origin === undefined ? 0 : HAS_ORIGIN
  for (const record of records) {
    if (record.key !== undefined) parts |= HAS_KEYS
    if (record.eventTime !== undefined) parts |= HAS_EVENT_TIMES
    keyBytes += record.key?.length ?? 0
    valueBytes += record.value?.length ?? 0
  }
  const layout = layoutOf(parts, n, keyBytes)
  const bytes = new Uint8Array(layout.values + valueBytes)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setUint8(1, parts)
  view.setUint16(2, n, true)
  view.setUint32(24, keyBytes, true)
  view.setUint32(28, valueBytes, true)
  if (origin !== undefined) writeOrigin(view, origin)
  let keyEnd = 0
  let valueEnd = 0
  for (let i = 0; i < n; i++) {
    const record = records[i]
    if (record === undefined) continue
    let mark = (record.change ?? 0) << CHANGE_SHIFT
    if (record.key !== undefined) {
      bytes.set(record.key, layout.keys + keyEnd)
      keyEnd += record.key.length
      mark |= MARK_KEY
    }
    if (record.value !== undefined) {
      bytes.set(record.value, layout.values + valueEnd)
      valueEnd += record.value.length
      mark |= MARK_VALUE
    }
    if (parts & HAS_EVENT_TIMES) {
      view.setFloat64(layout.eventTimes + i * 8, record.eventTime ?? Number.NaN, true)
    }
    if (parts & HAS_KEYS) view.setUint32(layout.keyEnds + i * 4, keyEnd, true)
    view.setUint32(layout.valueEnds + i * 4, valueEnd, true)
    bytes[layout.marks + i] = mark
  }
  return bytes
}

/** Writes place, append time and checksum into an encoded chunk. Never throws. */
export function sealChunk(bytes: Uint8Array, place: ChunkPlace): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setFloat64(8, place.appendTime, true)
  view.setFloat64(16, place.bytesBefore, true)
  view.setUint32(4, checksum(bytes, place.key), true)
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
  const layout = layoutOf(parts, count, keyBytes)
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

interface Layout {
  readonly eventTimes: number
  readonly keyEnds: number
  readonly valueEnds: number
  readonly marks: number
  readonly keys: number
  readonly values: number
}

function layoutOf(parts: number, n: number, keyBytes: number): Layout {
  const eventTimes = HEADER_BYTES + (parts & HAS_ORIGIN ? ORIGIN_BYTES : 0)
  const keyEnds = eventTimes + (parts & HAS_EVENT_TIMES ? 8 * n : 0)
  const valueEnds = keyEnds + (parts & HAS_KEYS ? 4 * n : 0)
  const marks = valueEnds + 4 * n
  const keys = marks + n
  return { eventTimes, keyEnds, valueEnds, marks, keys, values: keys + keyBytes }
}

function writeOrigin(view: DataView, origin: ChunkOrigin): void {
  view.setUint32(32, origin.slot, true)
  view.setUint32(36, origin.term, true)
  view.setFloat64(40, origin.epoch, true)
  view.setFloat64(48, origin.seq, true)
}

function readOrigin(view: DataView): ChunkOrigin {
  return {
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

function checksum(bytes: Uint8Array, key: Uint8Array): number {
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
