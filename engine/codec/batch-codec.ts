// RecordBatch as bytes: what embedded topics and repartition topics store. Versioned, with length
// and CRC32C; a reader names damage before it decodes anything, checks every count against the
// bytes that remain and copies what it keeps. Reading needs the schema that the batch was written
// with.
//
//   byte 0    4        8         9       10            14
//        ┌────┬────────┬─────────┬───────┬─────────────┬──────┬──────────────┬───────────────┐
//        │MRBT│ length │ version │ flags │ schema      │ rows │ body         │ CRC32C of all │
//        │    │ uint32 │ uint8 1 │ uint8 │ fingerprint │varint│              │ before, uint32│
//        └────┴────────┴─────────┴───────┴─────────────┴──────┴──────────────┴───────────────┘
//   body: event times as numbers │ watermarks │ [flag 1: changes as numbers]
//         │ [flag 2: varint partition, offsets as numbers] │ one column a field
//   watermarks: varint rows at -∞ (the first) │ varint rows at +∞ (the last) │ uint8 form between:
//         0 numbers │ 1 runs: varint count, float64 first, then (varint rows, varint rise) each
//
// Integers are little-endian; `length` counts everything. Numbers: see array-codec.ts.
import { crc32c } from '@node-rs/crc32'
import {
  ByteReader,
  type ByteWriter,
  columnAt,
  type Dictionary,
  type RecordBatch,
  recordBatch,
} from '../batch/index.ts'
import { StateMismatchError } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { Schema } from '../schema/index.ts'
import { corrupt, readNumbers, writeNumbers } from './array-codec.ts'
import { readColumn, writeColumn } from './column-codec.ts'
import { schemaFingerprint } from './schema-fingerprint.ts'

/** Version that is written; the only one so far. */
export const BATCH_CODEC_VERSION = 1

const MAGIC = 0x5442524d
const HEADER_BYTES = 14
const HAS_CHANGES = 1
const HAS_SOURCE = 2

export interface DecodeBatchOptions {
  /**
   * For column i, the dictionary that its texts are interned into, so that ids stay the same over
   * many batches. The owner begins a new one when it is full.
   */
  readonly dictionaries?: readonly (Dictionary | undefined)[]
}

/** What is known of an encoded batch without decoding it. */
export interface BatchHeader {
  readonly version: number
  /** Bytes of the whole encoding. */
  readonly byteLength: number
  /** Records. */
  readonly length: number
}

/** Appends the encoding of a batch. Ids of its dictionaries do not show in the bytes. */
export function encodeBatch(batch: RecordBatch, writer: ByteWriter): void {
  const start = writer.length
  const { changes, source, length } = batch
  const flags = (changes === undefined ? 0 : HAS_CHANGES) | (source === undefined ? 0 : HAS_SOURCE)
  writer.uint32(MAGIC)
  writer.uint32(0)
  writer.uint8(BATCH_CODEC_VERSION)
  writer.uint8(flags)
  writer.uint32(schemaFingerprint(batch.schema))
  writer.varint(length)
  writeNumbers(batch.eventTimes, false, writer)
  writeWatermarks(batch.watermarksBefore, writer)
  if (changes !== undefined) writeNumbers(changes, false, writer)
  if (source !== undefined) {
    writer.varint(source.partition)
    writeNumbers(source.offsets, false, writer)
  }
  for (const [i, field] of batch.schema.fields.entries()) {
    writeColumn(columnAt(batch, i), field, false, writer)
  }
  const end = writer.length
  writer.length = start + 4
  writer.uint32(end + 4 - start)
  writer.length = end
  writer.uint32(crc32c(writer.bytes.subarray(start, end)))
}

/**
 * The header of an encoding that is complete in `bytes`; the checksum is not computed.
 * @throws StateCorruptError BATCH_CORRUPT when this is no batch or a part of one.
 */
export function peekBatchHeader(bytes: Uint8Array): BatchHeader {
  const reader = new ByteReader(bytes)
  return headerOf(reader)
}

function headerOf(reader: ByteReader): BatchHeader {
  const available = reader.remaining
  if (available < HEADER_BYTES + 5) throw corrupt('a whole batch', `${available} bytes`)
  const magic = reader.uint32()
  if (magic !== MAGIC) throw corrupt('the mark MRBT', `${magic.toString(16)}`)
  const byteLength = reader.uint32()
  if (byteLength < HEADER_BYTES + 5 || byteLength > available) {
    throw corrupt(`${byteLength} bytes`, `${available}`)
  }
  const version = reader.uint8()
  reader.raw(5)
  return { version, byteLength, length: reader.varint() }
}

/**
 * Decodes exactly one batch.
 * @throws StateCorruptError BATCH_CORRUPT for damaged bytes.
 * @throws StateMismatchError BATCH_VERSION, BATCH_SCHEMA for whole bytes of another version or
 * schema.
 */
