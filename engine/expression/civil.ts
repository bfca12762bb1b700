// The proleptic Gregorian calendar on whole numbers: days since 1970-01-01 ↔ year, month, day, and
// epoch microseconds ↔ ISO 8601 text. No time zones here (`zone.ts`) and no Date objects: results
// are exact for every day an int32 holds. Algorithms: Howard Hinnant, "chrono-compatible low-level
// date algorithms" (eras of 400 years that begin on 1 March).

export const MICROS_PER_SECOND = 1_000_000
export const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND
export const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
export const MICROS_PER_DAY = 24 * MICROS_PER_HOUR

/** A day of the calendar; month 1-12, day 1-31. */
export interface CivilDay {
  year: number
  month: number
  day: number
}

/** Days since 1970-01-01. Months beyond 1-12 are not corrected. */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** Writes the calendar day of `days` into `into`, so that loops allocate nothing. */
export function splitDays(days: number, into: CivilDay): void {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36524) -
      Math.floor(dayOfEra / 146096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  into.day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  into.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  into.year = yearOfEra + era * 400 + (into.month <= 2 ? 1 : 0)
}

/** `YYYY-MM-DD`; years outside 0-9999 carry a sign and at least six digits. */
export function formatDate(days: number): string {
  const civil = { year: 0, month: 0, day: 0 }
  splitDays(days, civil)
  const { year } = civil
  const isPlain = year >= 0 && year <= 9999
  const digits = Math.abs(year)
    .toString()
    .padStart(isPlain ? 4 : 6, '0')
  const sign = isPlain ? '' : year < 0 ? '-' : '+'
  return `${sign}${digits}-${two(civil.month)}-${two(civil.day)}`
}

/** Days of `YYYY-MM-DD`, or undefined when the text is none or no such day exists. */
export function parseDate(text: string): number | undefined {
  const match = /^([+-]\d{6,7}|\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const days = daysOf(year, month, day)
  const civil = { year: 0, month: 0, day: 0 }
  splitDays(days, civil)
  const exists = civil.year === year && civil.month === month && civil.day === day
  return exists && (days | 0) === days ? days : undefined
}

/** `YYYY-MM-DDTHH:mm:ss.SSSZ`; six digits only where the microseconds are not zero. */
export function formatTimestamp(micros: number): string {
  const days = Math.floor(micros / MICROS_PER_DAY)
  const rest = micros - days * MICROS_PER_DAY
  const hour = Math.floor(rest / MICROS_PER_HOUR)
  const minute = Math.floor(rest / MICROS_PER_MINUTE) % 60
  const second = Math.floor(rest / MICROS_PER_SECOND) % 60
  const fraction = (rest % MICROS_PER_SECOND).toString().padStart(6, '0')
  const digits = fraction.endsWith('000') ? fraction.slice(0, 3) : fraction
  return `${formatDate(days)}T${two(hour)}:${two(minute)}:${two(second)}.${digits}Z`
}

const day = /((?:[+-]\d{6,7}|\d{4})-\d\d-\d\d)/
const clock = /(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?/
const instant = new RegExp(`^${day.source}[T ]${clock.source}(Z|[+-]\\d\\d:?\\d\\d)$`)

/**
 * Epoch microseconds of an ISO 8601 instant that names its offset (`Z` or `+02:00`); digits beyond
 * microseconds are cut. Undefined for anything else, also for a local time without offset.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = instant.exec(text)
  if (match === null) return undefined
  const days = parseDate(match[1] ?? '')
  const [hour, minute, second] = [match[2], match[3], match[4] ?? '0'].map(Number)
  if (days === undefined || hour === undefined || minute === undefined || second === undefined) {
    return undefined
  }
  const offset = parseOffset(match[6] ?? 'Z')
  if (hour > 23 || minute > 59 || second > 59 || offset === undefined) return undefined
  const fraction = Number((match[5] ?? '').slice(0, 6).padEnd(6, '0'))
  const seconds = days * 86_400 + (hour * 60 + minute - offset) * 60 + second
  const micros = seconds * MICROS_PER_SECOND + fraction
  return Number.isSafeInteger(micros) ? micros : undefined
}

function parseOffset(text: string): number | undefined {
  if (text === 'Z') return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(-2))
  if (hours > 18 || minutes > 59) return undefined
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

function two(value: number): string {
  return value.toString().padStart(2, '0')
}
