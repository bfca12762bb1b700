// RowCondition: which rows of a batch a condition holds for, as an expression over columns or as a
// function of rows. A row that it can not be computed for goes to the dead letters and holds not.
import { type RecordBatch, rowAt } from '../engine/batch/index.ts'
import { ConfigError } from '../engine/errors.ts'
import {
  type AnyExpr,
  compileExpression,
  describeExpression,
  expressionType,
  RowFailures,
} from '../engine/expression/index.ts'
import type { OperatorContext } from '../engine/operator.ts'
import { type Schema, typeName } from '../engine/schema/index.ts'
import { reportFailures } from './stateless.ts'

/** An expression of type bool, or a function of the row. */
export type Condition<Row> = AnyExpr | ((row: Row) => boolean)

/** Writes the rows that it holds for to `rows`, ascending, and returns how many they are. */
export interface RowCondition {
  select(batch: RecordBatch, rows: Int32Array, context: OperatorContext | undefined): number
  /** Rows of the last batch that it could not be computed for. */
  readonly failed: number
}

/** @throws ConfigError EXPRESSION_TYPE, COLUMN_UNKNOWN */
export function checkCondition(condition: Condition<never>, schema: Schema<unknown>): void {
  if (typeof condition === 'function') return
  const { type } = expressionType(condition.node, schema)
  if (type.kind === 'bool') return
  throw new ConfigError({
    code: 'EXPRESSION_TYPE',
    message: `${describeExpression(condition.node)} is no condition`,
    expected: 'bool',
    found: typeName(type),
    remedy: 'Compare it with something.',
  })
}

export function rowCondition(condition: Condition<never>, schema: Schema<unknown>): RowCondition {
  return typeof condition === 'function'
    ? new FunctionCondition(condition)
    : new ExpressionCondition(condition, schema)
}

class ExpressionCondition implements RowCondition {
  readonly #compiled: ReturnType<typeof compileExpression>
  readonly #failures = new RowFailures()

  constructor(expression: AnyExpr, schema: Schema<unknown>) {
    this.#compiled = compileExpression(expression.node, schema)
  }

  get failed(): number {
    return this.#failures.count
  }

  select(batch: RecordBatch, rows: Int32Array, context: OperatorContext | undefined): number {
    this.#failures.clear()
    const count = this.#compiled.evaluateFilter(batch, rows, this.#failures)
    reportFailures(batch, this.#failures, context)
    return count
  }
}

class FunctionCondition implements RowCondition {
  failed = 0
  readonly #holds: (row: never) => boolean

  constructor(holds: (row: never) => boolean) {
    this.#holds = holds
  }

  select(batch: RecordBatch, rows: Int32Array, context: OperatorContext | undefined): number {
    let count = 0
    this.failed = 0
    for (let row = 0; row < batch.length; row++) {
      try {
        if (callWithRow(this.#holds, batch, row)) rows[count++] = row
      } catch (error) {
        this.failed++
        context?.deadLetter(batch, row, error)
      }
    }
    return count
  }
}

/** Calls a user's function with a row; the builder's types say that the row has the right shape. */
export function callWithRow<Result>(
  run: (row: never) => Result,
  batch: RecordBatch,
  row: number,
): Result {
  return Reflect.apply(run, undefined, [rowAt(batch, row)])
}
