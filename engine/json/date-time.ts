// Instants and dates as text, in the proleptic Gregorian calendar, years 0001 to 9999, over bytes.
// Times are epoch microseconds in float64: whole ones are exact up to the year 2255, beyond it they
// are the nearest float64. Years outside, which only computed values have, are written as ISO 8601
// expands them (+010000, -000001) and are not read. Nothing here knows of time zones other than an
// offset in the text.
import type { ByteWriter } from '../batch/index.ts'

/** 0001-01-01T00:00:00Z. */
export const TIMESTAMP_MIN = -62_135_596_800_000_000
/** The greatest float64 before the year 10000 (32 µs before it). */
export const TIMESTAMP_MAX = 253_402_300_800_000_000 - 32
/** Days since 1970-01-01 of 0001-01-01 and 9999-12-31. */
export const DATE_MIN = -719_162
export const DATE_MAX = 2_932_896

const DAY_SECONDS = 86_400
const YEAR_10000_SECONDS = 253_402_300_800

/**
 * Epoch microseconds of `YYYY-MM-DDTHH:mm:ss[.f]Z`, f of 1 to 6 digits, a space allowed for the T
 * and an offset ±HH:mm for the Z. NaN when the text is anything else or names no real instant.
 */
export function parseTimestamp(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20 || end - start > 32) return Number.NaN
  const days = parseDate(bytes, start, start + 10)
  const t = bytes[start + 10]!
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  const second = twoDigits(bytes, start + 17)
  if ((hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 59) return Number.NaN
  if ((t !== 84 && t !== 32) || bytes[start + 13] !== 58 || bytes[start + 16] !== 58) {
    return Number.NaN
  }
  let at = start + 19
  let fraction = 0
  if (bytes[at] === 46) {
    let unit = 1_000_000
    for (at++; at < end; at++) {
      const digit = bytes[at]! - 48
      if (digit < 0 || digit > 9) break
      unit = (unit / 10) | 0
      fraction += digit * unit
    }
    const digits = at - start - 20
    if (digits < 1 || digits > 6) return Number.NaN
  }
  const offset = bytes[at] === 90 && at + 1 === end ? 0 : parseOffset(bytes, at, end)
  const seconds = days * DAY_SECONDS + (hour * 3600 + minute * 60 + second) - offset
  if (seconds >= YEAR_10000_SECONDS) return Number.NaN
  return inRange(Math.min(seconds * 1_000_000 + fraction, TIMESTAMP_MAX))
}

/** The time itself when it lies in the years 0001 to 9999, else NaN. */
export function inRange(micros: number): number {
  return micros >= TIMESTAMP_MIN && micros <= TIMESTAMP_MAX ? micros : Number.NaN
}

/** Days since 1970-01-01 of `YYYY-MM-DD`, or NaN when there is no such day. */
export function parseDate(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 10) return Number.NaN
  const century = twoDigits(bytes, start)
  const rest = twoDigits(bytes, start + 2)
  const month = twoDigits(bytes, start + 5)
  const day = twoDigits(bytes, start + 8)
  if ((century | rest | month | day) < 0) return Number.NaN
  if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return Number.NaN
  const year = century * 100 + rest
  if (year < 1 || month < 1 || month > 12 || day < 1) return Number.NaN
  if (day > 28 && day > daysInMonth(year, month)) return Number.NaN
  return daysOf(year, month, day)
}

