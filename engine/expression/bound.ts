// Bound: an expression that met a schema. It knows its type and computes one column per batch.
// Law: the column has the batch's length and the physical kind of `type`; below a null stands 0.
import type { Column, RecordBatch } from '../batch/index.ts'
import { ConfigError } from '../errors.ts'
import { type DataType, typeName } from '../schema/index.ts'
import { describeExpression } from './describe.ts'
import type { Expression } from './expression.ts'
import type { FailureSink } from './row-failures.ts'

/**
 * A value outside of columns: int64 and decimal (unscaled) are bigint; int32, float64, timestamp
 * and date are number.
 */
export type Scalar = null | boolean | number | bigint | string | Uint8Array

/** One evaluation: the batch, and where failing rows go. */
export interface Frame {
  readonly batch: RecordBatch
  readonly failures: FailureSink
}

export interface Bound {
  readonly source: Expression
  readonly type: DataType
  readonly nullable: boolean
  /** True when a row can fail in it. */
  readonly fallible: boolean
  /** Present when the value is the same for every row. */
  readonly constant?: { readonly value: Scalar }
  evaluate(frame: Frame): Column
}

/** What most operators inherit from their operands: null when one is null, fallible when one is. */
export function inherited(operands: readonly Bound[]) {
  return {
    nullable: operands.some((operand) => operand.nullable),
    fallible: operands.some((operand) => operand.fallible),
  }
}

/** ConfigError EXPRESSION_TYPE: an operand has a type that the operator does not take. */
export function typeMismatch(
  within: Expression,
  operand: Bound,
  expected: string,
  remedy = 'Cast the operand, or use another operator.',
): ConfigError {
  return new ConfigError({
    code: 'EXPRESSION_TYPE',
    message: `${describeExpression(operand.source)} can not stand in ${describeExpression(within)}`,
    expected,
    found: typeName(operand.type),
    remedy,
  })
}

/** ConfigError EXPRESSION_INVALID: a fixed part of the expression can't be used. */
export function invalidExpression(
  within: Expression,
  expected: string,
  found: string,
  remedy = 'Correct the expression.',
): ConfigError {
  return new ConfigError({
    code: 'EXPRESSION_INVALID',
    message: `${describeExpression(within)} can not be computed`,
    expected,
    found,
    remedy,
  })
}
