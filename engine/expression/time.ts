// Dates and times with zones: parts, truncation, calendar dates, moving and difference. Timestamps
// are epoch microseconds; a zone matters only where the calendar does. Sub-day truncation keeps
// the side of a repeated hour that the instant lies on; day and longer units give one start per
// local day (the earlier one, or the first instant after a gap).
import type { Column } from '../batch/index.ts'
import { typeName } from '../schema/index.ts'
import { columnOfIntegers } from './arithmetic-exact.ts'
import { type Bound, type Frame, inherited, typeMismatch } from './bound.ts'
import {
  type CivilDay,
  daysOf,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  splitDays,
} from './civil.ts'
import { describeExpression } from './describe.ts'
import type { Expression, TimePart, TimeUnit } from './expression.ts'
import { integerAt, laneOf, mergeNulls, numberOf, zeroNulls } from './lanes.ts'
import { fits } from './numbers.ts'
import type { FailureSite } from './row-failures.ts'
import { Zone } from './zone.ts'

const MONDAY_OFFSET = 3

/** A part of the local date and time, as int32. */
export function bindTimePart(
  source: Expression,
  part: TimePart,
  operand: Bound,
  zoneName: string,
): Bound {
  const isClock = part === 'hour' || part === 'minute' || part === 'second'
  requireTime(source, operand, isClock ? ['timestamp'] : ['timestamp', 'date'])
  const zone = new Zone(zoneName)
  const isDate = operand.type.kind === 'date'
  return {
    source,
    type: { kind: 'int32' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const column = numberOf(operand.evaluate(frame))
      const lane = laneOf(column)
      const values = new Int32Array(lane.length)
      if (isClock) clockParts(part, lane, zone, values)
      else dayParts(part, isDate ? lane : localDays(lane, zone), values)
      zeroNulls(values, column.nulls)
      return { kind: 'int32', values, nulls: column.nulls }
    },
  }
}

/** The local calendar date of an instant. */
export function bindToDate(source: Expression, operand: Bound, zoneName: string): Bound {
  requireTime(source, operand, ['timestamp'])
  const zone = new Zone(zoneName)
  return {
    source,
    type: { kind: 'date' },
    ...inherited([operand]),
    evaluate: (frame) => {
      const column = numberOf(operand.evaluate(frame))
      const values = new Int32Array(localDays(laneOf(column), zone))
      zeroNulls(values, column.nulls)
      return { kind: 'int32', values, nulls: column.nulls }
    },
  }
}

/** The start of the unit in which the instant or date lies; the type stays. */
export function bindTruncate(
  source: Expression,
  unit: TimeUnit,
  operand: Bound,
  zoneName: string,
): Bound {
  const size = clockUnits[unit]
  requireTime(source, operand, size === undefined ? ['timestamp', 'date'] : ['timestamp'])
  const zone = new Zone(zoneName)
  const { type } = operand
  return {
    source,
    type,
    ...inherited([operand]),
    evaluate: (frame) => {
      const column = numberOf(operand.evaluate(frame))
      const lane = laneOf(column)
      const values = new Float64Array(lane.length)
      if (type.kind === 'date') truncateDays(unit, lane, values)
      else if (size !== undefined) truncateClock(size, lane, zone, values)
      else truncateLocal(unit, lane, zone, values)
      zeroNulls(values, column.nulls)
      if (type.kind !== 'date') return { kind: 'float64', values, nulls: column.nulls }
      return { kind: 'int32', values: new Int32Array(values), nulls: column.nulls }
    },
  }
}

/**
 * A timestamp moved by microseconds, or a date or timestamp moved by calendar days (a timestamp
 * keeps its local time of day). Outside of the type's range the row fails.
 */
export function bindAddTime(
  source: Extract<Expression, { kind: 'add-time' }>,
  operand: Bound,
  by: Bound,
): Bound {
  const isMicros = source.unit === 'micros'
  requireTime(source, operand, isMicros ? ['timestamp'] : ['timestamp', 'date'])
  if (by.type.kind !== 'int32' && by.type.kind !== 'int64') {
    throw typeMismatch(source, by, 'int32 or int64')
  }
  const zone = new Zone(source.zone)
  const { type } = operand
  const isLocal = !isMicros && type.kind === 'timestamp'
  const site: FailureSite = {
    code: 'ARITHMETIC_OVERFLOW',
    expression: describeExpression(source),
    expected: `a ${typeName(type)} in range`,
  }
  return {
    source,
    type,
    nullable: operand.nullable || by.nullable,
    fallible: true,
    evaluate: (frame) => {
      const column = numberOf(operand.evaluate(frame))
      const steps = numberOf(by.evaluate(frame))
      const nulls = mergeNulls(column.nulls, steps.nulls)
      const results = new Array<bigint>(frame.batch.length).fill(0n)
      for (let row = 0; row < results.length; row++) {
        const [from, step] = [column.values[row]!, integerAt(steps, row)]
        results[row] = isLocal ? movedDays(from, step, zone) : BigInt(from) + step
      }
      return checkedTimes(frame, type.kind, results, nulls, site)
    },
  }
}