/** Days since 1970-01-01; the date must exist (H. Hinnant, "days_from_civil"). */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = (y - era * 400) | 0
  const shifted = month > 2 ? month - 3 : month + 9
  const dayOfYear = (((153 * shifted + 2) / 5) | 0) + day - 1
  const leaps = ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0)
  return era * 146_097 + yearOfEra * 365 + leaps + dayOfYear - 719_468
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Writes `YYYY-MM-DD`; a year outside of 0 to 9999 as a sign and at least six digits. */
export function writeDate(days: number, out: ByteWriter): void {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524)
  const yearOfEra = Math.floor((dayOfEra - leaps - Math.floor(dayOfEra / 146_096)) / 365)
  const untilYear = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - untilYear
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  out.reserve(32)
  const at = year >= 0 && year <= 9999 ? out.length : putExpansion(year, out)
  const inTenThousand = Math.abs(year) % 10_000
  putTwo(out.bytes, at, Math.floor(inTenThousand / 100))
  putTwo(out.bytes, at + 2, inTenThousand % 100)
  out.bytes[at + 4] = 45
  putTwo(out.bytes, at + 5, month)
  out.bytes[at + 7] = 45
  putTwo(out.bytes, at + 8, day)
  out.length = at + 10
}

/**
 * Writes `YYYY-MM-DDTHH:mm:ss.SSSZ`, with six digits only where the microseconds are not zero.
 * After 2255, where float64 has no single microseconds, three digits stand when they read as the
 * same time.
 */
export function writeTimestamp(micros: number, out: ByteWriter): void {
  const nearest = Math.round(micros / 1000)
  if (nearest * 1000 === micros) {
    const seconds = Math.floor(nearest / 1000)
    writeSeconds(seconds, (nearest - seconds * 1000) * 1000, out)
    return
  }
  const seconds = Math.floor(micros / 1_000_000)
  writeSeconds(seconds, micros - seconds * 1_000_000, out)
}

/** Writes whole epoch seconds and microseconds after them. */
function writeSeconds(seconds: number, fraction: number, out: ByteWriter): void {
  const days = Math.floor(seconds / DAY_SECONDS)
  const ofDay = seconds - days * DAY_SECONDS
  writeDate(days, out)
  out.reserve(17)
  const { bytes } = out
  let at = out.length
  bytes[at] = 84
  putTwo(bytes, at + 1, (ofDay / 3600) | 0)
  bytes[at + 3] = 58
  putTwo(bytes, at + 4, ((ofDay / 60) | 0) % 60)
  bytes[at + 6] = 58
  putTwo(bytes, at + 7, ofDay % 60)
  bytes[at + 9] = 46
  const millis = (fraction / 1000) | 0
  const below = fraction - millis * 1000
  putThree(bytes, at + 10, millis)
  at += 13
  if (below !== 0) {
    putThree(bytes, at, below)
    at += 3
  }
  bytes[at] = 90
  out.length = at + 1
}

/** The number of two digits, or -1. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48
  const ones = bytes[at + 1]! - 48
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1
  return tens * 10 + ones
}

function putTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  bytes[at] = 48 + tens
  bytes[at + 1] = 48 + value - tens * 10
}

/** Puts the sign and what stands before the last four digits of a year; gives where those begin. */
function putExpansion(year: number, out: ByteWriter): number {
  const at = out.length
  const digits = `${Math.floor(Math.abs(year) / 10_000)}`.padStart(2, '0')
  out.bytes[at] = year < 0 ? 45 : 43
  for (let i = 0; i < digits.length; i++) out.bytes[at + 1 + i] = digits.charCodeAt(i)
  return at + 1 + digits.length
}

function putThree(bytes: Uint8Array, at: number, value: number): void {
  const hundreds = (value / 100) | 0
  bytes[at] = 48 + hundreds
  putTwo(bytes, at + 1, value - hundreds * 100)
}

/** Seconds east of UTC of `±HH:mm`, or NaN. */
function parseOffset(bytes: Uint8Array, at: number, end: number): number {
  if (end - at !== 6 || bytes[at + 3] !== 58) return Number.NaN
  const sign = bytes[at] === 43 ? 1 : bytes[at] === 45 ? -1 : 0
  const hours = twoDigits(bytes, at + 1)
  const minutes = twoDigits(bytes, at + 4)
  if (sign === 0 || (hours | minutes) < 0 || hours > 23 || minutes > 59) return Number.NaN
  return sign * (hours * 3600 + minutes * 60)
}
