// Rows as JavaScript objects, for lambdas, HTTP and tests. Never on the columnar path.
import { assert } from '../errors.ts'
import type { DataType, Schema } from '../schema/index.ts'
import { type Column, exactInteger, isNull } from './column.ts'
import { columnBuilder, formatDecimal } from './column-builder.ts'
import { columnAt, type RecordBatch, type RecordBatchParts, recordBatch } from './record-batch.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The value of a column in a row, in the form that `schema/data-type.ts` lists. */
export function valueAt(column: Column, type: DataType, row: number): unknown {
  if (isNull(column, row)) return null
  switch (column.kind) {
    case 'bool':
      return column.values[row] === 1
    case 'int32':
    case 'float64':
      return column.values[row]
    case 'integer': {
      const exact = exactInteger(column, row)
      return type.kind === 'decimal' ? formatDecimal(exact, type.scale) : exact
    }
    case 'dictionary': {
      const id = column.ids[row]!
      if (type.kind === 'string') return column.dictionary.string(id)
      return column.dictionary.valueBytes(id).slice()
    }
    case 'plain': {
      const value = column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!)
      return type.kind === 'string' ? decoder.decode(value) : value.slice()
    }
    case 'list': {
      assert(type.kind === 'list', `a list column under ${type.kind}`)
      const values: unknown[] = []
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) {
        values.push(valueAt(column.items, type.item.type, i))
      }
      return values
    }
    case 'struct': {
      assert(type.kind === 'struct', `a struct column under ${type.kind}`)
      const entries = type.fields.map((field, i) => {
        const child = column.fields[i]
        assert(child !== undefined, `struct field ${i}`)
        return [field.name, valueAt(child, field.type, row)] as const
      })
      return Object.fromEntries(entries)
    }
  }
}

/** One row as an object with the columns in declared order. */
export function rowAt(batch: RecordBatch, row: number): Record<string, unknown> {
  return Object.fromEntries(
    batch.schema.fields.map((field, i) => [
      field.name,
      valueAt(columnAt(batch, i), field.type, row),
    ]),
  )
}

/** All rows of a batch as objects. */
export function rowsOf(batch: RecordBatch): Record<string, unknown>[] {
  return Array.from({ length: batch.length }, (_, row) => rowAt(batch, row))
}

/** What `batchOfRows` needs to know besides the rows. */
export interface RowTimes {
  readonly eventTimes: ArrayLike<number>
  readonly watermarksBefore: ArrayLike<number>
  readonly changes?: RecordBatchParts['changes']
  readonly source?: RecordBatchParts['source']
}

/**
 * A batch from row objects.
 * @throws BadRecordError VALUE_TYPE for a value that its column can't hold.
 */
export function batchOfRows(
  schema: Schema<unknown>,
  rows: readonly Readonly<Record<string, unknown>>[],
  times: RowTimes,
): RecordBatch {
  const columns = schema.fields.map((field) => {
    const builder = columnBuilder(field)
    for (const row of rows) {
      builder.append(Object.hasOwn(row, field.name) ? row[field.name] : undefined)
    }
    return builder.finish()
  })
  return recordBatch({
    schema,
    columns,
    eventTimes: Float64Array.from(times.eventTimes),
    watermarksBefore: Float64Array.from(times.watermarksBefore),
    changes: times.changes,
    source: times.source,
  })
}
