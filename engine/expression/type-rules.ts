// Type rules: results of decimal arithmetic, the type that two operands meet in, and how a literal
// takes the type of its peer. Exact numbers (int32, int64, decimal) and float64 meet only when one
// of them is a literal or both are int32 and float64: everything else asks for a cast, so that no
// digits are lost unseen.
import { type DataType, sameType } from '../schema/index.ts'
import type { Scalar } from './bound.ts'
import { parseDate, parseTimestamp } from './civil.ts'
import type { ArithmeticOperator } from './expression.ts'
import { decimalParts, digitCount, fits, powerOfTen } from './numbers.ts'

export type DecimalType = Extract<DataType, { kind: 'decimal' }>

export const DECIMAL_PRECISION_MAX = 38
/** Digits after the point that capping never takes away. */
const SCALE_KEPT = 6

/**
 * Result type of decimal arithmetic, as in SQL Server, Flink and Spark:
 * add, sub: s = max(s1, s2), p = max(p1 - s1, p2 - s2) + s + 1 · mul: s = s1 + s2, p = p1 + p2 + 1
 * div: s = max(6, s1 + p2 + 1), p = p1 - s1 + s2 + s · mod: s = max, p = min(p1 - s1, p2 - s2) + s
 */
export function decimalResult(
  operator: ArithmeticOperator,
  a: DecimalType,
  b: DecimalType,
): DecimalType {
  const scale = Math.max(a.scale, b.scale)
  const [wholeA, wholeB] = [a.precision - a.scale, b.precision - b.scale]
  switch (operator) {
    case 'add':
    case 'sub':
      return capped(Math.max(wholeA, wholeB) + 1, scale)
    case 'mul':
      return capped(wholeA + wholeB + 1, a.scale + b.scale)
    case 'div':
      return capped(wholeA + b.scale, Math.max(SCALE_KEPT, a.scale + b.precision + 1))
    case 'mod':
      return capped(Math.min(wholeA, wholeB), scale)
  }
}

/** Capped at 38 digits: the scale gives way first, down to 6 digits (or to what it was). */
function capped(whole: number, scale: number): DecimalType {
  const precision = whole + scale
  if (precision <= DECIMAL_PRECISION_MAX) {
    return { kind: 'decimal', precision: Math.max(precision, 1), scale }
  }
  const kept = Math.max(DECIMAL_PRECISION_MAX - whole, Math.min(scale, SCALE_KEPT))
  return { kind: 'decimal', precision: DECIMAL_PRECISION_MAX, scale: kept }
}

/** An exact number type as a decimal; undefined for all others. */
export function asDecimal(type: DataType): DecimalType | undefined {
  if (type.kind === 'decimal') return type
  if (type.kind === 'int32') return { kind: 'decimal', precision: 10, scale: 0 }
  if (type.kind === 'int64') return { kind: 'decimal', precision: 19, scale: 0 }
  return undefined
}

/** The narrowest type that holds the values of both without loss, or undefined. */
export function commonType(a: DataType, b: DataType): DataType | undefined {
  if (sameType(a, b)) return a
  const kinds = [a.kind, b.kind]
  if (kinds.includes('float64')) {
    return kinds.includes('int32') ? { kind: 'float64' } : undefined
  }
  const [decimalA, decimalB] = [asDecimal(a), asDecimal(b)]
  if (decimalA === undefined || decimalB === undefined) return undefined
  if (!kinds.includes('decimal')) return { kind: 'int64' }
  const scale = Math.max(decimalA.scale, decimalB.scale)
  const whole = Math.max(decimalA.precision - decimalA.scale, decimalB.precision - decimalB.scale)
  if (whole + scale > DECIMAL_PRECISION_MAX) return undefined
  return { kind: 'decimal', precision: whole + scale, scale }
}

/** The same value as a constant of another type, or undefined when it isn't one exactly. */
export function convertConstant(value: Scalar, from: DataType, to: DataType): Scalar | undefined {
  if (value === null || sameType(from, to)) return value
  if (typeof value === 'string') return constantOfText(value, to)
  if (to.kind === 'float64') {
    return from.kind === 'int32' ? value : undefined
  }
  const parts = exactParts(value, from)
  const scale = to.kind === 'decimal' ? to.scale : 0
  if (parts === undefined || parts.scale > scale) return undefined
  const unscaled = parts.unscaled * powerOfTen(scale - parts.scale)
  const isTime = to.kind === 'date' || to.kind === 'timestamp'
  const isNumber = to.kind === 'int32' || to.kind === 'int64' || to.kind === 'decimal'
  if (!fits(unscaled, to) || (!isNumber && !isTime)) return undefined
  // Only numbers written in TypeScript stand for times, as they do in rows.
  if (isTime && typeof value !== 'number') return undefined
  return to.kind === 'int64' || to.kind === 'decimal' ? unscaled : Number(unscaled)
}

/** A number constant as the shortest decimal that equals it: 1.10 → 11 with scale 1. */
export function decimalConstant(
  value: Scalar,
  type: DataType,
): { readonly value: bigint; readonly type: DecimalType } | undefined {
  const parts = exactParts(value, type)
  if (parts === undefined) return undefined
  const precision = Math.max(digitCount(parts.unscaled), parts.scale, 1)
  if (precision > DECIMAL_PRECISION_MAX) return undefined
  return { value: parts.unscaled, type: { kind: 'decimal', precision, scale: parts.scale } }
}

/** A number as integer and scale, without zeros at its end; floats by their shortest text. */
function exactParts(
  value: Scalar,
  type: DataType,
): { unscaled: bigint; scale: number } | undefined {
  if (typeof value === 'bigint') {
    return trimmed(value, type.kind === 'decimal' ? type.scale : 0)
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (type.kind !== 'int32' && type.kind !== 'float64') return undefined
  const parts = decimalParts(String(value))
  return parts && trimmed(parts.unscaled, parts.scale)
}

function trimmed(unscaled: bigint, scale: number): { unscaled: bigint; scale: number } {
  let [rest, left] = [unscaled, scale]
  while (left > 0 && rest % 10n === 0n) {
    rest /= 10n
    left--
  }
  return { unscaled: rest, scale: left }
}

function constantOfText(text: string, to: DataType): Scalar | undefined {
  if (to.kind === 'timestamp') return parseTimestamp(text)
  if (to.kind === 'date') return parseDate(text)
  if (to.kind !== 'decimal') return undefined
  const parts = decimalParts(text)
  const exact = parts && trimmed(parts.unscaled, parts.scale)
  if (exact === undefined || exact.scale > to.scale) return undefined
  const unscaled = exact.unscaled * powerOfTen(to.scale - exact.scale)
  return fits(unscaled, to) ? unscaled : undefined
}
