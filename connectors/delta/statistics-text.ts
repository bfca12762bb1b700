// The bounds in a file's statistics as JSON text. A bound may be wider than the values, never
// narrower, or readers would skip rows; where no such text exists the bound is left out. Integers
// and decimals keep all digits (never through a double).
import { formatDecimal } from '../../engine/batch/index.ts'

/** Code points of a string bound, as other writers cut them. */
const BOUND_POINTS_MAX = 32
const MICROS_PER_MS = 1000
const MS_PER_DAY = 86_400_000
const LAST_CODE_POINT = 0x10ffff

const decoder = new TextDecoder('utf-8', { fatal: true })

/** `2024-01-06` for days since 1970; undefined outside the years 1 to 9999. */
export function dateText(days: number): string | undefined {
  // Civil date from days, in eras of 400 years that begin on 1 March (H. Hinnant).
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524)
  const yearOfEra = Math.floor((dayOfEra - leaps + Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  if (year < 1 || year > 9999) return undefined
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** Milliseconds are all that statistics hold: `floor` for a minimum, `ceil` for a maximum. */
export function timestampText(micros: number, round: 'floor' | 'ceil'): string | undefined {
  const ms = Math[round](micros / MICROS_PER_MS)
  const day = dateText(Math.floor(ms / MS_PER_DAY))
  if (day === undefined) return undefined
  const rest = ms - Math.floor(ms / MS_PER_DAY) * MS_PER_DAY
  const [hours, minutes] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60]
  const seconds = Math.floor(rest / 1000) % 60
  const fraction = String(rest % 1000).padStart(3, '0')
  return `${day}T${two(hours)}:${two(minutes)}:${two(seconds)}.${fraction}Z`
}

/** JSON has no infinities: such a bound is left out. -0 and 0 are equal to some readers only. */
export function doubleText(value: number, side: 'min' | 'max'): string | undefined {
  if (!Number.isFinite(value)) return undefined
  if (value === 0) return side === 'min' ? '-0.0' : '0.0'
  return String(value)
}

export function decimalText(unscaled: bigint, scale: number): string {
  return formatDecimal(unscaled, scale)
}

/** The first 32 code points: sorts before or at every value that begins with them. */
export function stringMinText(bytes: Uint8Array): string | undefined {
  const points = leadingPoints(bytes)
  return points && JSON.stringify(String.fromCodePoint(...points.head))
}

/**
 * A cut string is raised: its last code point becomes the next one, so that in the order of UTF-8
 * bytes it lies above every value with the same beginning. Surrogates are no code points.
 */
export function stringMaxText(bytes: Uint8Array): string | undefined {
  const points = leadingPoints(bytes)
  if (points === undefined) return undefined
  const { head } = points
  if (points.isWhole) return JSON.stringify(String.fromCodePoint(...head))
  for (let last = head.pop(); last !== undefined; last = head.pop()) {
    if (last === LAST_CODE_POINT) continue
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return JSON.stringify(String.fromCodePoint(...head, next))
  }
  return undefined
}

function leadingPoints(bytes: Uint8Array): { head: number[]; isWhole: boolean } | undefined {
  // At most four bytes a code point; one more point tells whether the value was cut.
  let end = Math.min(bytes.length, 4 * (BOUND_POINTS_MAX + 1))
  while (end < bytes.length && end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  try {
    const all = Array.from(decoder.decode(bytes.subarray(0, end)), (c) => c.codePointAt(0) ?? 0)
    const isWhole = end === bytes.length && all.length <= BOUND_POINTS_MAX
    return { head: all.slice(0, BOUND_POINTS_MAX), isWhole }
  } catch {
    // Bytes that are no UTF-8 have no bound that every reader would sort alike.
    return undefined
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
