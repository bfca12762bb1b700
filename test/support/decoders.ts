// Numbered records with their decoder, for tests of connectors and for the processes they start.
import { valueAt } from '../../engine/batch/index.ts'
import type { RecordDecoder, SourceRecords } from '../../engine/connector.ts'
import { jsonDecoder } from '../../engine/json/index.ts'
import { int32, schema, string } from '../../engine/schema/index.ts'

const encoder = new TextEncoder()

export const NUMBERED = schema({ n: int32(), name: string() })

export function numberedDecoder(): RecordDecoder {
  return jsonDecoder(NUMBERED)
}

/** The JSON text of record n. */
export function numbered(n: number): string {
  return `{"n":${n},"name":"name-${n % 10}"}`
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The column `n` of decoded records. */
export function numbersOf(records: SourceRecords | undefined): unknown[] {
  const column = records?.columns[0]
  if (records === undefined || column === undefined) return []
  return Array.from({ length: records.length }, (_, i) => valueAt(column, { kind: 'int32' }, i))
}
