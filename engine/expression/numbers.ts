// Exact helpers on scaled integers: powers of ten, rounding, ranges of types, text. Rounding is
// half away from zero, as in SQL.
import type { DataType } from '../schema/index.ts'

const INT64_MAX = 2n ** 63n - 1n

/** 10^n as an exact integer. */
export function powerOfTen(n: number): bigint {
  return 10n ** BigInt(n)
}

/** numerator / denominator, rounded half away from zero. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const rest = numerator % denominator
  const twice = (rest < 0n ? -rest : rest) * 2n
  const size = denominator < 0n ? -denominator : denominator
  if (twice < size) return quotient
  return numerator < 0n === denominator < 0n ? quotient + 1n : quotient - 1n
}

/** A scaled integer at another scale; digits that fall off are rounded. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (to >= from) return unscaled * powerOfTen(to - from)
  return divideRounded(unscaled, powerOfTen(from - to))
}

/** Least and greatest integer of int32, int64, decimal (unscaled), date and timestamp. */
export function rangeOf(type: DataType): readonly [low: bigint, high: bigint] {
  switch (type.kind) {
    case 'int32':
    case 'date':
      return [-2147483648n, 2147483647n]
    case 'timestamp':
      return [-9007199254740991n, 9007199254740991n]
    case 'decimal': {
      const high = powerOfTen(type.precision) - 1n
      return [-high, high]
    }
    default:
      return [-INT64_MAX - 1n, INT64_MAX]
  }
}

/** True when a type that `rangeOf` knows can hold an integer. */
export function fits(value: bigint, type: DataType): boolean {
  const [low, high] = rangeOf(type)
  return value >= low && value <= high
}

/** Largest size of a value that the float64 lane of a type may hold without another look. */
export function laneLimit(type: DataType): number {
  if (type.kind === 'int32' || type.kind === 'date') return 2147483647
  if (type.kind === 'decimal' && type.precision < 16) return 10 ** type.precision - 1
  return Number.MAX_SAFE_INTEGER
}

/** A decimal's parts from text such as `12.50`, `-3`, `1e-7`; undefined when it is no number. */
export function decimalParts(text: string): { unscaled: bigint; scale: number } | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const digits = BigInt(`${match[2]}${fraction}`)
  const scale = fraction.length - Number(match[4] ?? '0')
  const signed = match[1] === '-' ? -digits : digits
  if (scale < 0) return { unscaled: signed * powerOfTen(-scale), scale: 0 }
  return { unscaled: signed, scale }
}

/** Digits of an integer: 0 → 1, -125 → 3. */
export function digitCount(value: bigint): number {
  return (value < 0n ? -value : value).toString().length
}
