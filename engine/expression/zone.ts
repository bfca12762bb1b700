// Zone: offsets of an IANA time zone from UTC, through Intl. Law: an offset is asked of Intl at
// most a few times per UTC day and zone; a batch of one day costs two comparisons a row. Assumes
// at most one change of offset within a UTC day, which holds for the time zone database since
// 1900.
import { ConfigError } from '../errors.ts'
import { daysOf, MICROS_PER_DAY, MICROS_PER_SECOND } from './civil.ts'

/** Days that a zone remembers before it forgets all and begins anew. */
const DAYS_MAX = 16_384

/** The offset before and, from `changesAt` on, after a change within one UTC day. */
interface DayOffsets {
  readonly before: number
  readonly changesAt: number
  readonly after: number
}

export class Zone {
  readonly name: string
  /** True when the offset is always 0. */
  readonly isUtc: boolean
  readonly #format: Intl.DateTimeFormat
  readonly #days = new Map<number, DayOffsets>()
  #from = 0
  #to = 0
  #offset = 0

  /** @throws ConfigError ZONE_UNKNOWN when the runtime's time zone data has no such name. */
  constructor(name: string) {
    this.name = name
    this.#format = zoneFormat(name)
    this.isUtc = ['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT'].includes(name)
  }

  /** Local time minus UTC at an instant, both in microseconds. */
  offsetAt(micros: number): number {
    if (micros >= this.#from && micros < this.#to) return this.#offset
    return this.isUtc ? 0 : this.#look(micros)
  }

  /**
   * The instant of a local date and time. One that occurs twice: the earlier; one that a change
   * skips: the first instant after the gap.
   */
  instantOf(local: number): number {
    if (this.isUtc) return local
    const before = this.offsetAt(local - MICROS_PER_DAY)
    const after = this.offsetAt(local + MICROS_PER_DAY)
    const early = local - Math.max(before, after)
    if (this.offsetAt(early) + early === local) return early
    const late = local - Math.min(before, after)
    if (this.offsetAt(late) + late === local) return late
    return this.#change(early, late).changesAt
  }

  #look(micros: number): number {
    const day = Math.floor(micros / MICROS_PER_DAY)
    const start = day * MICROS_PER_DAY
    let offsets = this.#days.get(day)
    if (offsets === undefined) {
      offsets = this.#change(start, start + MICROS_PER_DAY)
      if (this.#days.size >= DAYS_MAX) this.#days.clear()
      this.#days.set(day, offsets)
    }
    const isBefore = micros < offsets.changesAt
    this.#from = isBefore ? start : Math.max(start, offsets.changesAt)
    this.#to = isBefore
      ? Math.min(offsets.changesAt, start + MICROS_PER_DAY)
      : start + MICROS_PER_DAY
    this.#offset = isBefore ? offsets.before : offsets.after
    return this.#offset
  }

  /** Bisects [from, to) to the second in which the offset changes. */
  #change(from: number, to: number): DayOffsets {
    const before = this.#ask(from)
    const after = this.#ask(to)
    if (before === after) return { before, changesAt: Number.POSITIVE_INFINITY, after }
    let low = Math.floor(from / MICROS_PER_SECOND)
    let high = Math.ceil(to / MICROS_PER_SECOND)
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#ask(middle * MICROS_PER_SECOND) === before) low = middle
      else high = middle
    }
    return { before, changesAt: high * MICROS_PER_SECOND, after }
  }

  #ask(micros: number): number {
    const seconds = Math.floor(micros / MICROS_PER_SECOND)
    const parts: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(seconds * 1000)) {
      parts[type] = Number(value)
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const local = daysOf(year, month, day) * 86_400 + (hour * 60 + minute) * 60 + second
    return (local - seconds) * MICROS_PER_SECOND
  }
}

function zoneFormat(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (cause) {
    throw new ConfigError({
      code: 'ZONE_UNKNOWN',
      message: 'the time zone is not known',
      expected: 'an IANA name such as Europe/Berlin, or UTC',
      found: `"${name}"`,
      remedy: 'Correct the name, or use a Node with full ICU data.',
      cause,
    })
  }
}
