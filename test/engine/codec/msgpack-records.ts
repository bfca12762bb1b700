// MessagePack records for tests: made by @msgpack/msgpack or by our encoder, decoded by our decoder.
import { encode } from '@msgpack/msgpack'
import { ByteWriter, type RecordBatch, recordBatch, rowsOf } from '../../../engine/batch/index.ts'
import { encodeMsgpackRow, msgpackDecoder } from '../../../engine/codec/index.ts'
import type { SourceRecords } from '../../../engine/connector.ts'
import type { DecodePolicies } from '../../../engine/json/index.ts'
import type * as s from '../../../engine/schema/index.ts'

export function decodeAll(
  schema: s.Schema<unknown>,
  records: readonly Uint8Array[],
  policies: DecodePolicies = {},
): SourceRecords {
  const writer = new ByteWriter()
  writer.uint8(0xc1)
  const starts: number[] = []
  const ends: number[] = []
  for (const record of records) {
    starts.push(writer.length)
    writer.raw(record)
    ends.push(writer.length)
  }
  const offsets = Float64Array.from(records, (_, i) => 10 + 2 * i)
  const decoder = msgpackDecoder(schema, policies)
  const [from, to] = [Int32Array.from(starts), Int32Array.from(ends)]
  return decoder.decodeRecords(writer.toBytes(), from, to, offsets, offsets)
}

export function rowsOfRecords(schema: s.Schema<unknown>, records: SourceRecords) {
  const times = new Float64Array(records.length)
  const { columns } = records
  return rowsOf(recordBatch({ schema, columns, eventTimes: times, watermarksBefore: times }))
}

export function encodedRow(batch: RecordBatch, row: number): Uint8Array {
  const writer = new ByteWriter(1)
  encodeMsgpackRow(batch, row, writer)
  return writer.toBytes()
}

export const pack = (value: unknown) => new Uint8Array(encode(value, { useBigInt64: true }))

/** The same value with numbers where bigints are not needed. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
