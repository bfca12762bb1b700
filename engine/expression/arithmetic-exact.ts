// Exact arithmetic row by row in bigint: the path for batches that float64 can't answer exactly or
// in which a row fails. It is the definition; the loops over lanes only repeat it faster.
import { type Column, integerColumn } from '../batch/index.ts'
import type { DataType } from '../schema/index.ts'
import type { ArithmeticOperator } from './expression.ts'
import { integerAt, mergeNulls, type NumberColumn } from './lanes.ts'
import { divideRounded, fits, powerOfTen } from './numbers.ts'
import type { FailureSink, FailureSite } from './row-failures.ts'

/** What one exact operation does to unscaled integers. */
export interface ExactPlan {
  readonly operator: ArithmeticOperator
  readonly type: DataType
  /** Powers of ten that bring the operands to one scale (add, sub, mod). */
  readonly leftDigits: number
  readonly rightDigits: number
  /**
   * Power of ten on the result: mul drops digits (≤ 0), add and sub too when the scale is capped;
   * decimal div brings digits in (negative: takes them away). Undefined: div truncates to integers.
   */
  readonly resultDigits: number | undefined
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
    if (result !== undefined && fits(result, plan.type)) {
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

/** The unrounded type's result, or undefined for a division by zero. */
export function exactResult(plan: ExactPlan, a: bigint, b: bigint): bigint | undefined {
  const left = a * powerOfTen(plan.leftDigits)
  const right = b * powerOfTen(plan.rightDigits)
  switch (plan.operator) {
    case 'add':
      return shifted(left + right, plan.resultDigits)
    case 'sub':
      return shifted(left - right, plan.resultDigits)
    case 'mul':
      return shifted(left * right, plan.resultDigits)
    case 'mod':
      return right === 0n ? undefined : shifted(left % right, plan.resultDigits)
    case 'div': {
      if (right === 0n) return undefined
      const digits = plan.resultDigits
      if (digits === undefined) return left / right
      if (digits >= 0) return divideRounded(left * powerOfTen(digits), right)
      return divideRounded(left, right * powerOfTen(-digits))
    }
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

function shifted(value: bigint, digits: number | undefined): bigint {
  if (digits === undefined || digits === 0) return value
  return digits > 0 ? value * powerOfTen(digits) : divideRounded(value, powerOfTen(-digits))
}

function foundText(value: bigint, type: DataType): string {
  const text = value.toString().slice(0, 60)
  return type.kind === 'decimal' && type.scale > 0 ? `${text}e-${type.scale}` : text
}
