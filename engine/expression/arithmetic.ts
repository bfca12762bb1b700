// Arithmetic: + - * / % and negation. Types: int32 with int32 stays int32, with int64 int64; with
// a decimal, integers count as decimals; float64 meets int32 and float64 only. Overflow and
// division by zero fail the row (float64 follows IEEE 754). Integer division truncates towards
// zero and the remainder has the dividend's sign; decimal results round half away from zero when
// scale is capped.
import type { Column } from '../batch/index.ts'
import { type DataType, typeName } from '../schema/index.ts'
import { type ExactPlan, exactArithmetic } from './arithmetic-exact.ts'
import { divideLanes, exactLoops, floatLoops, scaleLane } from './arithmetic-lanes.ts'
import { type Bound, type Frame, inherited, typeMismatch } from './bound.ts'
import { describeExpression } from './describe.ts'
import type { ArithmeticOperator, Expression } from './expression.ts'
import { isNarrow, laneOf, mergeNulls, type NumberColumn, numberOf, zeroNulls } from './lanes.ts'
import { boundConstant } from './literal.ts'
import { digitCount, laneLimit, powerOfTen, rangeOf } from './numbers.ts'
import {
  asDecimal,
  commonType,
  convertConstant,
  decimalConstant,
  decimalResult,
} from './type-rules.ts'

export function bindArithmetic(
  source: Expression,
  operator: ArithmeticOperator,
  first: Bound,
  second: Bound,
): Bound {
  const left = besidePeer(first, second.type)
  const right = besidePeer(second, first.type)
  const type = resultType(source, operator, left, right)
  if (type.kind === 'float64') return bindFloats(source, operator, left, right)
  return bindExact(source, exactPlan(source, operator, left, right, type), left, right)
}

/** -operand, of the operand's own type: only the smallest int32 and int64 overflow. */
export function bindNegate(source: Expression, operand: Bound): Bound {
  const { type } = operand
  if (type.kind === 'float64') {
    return bindFloats(source, 'mul', operand, boundConstant(type, -1))
  }
  if (asDecimal(type) === undefined) throw typeMismatch(source, operand, 'a number')
  const zero = boundConstant(type, type.kind === 'int32' ? 0 : 0n)
  return bindExact(source, exactPlan(source, 'sub', zero, operand, type), zero, operand)
}

/** A literal takes a form that its peer can compute with; anything else stays as it is. */
function besidePeer(operand: Bound, peer: DataType): Bound {
  const { constant } = operand
  if (constant === undefined || typeof constant.value === 'string') return operand
  if (peer.kind === 'decimal') {
    const decimal = decimalConstant(constant.value, operand.type)
    return decimal === undefined ? operand : boundConstant(decimal.type, decimal.value)
  }
  if (peer.kind !== 'int64') return operand
  const value = convertConstant(constant.value, operand.type, peer)
  return value === undefined || operand.type.kind === 'decimal'
    ? operand
    : boundConstant(peer, value)
}

function resultType(
  source: Expression,
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
): DataType {
  const expected = 'int32, int64, decimal or float64'
  const remedy = 'Use addMicros, addDays or elapsed for times; cast text to a number first.'
  for (const operand of [left, right]) {
    const isNumber = operand.type.kind === 'float64' || asDecimal(operand.type) !== undefined
    if (!isNumber) throw typeMismatch(source, operand, expected, remedy)
  }
  const [decimalLeft, decimalRight] = [asDecimal(left.type), asDecimal(right.type)]
  const isDecimal = left.type.kind === 'decimal' || right.type.kind === 'decimal'
  if (isDecimal && decimalLeft !== undefined && decimalRight !== undefined) {
    return decimalResult(operator, decimalLeft, decimalRight)
  }
  const common = commonType(left.type, right.type)
  if (common !== undefined) return common
  const found = `a type that meets ${typeName(left.type)} without loss`
  throw typeMismatch(source, right, found, 'Cast one side: exact and float64 do not mix unseen.')
}

