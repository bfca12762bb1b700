// Rows of columns as people and programs read them: aligned values, or JSON rows in the format that
// files and topics have.
import {
  ByteWriter,
  type Column,
  recordBatch,
  sliceColumn,
  valueAt,
} from '../../engine/batch/index.ts'
import { JsonWriter, timeText, writeDate } from '../../engine/json/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { DataType, Schema } from '../../engine/schema/index.ts'

export interface Rows {
  readonly schema: Schema<unknown>
  readonly columns: readonly Column[]
  readonly length: number
}

/** JSON rows, a line each. */
export function jsonLines({ schema, columns, length }: Rows): Uint8Array {
  const out = new ByteWriter(64 * 1024)
  const writer = new JsonWriter(schema, out)
  for (let from = 0; from < length; from += BATCH_RECORDS_MAX) {
    const to = Math.min(length, from + BATCH_RECORDS_MAX)
    const times = new Float64Array(to - from)
    writer.writeBatch(
      recordBatch({
        schema,
        columns: columns.map((column) => sliceColumn(column, from, to)),
        eventTimes: times,
        watermarksBefore: times,
      }),
    )
  }
  return out.view()
}

/** The values of one row as text. */
export function rowCells({ schema, columns }: Rows, row: number): string[] {
  return schema.fields.map(({ type }, i) => {
    const column = columns[i]
    return column === undefined ? '-' : valueText(valueAt(column, type, row), type)
  })
}

/** A value, in the form rows have it, as text; null is `null`. */
export function valueText(value: unknown, type: DataType): string {
  if (value === null || value === undefined) return 'null'
  if (type.kind === 'timestamp' && typeof value === 'number') return timeText(value) ?? `${value}`
  if (type.kind === 'date' && typeof value === 'number') return dateText(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'object') return JSON.stringify(value, jsonSafe)
  return String(value)
}

/** True for types whose values stand to the right. */
export function isNumeric({ kind }: DataType): boolean {
  return kind === 'int32' || kind === 'int64' || kind === 'float64' || kind === 'decimal'
}

function dateText(days: number): string {
  const out = new ByteWriter(16)
  writeDate(days, out)
  return Buffer.from(out.view()).toString()
}

function jsonSafe(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
