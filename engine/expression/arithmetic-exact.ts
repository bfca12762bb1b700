// Exact arithmetic row by row in bigint: the path for batches that float64 can't answer exactly or
// in which a row fails. It is the definition; the loops over lanes only repeat it faster.
import { type Column, integerColumn } from '../batch/index.ts'
import type { DataType } from '../schema/index.ts'
import type { ArithmeticOperator } from './expression.ts'
import { integerAt, mergeNulls, type NumberColumn } from './lanes.ts'
import { divideRounded } from './numbers.ts'
import type { FailureSink, FailureSite } from './row-failures.ts'

/** What one exact operation does to unscaled integers. */
export interface ExactPlan {
  readonly operator: ArithmeticOperator
  readonly type: DataType
  /** Powers of ten on the operands: one scale for add, sub, mod; the result's digits for div. */
  readonly leftFactor: bigint
  readonly rightFactor: bigint
  /** Power of ten that the result is divided by, where its scale was capped. */
  readonly resultFactor: bigint
  /** Range of the result. */
  readonly low: bigint
  readonly high: bigint
  readonly overflow: FailureSite
  readonly division: FailureSite
}

/** One column from two, row by row. Rows that fail are null and reported. */
export function exactArithmetic(
  plan: ExactPlan,
  left: NumberColumn,
  right: NumberColumn,
  failures: FailureSink,
): Column {
  const merged = mergeNulls(left.nulls, right.nulls)
  const length = left.values.length
  const results = new Array<bigint>(length).fill(0n)
  let nulls = merged
  for (let row = 0; row < length; row++) {
    if (merged?.[row] === 1) continue
    const result = exactResult(plan, integerAt(left, row), integerAt(right, row))
    if (result !== undefined && result >= plan.low && result <= plan.high) {
      results[row] = result
    } else {
      if (nulls === merged) nulls = merged?.slice() ?? new Uint8Array(length)
      if (nulls !== undefined) nulls[row] = 1
      if (result === undefined) failures.fail(row, plan.division, '0 as divisor')
      else failures.fail(row, plan.overflow, foundText(result, plan.type))
    }
  }
  return columnOfIntegers(plan.type, results, nulls)
}

/** The result before its range is checked, or undefined for a division by zero. */
function exactResult(plan: ExactPlan, a: bigint, b: bigint): bigint | undefined {
  const { leftFactor, rightFactor, resultFactor } = plan
  const left = leftFactor === 1n ? a : a * leftFactor
  const right = rightFactor === 1n ? b : b * rightFactor
  switch (plan.operator) {
    case 'add':
      return rounded(left + right, resultFactor)
    case 'sub':
      return rounded(left - right, resultFactor)
    case 'mul':
      return rounded(left * right, resultFactor)
    case 'mod':
      return right === 0n ? undefined : rounded(left % right, resultFactor)
    case 'div':
      if (right === 0n) return undefined
      return plan.type.kind === 'decimal' ? divideRounded(left, right) : left / right
  }
}

/** An int32, date, int64 or decimal column of exact values. */
export function columnOfIntegers(
  type: DataType,
  values: bigint[],
  nulls: Uint8Array | undefined,
): Column {
  if (type.kind === 'int32' || type.kind === 'date') {
    return { kind: 'int32', values: Int32Array.from(values, Number), nulls }
  }
  if (type.kind === 'timestamp') {
    return { kind: 'float64', values: Float64Array.from(values, Number), nulls }
  }
  return integerColumn(values, nulls)
}

function rounded(value: bigint, factor: bigint): bigint {
  return factor === 1n ? value : divideRounded(value, factor)
}

function foundText(value: bigint, type: DataType): string {
  const text = value.toString().slice(0, 60)
  return type.kind === 'decimal' && type.scale > 0 ? `${text}e-${type.scale}` : text
}