function bindFloats(
  source: Expression,
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
): Bound {
  const loop = floatLoops[operator]
  return {
    source,
    type: { kind: 'float64' },
    ...inherited([left, right]),
    evaluate: (frame) => {
      const a = numberOf(left.evaluate(frame))
      const b = numberOf(right.evaluate(frame))
      const values = new Float64Array(frame.batch.length)
      const nulls = mergeNulls(a.nulls, b.nulls)
      loop(laneOf(a), laneOf(b), values)
      zeroNulls(values, nulls)
      return { kind: 'float64', values, nulls }
    },
  }
}

function exactPlan(
  source: Expression,
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
  type: DataType,
): ExactPlan {
  const [a, b] = [scaleOf(left.type), scaleOf(right.type)]
  const expression = describeExpression(source)
  const [low, high] = rangeOf(type)
  return {
    operator,
    type,
    ...factors(operator, type, a, b),
    low,
    high,
    overflow: { code: 'ARITHMETIC_OVERFLOW', expression, expected: typeName(type) },
    division: { code: 'DIVISION_BY_ZERO', expression, expected: 'a divisor that is not 0' },
  }
}

function factors(operator: ArithmeticOperator, type: DataType, a: number, b: number) {
  const result = scaleOf(type)
  if (operator === 'div') {
    // Integers divide as they are; decimals bring in the digits that the result's scale needs.
    const digits = type.kind === 'decimal' ? result + b - a : 0
    return {
      leftFactor: powerOfTen(Math.max(digits, 0)),
      rightFactor: powerOfTen(Math.max(-digits, 0)),
      resultFactor: 1n,
    }
  }
  const isProduct = operator === 'mul'
  const aligned = isProduct ? a + b : Math.max(a, b)
  return {
    leftFactor: isProduct ? 1n : powerOfTen(aligned - a),
    rightFactor: isProduct ? 1n : powerOfTen(aligned - b),
    resultFactor: powerOfTen(aligned - result),
  }
}

function scaleOf(type: DataType): number {
  return type.kind === 'decimal' ? type.scale : 0
}

function bindExact(source: Expression, plan: ExactPlan, left: Bound, right: Bound): Bound {
  const { type } = plan
  return {
    source,
    type,
    nullable: left.nullable || right.nullable,
    fallible: true,
    evaluate: (frame: Frame) => {
      const a = numberOf(left.evaluate(frame))
      const b = numberOf(right.evaluate(frame))
      return laneArithmetic(plan, a, b) ?? exactArithmetic(plan, a, b, frame.failures)
    },
  }
}

/** The fast path; undefined when the batch needs the exact one. */
function laneArithmetic(plan: ExactPlan, a: NumberColumn, b: NumberColumn): Column | undefined {
  const isDecimalDivision = plan.operator === 'div' && plan.type.kind === 'decimal'
  if (!isNarrow(a) || !isNarrow(b) || plan.resultFactor !== 1n) return undefined
  const left = isDecimalDivision ? laneOf(a) : scaledLane(a, plan.leftFactor)
  const right = scaledLane(b, plan.rightFactor)
  if (left === undefined || right === undefined) return undefined
  const nulls = mergeNulls(a.nulls, b.nulls)
  const values = new Float64Array(left.length)
  const limit = laneLimit(plan.type)
  const isDone = isDecimalDivision
    ? divideLanes(left, right, values, nulls, digitCount(plan.leftFactor) - 1, limit)
    : exactLoops[plan.operator](left, right, values, nulls, limit)
  if (!isDone) return undefined
  zeroNulls(values, nulls)
  if (plan.type.kind === 'int32') return { kind: 'int32', values: new Int32Array(values), nulls }
  return { kind: 'integer', values, wide: undefined, nulls }
}

function scaledLane(column: NumberColumn, factor: bigint): Float64Array | undefined {
  const lane = laneOf(column)
  if (factor === 1n) return lane
  const scaled = new Float64Array(lane.length)
  const isExact = factor <= 10n ** 15n && scaleLane(lane, Number(factor), scaled)
  return isExact ? scaled : undefined
}
