import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { col, columns, timestampLiteral } from '../../../engine/expression/index.ts'
import { date, type RowOf, schema, timestamp } from '../../../engine/schema/index.ts'
import { evaluated, valuesOf } from './support.ts'

const times = schema({ t: timestamp(), u: timestamp().nullable() })
const days = schema({ d: date().nullable() })
const c = columns<RowOf<typeof times>>()

function micros(text: string): number {
  return Date.parse(text) * 1000
}

function instants(...texts: string[]) {
  return texts.map((text) => ({ t: micros(text), u: null }))
}

function texts(values: readonly unknown[]): string[] {
  return values.map((value) => new Date(Number(value) / 1000).toISOString())
}

describe('days and hours across a change of daylight saving time', () => {
  test('the day on which Berlin springs forward has 23 hours', () => {
    const rows = instants('2024-03-30T23:00:00Z', '2024-03-31T12:00:00Z', '2024-03-31T22:00:00Z')
    expect(texts(valuesOf(c('t').truncate('day', 'Europe/Berlin'), times, rows))).toEqual([
      '2024-03-30T23:00:00.000Z',
      '2024-03-30T23:00:00.000Z',
      '2024-03-31T22:00:00.000Z',
    ])
  })

  test('the hour that occurs twice stays two hours', () => {
    const rows = instants('2024-10-27T00:30:00Z', '2024-10-27T01:30:00Z')
    expect(texts(valuesOf(c('t').truncate('hour', 'Europe/Berlin'), times, rows))).toEqual([
      '2024-10-27T00:00:00.000Z',
      '2024-10-27T01:00:00.000Z',
    ])
    expect(valuesOf(c('t').part('hour', 'Europe/Berlin'), times, rows)).toEqual([2, 2])
  })

  test('a day whose midnight does not exist begins with its first instant', () => {
    // Cairo moved from 00:00 to 01:00 on 26 April 2024.
    const rows = instants('2024-04-26T10:00:00Z')
    expect(texts(valuesOf(c('t').truncate('day', 'Africa/Cairo'), times, rows))).toEqual([
      '2024-04-25T22:00:00.000Z',
    ])
  })

  test('a day whose midnight occurs twice begins with the earlier one for all its instants', () => {
    // Havana moved back from 01:00 to 00:00 on 3 November 2024.
    const rows = instants('2024-11-03T04:30:00Z', '2024-11-03T05:30:00Z', '2024-11-03T20:00:00Z')
    const starts = valuesOf(c('t').truncate('day', 'America/Havana'), times, rows)
    expect(new Set(texts(starts))).toEqual(new Set(['2024-11-03T04:00:00.000Z']))
  })

  test('a zone that moves by half an hour truncates to real local hours', () => {
    // Lord Howe moved back from 02:00 to 01:30 on 7 April 2024 (15:00 UTC the day before).
    const rows = instants('2024-04-06T14:45:00Z', '2024-04-06T15:15:00Z')
    expect(texts(valuesOf(c('t').truncate('hour', 'Australia/Lord_Howe'), times, rows))).toEqual([
      '2024-04-06T14:00:00.000Z',
      '2024-04-06T14:00:00.000Z',
    ])
  })

  test('adding a calendar day keeps the local time of day', () => {
    const rows = instants('2024-03-30T11:00:00Z')
    expect(texts(valuesOf(c('t').addDays(1, 'Europe/Berlin'), times, rows))).toEqual([
      '2024-03-31T10:00:00.000Z',
    ])
    expect(texts(valuesOf(c('t').addDays(1), times, rows))).toEqual(['2024-03-31T11:00:00.000Z'])
  })
})

