// Comparison: = <> < <= > >=. Null when a side is null. Exact numbers compare exactly whatever
// their scales; text and bytes by their bytes (code point order); false < true. For float64, NaN
// equals NaN and is greater than every other number, and -0 equals 0, so that the order is total.
import type { Column } from '../batch/index.ts'
import { type DataType, typeName } from '../schema/index.ts'
import { scaleLane } from './arithmetic-lanes.ts'
import { type Bound, inherited, typeMismatch } from './bound.ts'
import type { CompareOperator, Expression } from './expression.ts'
import {
  boolOf,
  integerAt,
  isNarrow,
  laneOf,
  mergeNulls,
  type NumberColumn,
  numberOf,
  textOf,
  zeroNulls,
} from './lanes.ts'
import { boundConstant } from './literal.ts'
import { powerOfTen } from './numbers.ts'
import { compareRange, equalLoop, type TextLoop, testLoop, textRanges } from './text-lanes.ts'
import { asDecimal, convertConstant, decimalConstant } from './type-rules.ts'

type BaseOperator = 'eq' | 'lt' | 'le'

/** gt and ge swap their sides, ne turns eq round: three loops serve six operators. */
const bases: Readonly<
  Record<CompareOperator, { base: BaseOperator; swapped: boolean; turned: boolean }>
> = {
  eq: { base: 'eq', swapped: false, turned: false },
  ne: { base: 'eq', swapped: false, turned: true },
  lt: { base: 'lt', swapped: false, turned: false },
  le: { base: 'le', swapped: false, turned: false },
  gt: { base: 'lt', swapped: true, turned: false },
  ge: { base: 'le', swapped: true, turned: false },
}

const encoder = new TextEncoder()

export function bindCompare(
  source: Expression,
  operator: CompareOperator,
  first: Bound,
  second: Bound,
): Bound {
  const { base, swapped, turned } = bases[operator]
  const [a, b] = [asPeer(first, second.type), asPeer(second, first.type)]
  const [left, right] = swapped ? [b, a] : [a, b]
  requireComparable(source, a, b)
  const compare = comparison(source, base, left, right)
  return {
    source,
    type: { kind: 'bool' },
    ...inherited([left, right]),
    evaluate: (frame) => {
      // The failure of the side that was written first is the one that counts.
      const early = a.evaluate(frame)
      const late = b.evaluate(frame)
      const leftColumn = swapped ? late : early
      const rightColumn = swapped ? early : late
      const values = new Uint8Array(frame.batch.length)
      compare(leftColumn, rightColumn, values)
      if (turned) for (let i = 0; i < values.length; i++) values[i]! ^= 1
      const nulls = mergeNulls(leftColumn.nulls, rightColumn.nulls)
      zeroNulls(values, nulls)
      return { kind: 'bool', values, nulls }
    },
  }
}

/** A literal as a constant of its peer's type, where it is one exactly. */
export function asPeer(operand: Bound, peer: DataType): Bound {
  const { constant, type } = operand
  if (constant === undefined) return operand
  const value = convertConstant(constant.value, type, peer)
  if (value !== undefined) return boundConstant(peer, value)
  if (peer.kind !== 'decimal' && peer.kind !== 'int64') return operand
  const decimal = decimalConstant(constant.value, type)
  return decimal === undefined ? operand : boundConstant(decimal.type, decimal.value)
}

function requireComparable(source: Expression, a: Bound, b: Bound): void {
  const areExact = asDecimal(a.type) !== undefined && asDecimal(b.type) !== undefined
  const areNumbers = isFloatPeer(a.type) && isFloatPeer(b.type)
  if (areExact || areNumbers || a.type.kind === b.type.kind) return
  throw typeMismatch(source, b, `a type comparable with ${typeName(a.type)}`)
}

function isFloatPeer(type: DataType): boolean {
  return type.kind === 'int32' || type.kind === 'float64'
}

type Comparison = (left: Column, right: Column, out: Uint8Array) => void

function comparison(source: Expression, base: BaseOperator, left: Bound, right: Bound): Comparison {
  const [a, b] = [left.type, right.type]
  const [exactA, exactB] = [asDecimal(a), asDecimal(b)]
  if (exactA !== undefined && exactB !== undefined) {
    const scale = Math.max(exactA.scale, exactB.scale)
    const digits = { left: scale - exactA.scale, right: scale - exactB.scale }
    return (x, y, out) => compareExact(base, numberOf(x), numberOf(y), digits, out)
  }
  if (a.kind === 'float64' || b.kind === 'float64') {
    return (x, y, out) => floatLoops[base](laneOf(numberOf(x)), laneOf(numberOf(y)), out)
  }
  switch (a.kind) {
    case 'timestamp':
    case 'date':
      return (x, y, out) => laneLoops[base](laneOf(numberOf(x)), laneOf(numberOf(y)), out)
    case 'bool':
      return (x, y, out) => {
        const [p, q] = [new Float64Array(boolOf(x).values), new Float64Array(boolOf(y).values)]
        laneLoops[base](p, q, out)
      }
    case 'string':
    case 'bytes':
      return textComparison(base, left, right)
    default:
      throw typeMismatch(source, left, 'a comparable type: lists and structs are not')
  }
}

