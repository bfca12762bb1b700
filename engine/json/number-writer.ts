// Numbers as JSON text, written as digits straight into bytes: whole numbers, decimals with all
// digits of their scale, and float64 as the shortest text that reads back as the same number.
import type { ByteWriter } from '../batch/index.ts'
import { POWER_OF_TEN } from './number-text.ts'

const BILLION = 1_000_000_000

/** Writes a whole number within ± (2^53 - 1); -0 as 0. */
export function writeInteger(value: number, out: ByteWriter): void {
  out.reserve(17)
  if (value < 0) out.bytes[out.length++] = 45
  writeDigits(Math.abs(value), 1, out)
}

/**
 * Writes `unscaled / 10^scale` with `scale` digits after the point; unscaled as in `writeInteger`.
 */
export function writeDecimal(unscaled: number, scale: number, out: ByteWriter): void {
  if (scale === 0) {
    writeInteger(unscaled, out)
    return
  }
  out.reserve(scale + 20)
  if (unscaled < 0) out.bytes[out.length++] = 45
  const absolute = Math.abs(unscaled)
  // A remainder is exact where a rounded quotient might not be; beyond 10^22 all digits are
  // fraction.
  const unit = scale <= 22 ? POWER_OF_TEN[scale]! : Number.POSITIVE_INFINITY
  const fraction = absolute % unit
  writeDigits(scale <= 22 ? (absolute - fraction) / unit : 0, 1, out)
  out.bytes[out.length++] = 46
  writeDigits(fraction, scale, out)
}

/** Writes a float64 that is finite; -0 as `-0`. */
export function writeFloat64(value: number, out: ByteWriter): void {
  if (Number.isSafeInteger(value)) {
    if (Object.is(value, -0)) writeAscii('-0', out)
    else writeInteger(value, out)
    return
  }
  // A decimal of at most 15 digits is the shortest text of the float64 that it reads as.
  const scaled = Math.round(value * 10_000)
  if (Math.abs(scaled) < 1e15 && scaled / 10_000 === value) {
    writeDecimal(scaled, 4, out)
    while (out.bytes[out.length - 1] === 48) out.length--
    return
  }
  writeAscii(String(value), out)
}

/** Writes text that has only ASCII characters. */
export function writeAscii(text: string, out: ByteWriter): void {
  out.reserve(text.length)
  for (let i = 0; i < text.length; i++) out.bytes[out.length++] = text.charCodeAt(i)
}

/** Writes at least `width` digits, zeros before the number; room was reserved. */
function writeDigits(value: number, width: number, out: ByteWriter): void {
  if (value < BILLION) {
    writeSmall(value | 0, width, out)
    return
  }
  const low = value % BILLION
  writeSmall(((value - low) / BILLION) | 0, width - 9, out)
  writeSmall(low | 0, 9, out)
}

function writeSmall(value: number, width: number, out: ByteWriter): void {
  let digits = 1
  for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits++
  const { bytes } = out
  let at = out.length
  for (let zeros = width - digits; zeros > 0; zeros--) bytes[at++] = 48
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0
    bytes[i] = 48 + rest - tenth * 10
    rest = tenth
  }
  out.length = at + digits
}