test('parts and truncation agree with Intl for random instants and zones', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC']
  const second = fc.integer({ min: Date.UTC(1930, 0) / 1000, max: Date.UTC(2037, 0) / 1000 })
  const cases = fc.tuple(
    fc.constantFrom(...zones),
    fc.array(second, { minLength: 1, maxLength: 8 }),
  )
  fc.assert(
    fc.property(cases, ([zone, seconds]) => {
      const rows = seconds.map((at) => ({ t: at * 1_000_000, u: null }))
      const wanted = seconds.map((at) => intlParts(at, zone))
      for (const part of ['year', 'month', 'day', 'hour', 'minute', 'second'] as const) {
        expect(valuesOf(c('t').part(part, zone), times, rows)).toEqual(
          wanted.map((parts) => parts[part]),
        )
      }
      const starts = valuesOf(c('t').truncate('month', zone), times, rows).map(Number)
      for (const [i, start] of starts.entries()) {
        const { year, month } = intlParts(start / 1e6, zone)
        expect({ year, month }).toEqual({ year: wanted[i]?.year, month: wanted[i]?.month })
        const before = intlParts(start / 1e6 - 1, zone)
        expect(before.month).not.toBe(wanted[i]?.month)
      }
    }),
    { numRuns: 60 },
  )
})

function intlParts(seconds: number, zone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const entries = format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value])
  const parts: Record<string, string> = Object.fromEntries(entries)
  const of = (name: string) => Number(parts[name])
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
  }
}

test('calendar parts of dates agree with Date in UTC', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 1 }), (list) => {
      const rows = list.map((d) => ({ d }))
      const dates = list.map((d) => new Date(d * 86_400_000))
      const of = (part: Parameters<ReturnType<typeof col<number>>['part']>[0]) =>
        valuesOf(col<number>('d').part(part), days, rows)
      expect(of('year')).toEqual(dates.map((at) => at.getUTCFullYear()))
      expect(of('month')).toEqual(dates.map((at) => at.getUTCMonth() + 1))
      expect(of('day')).toEqual(dates.map((at) => at.getUTCDate()))
      expect(of('day-of-week')).toEqual(dates.map((at) => at.getUTCDay() || 7))
    }),
  )
})

test('weeks begin on Monday, quarters with their first month, also before 1970', () => {
  const rows = instants('1969-12-31T12:00:00Z', '2024-05-19T23:59:59Z')
  expect(texts(valuesOf(c('t').truncate('week'), times, rows))).toEqual([
    '1969-12-29T00:00:00.000Z',
    '2024-05-13T00:00:00.000Z',
  ])
  expect(texts(valuesOf(c('t').truncate('quarter'), times, rows))).toEqual([
    '1969-10-01T00:00:00.000Z',
    '2024-04-01T00:00:00.000Z',
  ])
})

test('the date of an instant depends on the zone', () => {
  const rows = instants('2024-01-01T23:30:00Z')
  const day = Date.UTC(2024, 0, 1) / 86_400_000
  expect(valuesOf(c('t').toDate(), times, rows)).toEqual([day])
  expect(valuesOf(c('t').toDate('Europe/Berlin'), times, rows)).toEqual([day + 1])
})

test('moving beyond the range of a timestamp fails the row, null stays null', () => {
  const rows = [
    { t: 0, u: 5 },
    { t: Number.MAX_SAFE_INTEGER, u: null },
  ]
  expect(evaluated(c('t').addMicros(1), times, rows)).toEqual({
    values: [1, null],
    failures: ['1: ARITHMETIC_OVERFLOW'],
  })
  expect(valuesOf(c('u').addMicros(1), times, rows)).toEqual([6, null])
  expect(valuesOf(c('t').since(c('u')), times, rows)).toEqual([-5n, null])
})

test('an instant literal compares with a column, and text beside a time is read as one', () => {
  const rows = instants('2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z')
  const from = timestampLiteral('2024-01-01T12:00:00+02:00')
  expect(valuesOf(c('t').ge(from), times, rows)).toEqual([false, true])
  expect(valuesOf(col('t').lt('2024-01-01T00:00:01Z'), times, rows)).toEqual([true, false])
  expect(valuesOf(col('d').eq('1970-01-02'), days, [{ d: 1 }, { d: null }])).toEqual([true, null])
})

test('an unknown zone is refused when the expression meets its schema', () => {
  expect(() => valuesOf(c('t').toDate('Mars/Olympus'), times, [])).toThrow(/ZONE_UNKNOWN.*Mars/)
})