/** end - start as int64: microseconds between timestamps, days between dates. */
export function bindElapsed(source: Expression, end: Bound, start: Bound): Bound {
  requireTime(source, end, ['timestamp', 'date'])
  requireTime(source, start, [end.type.kind])
  return {
    source,
    type: { kind: 'int64' },
    ...inherited([end, start]),
    evaluate: (frame) => {
      const a = numberOf(end.evaluate(frame))
      const b = numberOf(start.evaluate(frame))
      const nulls = mergeNulls(a.nulls, b.nulls)
      const values = new Float64Array(frame.batch.length)
      const [ends, starts] = [laneOf(a), laneOf(b)]
      let isExact = true
      for (let row = 0; row < values.length; row++) {
        values[row] = ends[row]! - starts[row]!
        if (Math.abs(values[row]!) > Number.MAX_SAFE_INTEGER) isExact = false
      }
      zeroNulls(values, nulls)
      if (isExact) return { kind: 'integer', values, wide: undefined, nulls }
      const exact = Array.from(values, (_, row) =>
        nulls?.[row] === 1 ? 0n : BigInt(ends[row]!) - BigInt(starts[row]!),
      )
      return columnOfIntegers({ kind: 'int64' }, exact, nulls)
    },
  }
}

function requireTime(source: Expression, operand: Bound, kinds: readonly string[]): void {
  if (!kinds.includes(operand.type.kind)) throw typeMismatch(source, operand, kinds.join(' or '))
}

function localDays(lane: Float64Array, zone: Zone): Float64Array {
  const days = new Float64Array(lane.length)
  for (let i = 0; i < days.length; i++) {
    const micros = lane[i]!
    days[i] = Math.floor((micros + zone.offsetAt(micros)) / MICROS_PER_DAY)
  }
  return days
}

function clockParts(part: TimePart, lane: Float64Array, zone: Zone, out: Int32Array): void {
  const [divisor, modulus] =
    part === 'hour'
      ? [MICROS_PER_HOUR, 24]
      : [part === 'minute' ? MICROS_PER_MINUTE : MICROS_PER_SECOND, 60]
  for (let i = 0; i < out.length; i++) {
    const local = lane[i]! + zone.offsetAt(lane[i]!)
    const units = Math.floor(local / divisor)
    out[i] = units - Math.floor(units / modulus) * modulus
  }
}

function dayParts(part: TimePart, days: Float64Array, out: Int32Array): void {
  const civil: CivilDay = { year: 0, month: 0, day: 0 }
  for (let i = 0; i < out.length; i++) {
    const day = days[i]!
    if (part === 'day-of-week') {
      const shifted = day + MONDAY_OFFSET
      out[i] = shifted - Math.floor(shifted / 7) * 7 + 1
      continue
    }
    splitDays(day, civil)
    if (part === 'year') out[i] = civil.year
    else if (part === 'month') out[i] = civil.month
    else if (part === 'day') out[i] = civil.day
    else out[i] = day - daysOf(civil.year, 1, 1) + 1
  }
}

const clockUnits: Readonly<Partial<Record<TimeUnit, number>>> = {
  second: MICROS_PER_SECOND,
  minute: MICROS_PER_MINUTE,
  hour: MICROS_PER_HOUR,
}

function truncateClock(size: number, lane: Float64Array, zone: Zone, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) {
    const micros = lane[i]!
    const offset = zone.offsetAt(micros)
    const local = Math.floor((micros + offset) / size) * size
    const start = local - offset
    out[i] = zone.offsetAt(start) === offset ? start : zone.instantOf(local)
  }
}

function truncateLocal(unit: TimeUnit, lane: Float64Array, zone: Zone, out: Float64Array): void {
  const civil: CivilDay = { year: 0, month: 0, day: 0 }
  let lastDay = Number.NaN
  let lastStart = 0
  for (let i = 0; i < out.length; i++) {
    const micros = lane[i]!
    const day = Math.floor((micros + zone.offsetAt(micros)) / MICROS_PER_DAY)
    if (day !== lastDay) {
      lastDay = day
      lastStart = zone.instantOf(startOfUnit(unit, day, civil) * MICROS_PER_DAY)
    }
    out[i] = lastStart
  }
}

function truncateDays(unit: TimeUnit, lane: Float64Array, out: Float64Array): void {
  const civil: CivilDay = { year: 0, month: 0, day: 0 }
  for (let i = 0; i < out.length; i++) out[i] = startOfUnit(unit, lane[i]!, civil)
}

function startOfUnit(unit: TimeUnit, day: number, civil: CivilDay): number {
  if (unit === 'week') {
    const shifted = day + MONDAY_OFFSET
    return Math.floor(shifted / 7) * 7 - MONDAY_OFFSET
  }
  if (unit === 'month' || unit === 'quarter' || unit === 'year') {
    splitDays(day, civil)
    const { year, month } = civil
    if (unit === 'month') return daysOf(year, month, 1)
    return daysOf(year, unit === 'year' ? 1 : Math.floor((month - 1) / 3) * 3 + 1, 1)
  }
  return day
}

function movedDays(micros: number, days: bigint, zone: Zone): bigint {
  if (days === 0n) return BigInt(micros)
  const local = BigInt(micros + zone.offsetAt(micros)) + days * BigInt(MICROS_PER_DAY)
  const number = Number(local)
  return Number.isSafeInteger(number) ? BigInt(zone.instantOf(number)) : local
}

function checkedTimes(
  frame: Frame,
  kind: string,
  results: bigint[],
  merged: Uint8Array | undefined,
  site: FailureSite,
): Column {
  const type = kind === 'date' ? ({ kind: 'date' } as const) : ({ kind: 'timestamp' } as const)
  let nulls = merged
  for (let row = 0; row < results.length; row++) {
    const isNull = merged?.[row] === 1
    if (!isNull && fits(results[row] ?? 0n, type)) continue
    if (!isNull) {
      frame.failures.fail(row, site, String(results[row]))
      if (nulls === merged) nulls = merged?.slice() ?? new Uint8Array(results.length)
      if (nulls !== undefined) nulls[row] = 1
    }
    results[row] = 0n
  }
  return columnOfIntegers(type, results, nulls)
}
