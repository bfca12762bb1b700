// Instants and dates against JavaScript's Date as the oracle.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteWriter } from '../../../engine/batch/index.ts'
import { parseDate, parseTimestamp, writeDate, writeTimestamp } from '../../../engine/json/index.ts'
import { bytesOf } from './decoding.ts'

const time = (text: string) => parseTimestamp(bytesOf(text), 0, bytesOf(text).length)
const day = (text: string) => parseDate(bytesOf(text), 0, bytesOf(text).length)

function written(write: (value: number, out: ByteWriter) => void, value: number): string {
  const out = new ByteWriter(1)
  write(value, out)
  return new TextDecoder().decode(out.view())
}

const years = { min: new Date('0001-01-01'), max: new Date('9999-12-31T23:59:59.999Z') }
const instant = fc.date({ ...years, noInvalidDate: true })

describe('timestamps', () => {
  test('agree with Date on every instant, with an offset too', () => {
    const offset = fc.integer({ min: -1439, max: 1439 })
    fc.assert(
      fc.property(instant, offset, fc.integer({ min: 0, max: 3 }), (value, minutes, digits) => {
        const iso = value.toISOString()
        expect(time(iso)).toBe(value.getTime() * 1000)
        expect(written(writeTimestamp, value.getTime() * 1000)).toBe(iso)
        const absolute = Math.abs(minutes)
        const zone = `${minutes < 0 ? '-' : '+'}${two(absolute / 60)}:${two(absolute % 60)}`
        const fraction = digits === 0 ? '' : iso.slice(19, 20 + digits)
        const local = `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction}${zone}`
        const expected = Date.parse(local.replace(' ', 'T'))
        const isInside = expected >= years.min.getTime() && expected <= years.max.getTime()
        expect(time(local)).toBe(isInside ? expected * 1000 : Number.NaN)
      }),
      { numRuns: 1000 },
    )
  })

  test('have up to six digits of a second', () => {
    const base = Date.parse('2024-01-14T12:00:03Z') * 1000
    expect(time('2024-01-14T12:00:03.1Z')).toBe(base + 100_000)
    expect(time('2024-01-14T12:00:03.000001Z')).toBe(base + 1)
    expect(time('2024-01-14T12:00:03.123456+00:00')).toBe(base + 123_456)
  })

  test.each([
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '0000-12-31T00:00:00Z',
    '2024-01-14T24:00:00Z',
    '2024-01-14T12:60:00Z',
    '2024-01-14T12:00:60Z',
    '2024-01-14T12:00:00',
    '2024-01-14T12:00Z',
    '2024-01-14T12:00:00.Z',
    '2024-01-14T12:00:00.1234567Z',
    '2024-01-14T12:00:00z',
    '2024-01-14t12:00:00Z',
    '2024-01-14T12:00:00+0100',
    '2024-01-14T12:00:00+24:00',
    '2024-01-14T12:00:00ZZ',
    ' 2024-01-14T12:00:00Z',
    '24-01-14T12:00:00Z',
    '2024/01/14T12:00:00Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '',
  ])('refuse %j', (text) => {
    expect(time(text)).toBeNaN()
  })

  test('stay in the year 9999 when its last microseconds are rounded', () => {
    const last = time('9999-12-31T23:59:59.999999Z')
    expect(written(writeTimestamp, last).slice(0, 19)).toBe('9999-12-31T23:59:59')
    expect(time(written(writeTimestamp, last))).toBe(last)
  })
})

describe('dates', () => {
  test('agree with Date on every day', () => {
    fc.assert(
      fc.property(instant, (value) => {
        const text = value.toISOString().slice(0, 10)
        const days = Date.parse(text) / 86_400_000
        expect(day(text)).toBe(days)
        expect(written(writeDate, days)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([-271_821, -10_000, -9999, -1, 0, 10_000, 10_001, 99_999, 275_759])(
    'of the year %i are written as Date writes them',
    (year) => {
      const millis = Date.UTC(2000, 6, 9) + (year - 2000) * 365.2425 * 86_400_000
      const date = new Date(Math.floor(millis / 86_400_000) * 86_400_000)
      const text = date.toISOString()
      expect(written(writeDate, date.getTime() / 86_400_000)).toBe(text.split('T')[0])
      expect(written(writeTimestamp, date.getTime() * 1000)).toBe(text)
    },
  )

  test('agree with Date at the ends of every February and every year', () => {
    for (let year = 1; year <= 9999; year++) {
      const name = String(year).padStart(4, '0')
      for (const text of [`${name}-01-01`, `${name}-02-28`, `${name}-03-01`, `${name}-12-31`]) {
        const days = Date.parse(text) / 86_400_000
        const next = new Date((days + 1) * 86_400_000).toISOString().slice(0, 10)
        if (day(text) !== days || written(writeDate, days) !== text) expect.fail(text)
        if (year < 9999 && written(writeDate, days + 1) !== next) expect.fail(next)
      }
    }
  })

  test.each(['2024-02-30', '1900-02-29', '2024-1-1', '2024-01-014', '0000-01-01', '2024-04-31'])(
    'refuse %j',
    (text) => {
      expect(day(text)).toBeNaN()
    },
  )
})

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}
