// Numbers out of JSON text, exactly: scaled integers with any exponent, and the nearest float64.
// The text has passed the grammar; nothing here allocates in proportion to an exponent.

const POWERS: readonly number[] = Array.from({ length: 23 }, (_, i) => 10 ** i)

/** 10^0 to 10^22: the powers of ten that are exact in float64. */
export const POWER_OF_TEN = Float64Array.from(POWERS)

/** Digits that an unscaled value may have before it can't fit any column type. */
const DIGITS_MAX = 40

/**
 * As `parseScaled`, for text without exponent, of at most 16 characters after the sign, and an
 * answer within ± (2^53 - 1); NaN for any other. Never -0.
 */
export function parseSafe(bytes: Uint8Array, start: number, end: number, scale: number): number {
  const isNegative = bytes[start] === 45
  const from = isNegative ? start + 1 : start
  if (end - from > 16) return Number.NaN
  let value = 0
  let places = -1
  for (let at = from; at < end; at++) {
    const c = bytes[at]!
    if (c >= 48 && c <= 57) {
      value = value * 10 + (c - 48)
      if (places >= 0) places++
    } else if (c === 46) places = 0
    else return Number.NaN
  }
  const missing = scale - Math.max(places, 0)
  if (missing < 0 || missing > 15) return Number.NaN
  value *= POWER_OF_TEN[missing]!
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN
  return isNegative ? 0 - value : value
}

/**
 * The value of a number's text times 10^scale, when that is a whole number of at most 40 digits;
 * otherwise undefined.
 */
export function parseScaled(
  bytes: Uint8Array,
  start: number,
  end: number,
  scale: number,
): bigint | undefined {
  const isNegative = bytes[start] === 45
  let digits = ''
  let exponent = scale
  let isFraction = false
  let at = isNegative ? start + 1 : start
  let zeros = 0
  for (; at < end; at++) {
    const c = bytes[at]!
    if (c === 46) {
      isFraction = true
      continue
    }
    if (c === 101 || c === 69) break
    if (isFraction) exponent--
    if (c === 48) {
      zeros++
      continue
    }
    if (digits !== '') digits += '0'.repeat(Math.min(zeros, DIGITS_MAX))
    zeros = 0
    digits += String.fromCharCode(c)
    if (digits.length > DIGITS_MAX) return undefined
  }
  if (digits === '') return 0n
  exponent += zeros + parseExponent(bytes, at + 1, end)
  if (exponent < 0 || digits.length + exponent > DIGITS_MAX) return undefined
  const value = BigInt(digits + '0'.repeat(exponent))
  return isNegative ? -value : value
}

/** The float64 nearest to a number's text; infinite beyond its range, as JSON.parse has it. */
export function parseFloat64(bytes: Uint8Array, start: number, end: number): number {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return Number(text)
}

/** True for `-?digits`, with `.digits` allowed when `fraction`: the numbers taken in quotes. */
export function isDigits(bytes: Uint8Array, start: number, end: number, fraction: boolean) {
  const from = bytes[start] === 45 ? start + 1 : start
  let at = from
  while (at < end && isDigit(bytes[at]!)) at++
  if (at === from) return false
  if (at === end) return true
  const dot = at
  if (!fraction || bytes[dot] !== 46) return false
  at++
  while (at < end && isDigit(bytes[at]!)) at++
  return at === end && at > dot + 1
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

/** The exponent after `e`; capped, so that no text makes it inexact. */
function parseExponent(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0
  const isSigned = bytes[start] === 45 || bytes[start] === 43
  let value = 0
  for (let i = isSigned ? start + 1 : start; i < end; i++) {
    value = Math.min(value * 10 + bytes[i]! - 48, 1e9)
  }
  return bytes[start] === 45 ? -value : value
}