export function decodeBatch(
  bytes: Uint8Array,
  schema: Schema<unknown>,
  options: DecodeBatchOptions = {},
): RecordBatch {
  const { byteLength, version, length } = headerOf(new ByteReader(bytes))
  if (byteLength !== bytes.length) throw corrupt(`${byteLength} bytes`, `${bytes.length}`)
  const end = bytes.length - 4
  const sum = new ByteReader(bytes, end).uint32()
  const found = crc32c(bytes.subarray(0, end))
  if (found !== sum) throw corrupt(`CRC32C ${sum.toString(16)}`, found.toString(16))
  if (version !== BATCH_CODEC_VERSION) throw otherVersion(version)
  const reader = new ByteReader(bytes, HEADER_BYTES - 5, end)
  const flags = reader.uint8()
  checkSchema(reader.uint32(), schema)
  reader.varint()
  if (length > BATCH_RECORDS_MAX) throw corrupt(`${BATCH_RECORDS_MAX} records`, `${length}`)
  const eventTimes = readNumbers(length, false, reader)
  const watermarksBefore = readWatermarks(length, reader)
  const changes = flags & HAS_CHANGES ? readChanges(length, reader) : undefined
  const source =
    flags & HAS_SOURCE
      ? { partition: reader.varint(), offsets: readNumbers(length, false, reader) }
      : undefined
  const columns = schema.fields.map((field, i) =>
    readColumn(field, length, false, reader, options.dictionaries?.[i]),
  )
  if (reader.remaining !== 0)
    throw corrupt('nothing after the columns', `${reader.remaining} bytes`)
  return recordBatch({ schema, columns, eventTimes, watermarksBefore, changes, source })
}

function readChanges(length: number, reader: ByteReader): Uint8Array {
  const changes = readNumbers(length, false, reader)
  if (changes.some((change) => change < 0 || change > 3)) throw corrupt('changes 0 to 3', 'others')
  return new Uint8Array(changes)
}

function writeWatermarks(watermarks: Float64Array, writer: ByteWriter): void {
  const count = watermarks.length
  let from = 0
  let to = count
  while (from < count && watermarks[from] === -Infinity) from++
  while (to > from && watermarks[to - 1] === Infinity) to--
  writer.varint(from)
  writer.varint(count - to)
  let runs = from === to ? 0 : 1
  let isWhole = true
  for (let i = from; i < to; i++) {
    if (i > from && watermarks[i] !== watermarks[i - 1]) runs++
    if (!Number.isSafeInteger(watermarks[i]!)) isWhole = false
  }
  const isRuns =
    isWhole && runs * 4 < to - from && watermarks[to - 1]! - watermarks[from]! < 2 ** 52
  writer.uint8(isRuns ? 1 : 0)
  if (!isRuns) {
    writeNumbers(watermarks.subarray(from, to), false, writer)
    return
  }
  writer.varint(runs)
  writer.float64(watermarks[from]!)
  let previous = watermarks[from]!
  for (let i = from; i < to; ) {
    const value = watermarks[i]!
    let end = i + 1
    while (end < to && watermarks[end] === value) end++
    writer.varint(end - i)
    writer.varint(value - previous)
    previous = value
    i = end
  }
}

function readWatermarks(count: number, reader: ByteReader): Float64Array {
  const from = reader.varint()
  const to = count - reader.varint()
  if (from > to) throw corrupt(`at most ${count} watermarks`, `${from} and ${count - to}`)
  const watermarks = new Float64Array(count).fill(-Infinity, 0, from).fill(Infinity, to)
  const form = reader.uint8()
  if (form === 0) {
    watermarks.set(readNumbers(to - from, false, reader), from)
    return watermarks
  }
  const runs = reader.varint()
  let value = reader.float64()
  let at = from
  for (let i = 0; i < runs; i++) {
    const rows = reader.varint()
    value += reader.varint()
    if (rows > to - at) throw corrupt(`runs of ${to - at} rows`, `${rows}`)
    watermarks.fill(value, at, at + rows)
    at += rows
  }
  if (at !== to) throw corrupt(`runs of ${to - from} rows`, `${at - from}`)
  return watermarks
}

function checkSchema(found: number, schema: Schema<unknown>): void {
  const expected = schemaFingerprint(schema)
  if (found === expected) return
  throw new StateMismatchError({
    code: 'BATCH_SCHEMA',
    message: 'an encoded batch was written with another schema',
    expected: `fingerprint ${expected.toString(16)}`,
    found: found.toString(16),
    remedy: 'Read it with the version of the schema that it was written with.',
  })
}

function otherVersion(version: number): StateMismatchError {
  return new StateMismatchError({
    code: 'BATCH_VERSION',
    message: 'an encoded batch has a version that this program does not know',
    expected: `${BATCH_CODEC_VERSION}`,
    found: `${version}`,
    remedy: 'Read it with the newer program that wrote it.',
  })
}
