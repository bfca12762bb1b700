// Helpers of the expression tests: evaluate one expression over rows and read values and failures.
import { type RecordBatch, valueAt } from '../../../engine/batch/index.ts'
import { batchOfRows } from '../../../engine/batch/row-view.ts'
import { type AnyExpr, compileExpression, RowFailures } from '../../../engine/expression/index.ts'
import type { Schema } from '../../../engine/schema/index.ts'

export type Rows = readonly Readonly<Record<string, unknown>>[]

export function batchOf(schema: Schema<unknown>, rows: Rows): RecordBatch {
  const times = rows.map(() => 0)
  return batchOfRows(schema, rows, { eventTimes: times, watermarksBefore: times })
}

/** The values of an expression over rows, and `row: code` of each failure. */
export function evaluated(expression: AnyExpr, schema: Schema<unknown>, rows: Rows) {
  const compiled = compileExpression(expression.node, schema)
  const failures = new RowFailures()
  const column = compiled.evaluate(batchOf(schema, rows), failures)
  return {
    values: rows.map((_, row) => valueAt(column, compiled.type, row)),
    failures: failures.list().map(({ row, code }) => `${row}: ${code}`),
  }
}

/** The values of an expression that fails no row. */
export function valuesOf(expression: AnyExpr, schema: Schema<unknown>, rows: Rows): unknown[] {
  const { values, failures } = evaluated(expression, schema, rows)
  if (failures.length > 0) throw new Error(failures.join(', '))
  return values
}
