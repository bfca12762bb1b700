// compileExpression: an expression ready to run on the batches of one schema. Evaluation works on
// whole columns; rows that can't be computed are null in the result and stand in the RowFailures.
import { type Column, columnLength, type RecordBatch } from '../batch/index.ts'
import { assert } from '../errors.ts'
import type { DataType, Schema } from '../schema/index.ts'
import { bind } from './bind.ts'
import { type Bound, typeMismatch } from './bound.ts'
import type { Expression } from './expression.ts'
import { hideRows } from './lanes.ts'
import type { RowFailures } from './row-failures.ts'

/** The type of an expression's values, and whether null is among them. */
export interface ExpressionType {
  readonly type: DataType
  readonly nullable: boolean
}

export interface CompiledExpression extends ExpressionType {
  /**
   * One value a row. The column may share memory with the batch, with literals or with results of
   * earlier calls; nobody changes it. Rows in `failures` (also those of earlier expressions over
   * the same batch) are null, whatever `nullable` says: the caller drops them as dead letters.
   */
  evaluate(batch: RecordBatch, failures: RowFailures): Column
  /**
   * Writes the rows for which the expression is true to `rowsOut`, ascending, and returns how many
   * they are. Null and failed rows are not among them. `rowsOut` has room for the whole batch.
   * @throws ConfigError EXPRESSION_TYPE when the expression is not a bool.
   */
  evaluateFilter(batch: RecordBatch, rowsOut: Int32Array, failures: RowFailures): number
}

/**
 * The type of an expression over a schema.
 * @throws ConfigError COLUMN_UNKNOWN, EXPRESSION_TYPE, EXPRESSION_INVALID, LITERAL_TYPE,
 * ZONE_UNKNOWN
 */
export function expressionType(expression: Expression, schema: Schema<unknown>): ExpressionType {
  const { type, nullable } = bind(expression, schema)
  return { type, nullable }
}

/**
 * Compiles an expression; batches given to it must have exactly this schema. Keeps caches beside
 * dictionaries, so an operator of a task compiles its own. Throws as `expressionType` does.
 */
export function compileExpression(
  expression: Expression,
  schema: Schema<unknown>,
): CompiledExpression {
  const bound = bind(expression, schema)
  return {
    type: bound.type,
    nullable: bound.nullable,
    evaluate: (batch, failures) => computed(bound, batch, failures),
    evaluateFilter: (batch, rowsOut, failures) => {
      if (bound.type.kind !== 'bool') throw typeMismatch(expression, bound, 'bool')
      return selected(computed(bound, batch, failures), rowsOut)
    },
  }
}

function computed(bound: Bound, batch: RecordBatch, failures: RowFailures): Column {
  const column = bound.evaluate({ batch, failures })
  assert(columnLength(column) === batch.length, 'an expression gives one value a row')
  return failures.count === 0 ? column : hideRows(column, failures.mask(batch.length))
}

function selected(column: Column, rowsOut: Int32Array): number {
  assert(column.kind === 'bool', `a filter over ${column.kind}`)
  const { values, nulls } = column
  let count = 0
  if (nulls === undefined) {
    for (let row = 0; row < values.length; row++) {
      rowsOut[count] = row
      count += values[row]!
    }
    return count
  }
  for (let row = 0; row < values.length; row++) {
    if (values[row] === 1 && nulls[row] === 0) rowsOut[count++] = row
  }
  return count
}
