// Casts of columns: loops for the common exact ones, `castScalar` for the rest and for every batch
// in which a value does not fit. A value that does not fit fails its row (`cast`) or is null
// (`tryCast`).
import type { Column } from '../batch/index.ts'
import { type DataType, sameType, typeName } from '../schema/index.ts'
import { scaleLane } from './arithmetic-lanes.ts'
import { type Bound, type Frame, type Scalar, typeMismatch } from './bound.ts'
import { castScalar, isCastable, textOfScalar } from './cast-scalar.ts'
import { MICROS_PER_DAY } from './civil.ts'
import { describeExpression } from './describe.ts'
import type { Expression } from './expression.ts'
import { columnOfScalars, isNarrow, laneOf, numberOf, scalarAt, zeroNulls } from './lanes.ts'
import { boundConstant } from './literal.ts'
import { laneLimit } from './numbers.ts'
import type { FailureSite } from './row-failures.ts'
import { commonType } from './type-rules.ts'

export function bindCast(
  source: Expression,
  operand: Bound,
  to: DataType,
  onFailure: 'fail' | 'null',
): Bound {
  const from = operand.type
  if (sameType(from, to)) return { ...operand, type: to }
  if (!isCastable(from, to)) {
    throw typeMismatch(source, operand, `a type that casts to ${typeName(to)}`)
  }
  const site: FailureSite = {
    code: 'CAST_FAILED',
    expression: describeExpression(source),
    expected: typeName(to),
  }
  const isSafe = isWidening(from, to)
  return {
    source,
    type: to,
    nullable: operand.nullable || (onFailure === 'null' && !isSafe),
    fallible: operand.fallible || (onFailure === 'fail' && !isSafe),
    evaluate: (frame) => {
      const column = operand.evaluate(frame)
      return (
        castLanes(column, from, to) ??
        castRows(column, from, to, onFailure === 'fail' ? site : undefined, frame)
      )
    },
  }
}

/** The operand as a type that holds all its values (`commonType`). */
export function widen(operand: Bound, to: DataType): Bound {
  if (sameType(operand.type, to)) return operand
  if (operand.constant !== undefined) {
    const value = castScalar(operand.constant.value, operand.type, to)
    if (value !== undefined) return boundConstant(to, value)
  }
  return bindCast(operand.source, operand, to, 'fail')
}

function isWidening(from: DataType, to: DataType): boolean {
  if (to.kind === 'string') return from.kind !== 'bytes'
  const common = commonType(from, to)
  return common !== undefined && sameType(common, to)
}

/** The fast path: every value fits and the loop is exact; else undefined. */
function castLanes(column: Column, from: DataType, to: DataType): Column | undefined {
  if (column.kind !== 'int32' && column.kind !== 'float64' && column.kind !== 'integer') {
    return undefined
  }
  const { nulls } = column
  if (!isNarrow(column)) {
    const isRounded = from.kind === 'int64' && to.kind === 'float64'
    return isRounded ? { kind: 'float64', values: laneOf(column), nulls } : undefined
  }
  const lane = laneOf(numberOf(column))
  switch (to.kind) {
    case 'int64':
      if (from.kind === 'date' || from.kind === 'int32' || from.kind === 'timestamp') {
        return { kind: 'integer', values: lane, wide: undefined, nulls }
      }
      return truncated(lane, from, to, nulls)
    case 'int32':
      return from.kind === 'date' ? column : truncated(lane, from, to, nulls)
    case 'float64':
      return floated(lane, from, nulls)
    case 'decimal':
      return from.kind === 'float64' ? undefined : decimals(lane, from, to, nulls)
    case 'date':
      return from.kind === 'timestamp' ? dates(lane, nulls) : undefined
    default:
      return undefined
  }
}

/** Integers of decimals, floats and wider integers; stops where one does not fit. */
function truncated(
  lane: Float64Array,
  from: DataType,
  to: DataType,
  nulls: Uint8Array | undefined,
): Column | undefined {
  const divisor = from.kind === 'decimal' ? 10 ** from.scale : 1
  if (from.kind === 'decimal' && from.scale > 15) return undefined
  const limit = laneLimit(to)
  const values = new Float64Array(lane.length)
  for (let i = 0; i < lane.length; i++) {
    // The negated form also catches NaN.
    const value = Math.trunc(lane[i]! / divisor)
    if (!(value <= limit && value >= -limit)) return undefined
    values[i] = value + 0
  }
  if (to.kind === 'int32') return { kind: 'int32', values: new Int32Array(values), nulls }
  return { kind: 'integer', values, wide: undefined, nulls }
}

/** Division of two exact float64 rounds once, as reading the decimal's text would. */
function floated(lane: Float64Array, from: DataType, nulls: Uint8Array | undefined) {
  if (from.kind !== 'decimal' || from.scale === 0) {
    return { kind: 'float64', values: lane, nulls } as const
  }
  if (from.scale > 22) return undefined
  const divisor = 10 ** from.scale
  const values = new Float64Array(lane.length)
  for (let i = 0; i < lane.length; i++) values[i] = lane[i]! / divisor
  return { kind: 'float64', values, nulls } as const
}

function decimals(
  lane: Float64Array,
  from: DataType,
  to: Extract<DataType, { kind: 'decimal' }>,
  nulls: Uint8Array | undefined,
): Column | undefined {
  const digits = to.scale - (from.kind === 'decimal' ? from.scale : 0)
  if (digits < 0 || digits > 15) return undefined
  const values = new Float64Array(lane.length)
  if (!scaleLane(lane, 10 ** digits, values)) return undefined
  const limit = laneLimit(to)
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) > limit) return undefined
  return { kind: 'integer', values, wide: undefined, nulls }
}

function dates(lane: Float64Array, nulls: Uint8Array | undefined): Column {
  const values = new Int32Array(lane.length)
  for (let i = 0; i < lane.length; i++) values[i] = Math.floor(lane[i]! / MICROS_PER_DAY)
  zeroNulls(values, nulls)
  return { kind: 'int32', values, nulls }
}

/** Row by row; values of a dictionary are cast once per batch. */
function castRows(
  column: Column,
  from: DataType,
  to: DataType,
  site: FailureSite | undefined,
  frame: Frame,
): Column {
  const known = new Map<number, Scalar | undefined>()
  const results = new Array<Scalar>(frame.batch.length).fill(null)
  for (let row = 0; row < results.length; row++) {
    if (column.nulls?.[row] === 1) continue
    const id = column.kind === 'dictionary' ? column.ids[row]! : -1
    const isKnown = known.has(id)
    const result = isKnown ? known.get(id) : castScalar(scalarAt(column, from, row), from, to)
    if (id >= 0 && !isKnown) known.set(id, result)
    if (result !== undefined) results[row] = result
    else if (site !== undefined) {
      frame.failures.fail(row, site, foundText(scalarAt(column, from, row), from))
    }
  }
  return columnOfScalars(to, results)
}

function foundText(value: Scalar, type: DataType): string {
  const text = textOfScalar(value, type) ?? 'bytes that are no UTF-8'
  return typeof value === 'string' ? `'${text.slice(0, 60)}'` : text.slice(0, 60)
}
