// Integers and decimals of JSON text into columns: those within ± (2^53 - 1) as float64 at once,
// all others exactly, through bigint, with the range of the type checked.
import type { ColumnBuffer } from './column-buffer.ts'
import { parseSafe, parseScaled } from './number-text.ts'

/** The float64 nearest to a number's text times 10^scale, or NaN when that is not whole. */
export function scaledNumber(bytes: Uint8Array, start: number, end: number, scale: number): number {
  const safe = parseSafe(bytes, start, end, scale)
  return Number.isNaN(safe) ? Number(parseScaled(bytes, start, end, scale) ?? Number.NaN) : safe
}

/** The unscaled values of a type. `nearestMax` is exact wherever it lies below 2^53. */
export interface IntegerRange {
  readonly min: bigint
  readonly max: bigint
  readonly nearestMax: number
}

export const INT64_RANGE = rangeOf(-(1n << 63n), (1n << 63n) - 1n)
/** By precision. */
export const DECIMAL_RANGES = Array.from({ length: 39 }, (_, precision) => {
  const limit = 10n ** BigInt(precision) - 1n
  return rangeOf(-limit, limit)
})

function rangeOf(min: bigint, max: bigint): IntegerRange {
  return { min, max, nearestMax: Number(max) }
}

/** Writes a number's text times 10^scale; false when it is not whole or outside of the range. */
export function setInteger(
  column: ColumnBuffer,
  row: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  scale: number,
  range: IntegerRange,
): boolean {
  const safe = parseSafe(bytes, start, end, scale)
  if (Math.abs(safe) <= range.nearestMax) {
    column.numbers[row] = safe
    return true
  }
  const value = parseScaled(bytes, start, end, scale)
  if (value === undefined || value < range.min || value > range.max) return false
  const nearest = Number(value)
  if (Number.isSafeInteger(nearest)) column.numbers[row] = nearest
  else column.setWide(row, value)
  return true
}