function textComparison(base: BaseOperator, left: Bound, right: Bound): Comparison {
  const [fixedLeft, fixedRight] = [constantBytes(left), constantBytes(right)]
  if (fixedRight !== undefined) {
    const loop = textLoop(base, fixedRight, 1)
    return (x, _y, out) => loop(textOf(x), out)
  }
  if (fixedLeft !== undefined) {
    const loop = textLoop(base, fixedLeft, -1)
    return (_x, y, out) => loop(textOf(y), out)
  }
  return (x, y, out) => compareText(base, x, y, out)
}

/** Compares with a fixed value; direction -1: the fixed value stands on the left. */
function textLoop(base: BaseOperator, fixed: Uint8Array, direction: 1 | -1): TextLoop {
  const order = (bytes: Uint8Array, start: number, end: number) =>
    direction * compareRange(bytes, start, end, fixed, 0, fixed.length)
  if (base === 'eq') return equalLoop(fixed)
  if (base === 'lt') return testLoop((bytes, start, end) => order(bytes, start, end) < 0)
  return testLoop((bytes, start, end) => order(bytes, start, end) <= 0)
}

function constantBytes(operand: Bound): Uint8Array | undefined {
  const value = operand.constant?.value
  if (typeof value === 'string') return encoder.encode(value)
  return value instanceof Uint8Array ? value : undefined
}

function compareText(base: BaseOperator, x: Column, y: Column, out: Uint8Array): void {
  const [a, b] = [textRanges(textOf(x)), textRanges(textOf(y))]
  for (let i = 0; i < out.length; i++) {
    const order = compareRange(a.bytes, a.starts[i]!, a.ends[i]!, b.bytes, b.starts[i]!, b.ends[i]!)
    out[i] = holds(base, order) ? 1 : 0
  }
}

function compareExact(
  base: BaseOperator,
  x: NumberColumn,
  y: NumberColumn,
  digits: { readonly left: number; readonly right: number },
  out: Uint8Array,
): void {
  const a = alignedLane(x, digits.left)
  const b = alignedLane(y, digits.right)
  if (a !== undefined && b !== undefined) {
    laneLoops[base](a, b, out)
    return
  }
  const [left, right] = [powerOfTen(digits.left), powerOfTen(digits.right)]
  for (let i = 0; i < out.length; i++) {
    const [p, q] = [integerAt(x, i) * left, integerAt(y, i) * right]
    out[i] = holds(base, p < q ? -1 : p > q ? 1 : 0) ? 1 : 0
  }
}

function alignedLane(column: NumberColumn, digits: number): Float64Array | undefined {
  if (!isNarrow(column)) return undefined
  const lane = laneOf(column)
  if (digits === 0) return lane
  const scaled = new Float64Array(lane.length)
  return digits <= 15 && scaleLane(lane, 10 ** digits, scaled) ? scaled : undefined
}

function holds(base: BaseOperator, order: number): boolean {
  if (base === 'eq') return order === 0
  return base === 'lt' ? order < 0 : order <= 0
}

type CompareLoop = (a: Float64Array, b: Float64Array, out: Uint8Array) => void

// `Number(test)` compiles without a branch, which random data would make the processor guess wrong.
const laneLoops: Readonly<Record<BaseOperator, CompareLoop>> = {
  eq: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Number(a[i]! === b[i]!)
  },
  lt: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Number(a[i]! < b[i]!)
  },
  le: (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Number(a[i]! <= b[i]!)
  },
}

const floatLoops: Readonly<Record<BaseOperator, CompareLoop>> = {
  eq: (a, b, out) => {
    for (let i = 0; i < out.length; i++) {
      const [x, y] = [a[i]!, b[i]!]
      out[i] = x === y || (Number.isNaN(x) && Number.isNaN(y)) ? 1 : 0
    }
  },
  lt: (a, b, out) => {
    for (let i = 0; i < out.length; i++) {
      const [x, y] = [a[i]!, b[i]!]
      out[i] = x < y || (Number.isNaN(y) && !Number.isNaN(x)) ? 1 : 0
    }
  },
  le: (a, b, out) => {
    for (let i = 0; i < out.length; i++) {
      const [x, y] = [a[i]!, b[i]!]
      out[i] = x <= y || Number.isNaN(y) ? 1 : 0
    }
  },
}
