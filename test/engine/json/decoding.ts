// Helpers of the JSON tests: decode text with a fresh decoder, and rows of decoded records.
import { type RecordBatch, recordBatch, rowsOf } from '../../../engine/batch/index.ts'
import type { RecordDecoder, SourceRecords } from '../../../engine/connector.ts'
import { type DecodePolicies, jsonDecoder } from '../../../engine/json/index.ts'
import type { Schema } from '../../../engine/schema/index.ts'

const encoder = new TextEncoder()

export interface Decoded {
  readonly rows: Record<string, unknown>[]
  readonly offsets: number[]
  readonly faults: { readonly offset: number; readonly code: string; readonly reason: string }[]
  readonly nextOffset: number
}

export function batchOf(of: Schema<unknown>, records: SourceRecords): RecordBatch {
  const times = new Float64Array(records.length)
  const { columns } = records
  return recordBatch({ schema: of, columns, eventTimes: times, watermarksBefore: times })
}

export function described(of: Schema<unknown>, records: SourceRecords): Decoded {
  return {
    rows: rowsOf(batchOf(of, records)),
    offsets: [...records.offsets],
    faults: records.rejected.map(({ offset, code, reason }) => ({ offset, code, reason })),
    nextOffset: records.nextOffset,
  }
}

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? encoder.encode(text) : text
}

/** Decodes all lines with a fresh decoder. */
export function decodeText(
  of: Schema<unknown>,
  text: string | Uint8Array,
  policies: DecodePolicies = {},
): Decoded {
  const bytes = bytesOf(text)
  const decoder = jsonDecoder(of, policies)
  return described(of, decoder.decodeLines(bytes, 0, bytes.length, 0, true).records)
}

/** Decodes records, one after another in one buffer, with the decoder given. */
export function decodeValues(
  decoder: RecordDecoder,
  values: readonly (string | Uint8Array)[],
): Decoded {
  const chunks = values.map(bytesOf)
  const starts = new Int32Array(values.length)
  const ends = new Int32Array(values.length)
  let at = 0
  chunks.forEach((chunk, i) => {
    starts[i] = at
    at += chunk.length
    ends[i] = at
  })
  const bytes = new Uint8Array(at)
  chunks.forEach((chunk, i) => {
    bytes.set(chunk, starts[i])
  })
  const offsets = Float64Array.from(values, (_, i) => i)
  return described(decoder.schema, decoder.decodeRecords(bytes, starts, ends, offsets, undefined))
}
