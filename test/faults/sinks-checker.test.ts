import { expect, test } from 'vitest'
import { expectedRows } from './expected-rows.ts'
import { faultEvents } from './fault-events.ts'
import { compareSinks, hashOf } from './sinks-checker.ts'

const rows = expectedRows([faultEvents(300)])
const [first, ...others] = rows.lake

test('equal rows in any order are found equal, with one hash', () => {
  const found = { ...rows, lake: [...rows.lake].reverse() }
  expect(compareSinks(found, rows)).toEqual({ lost: 0, duplicated: 0, wrong: 0, examples: [] })
  expect(hashOf(found)).toBe(hashOf(rows))
})

test('a row that is missing from one sink is lost', () => {
  const found = { ...rows, lake: others }
  expect(compareSinks(found, rows)).toMatchObject({ lost: 1, duplicated: 0, wrong: 0 })
  expect(hashOf(found)).not.toBe(hashOf(rows))
})

test('a row that is there twice is duplicated', () => {
  const found = { ...rows, raw: [...rows.raw, ...rows.raw.slice(0, 2)] }
  expect(compareSinks(found, rows)).toMatchObject({ lost: 0, duplicated: 2, wrong: 0 })
})

test('a row with another value is wrong, and the right one is lost', () => {
  const found = { ...rows, topic: [{ ...first, orders_5min: 99 }, ...others] }
  const findings = compareSinks(found, rows)
  expect(findings).toMatchObject({ lost: 1, duplicated: 0, wrong: 1 })
  expect(findings.examples[0]).toContain('"orders_5min":99')
})

test('windows, late records and dead letters are told from a few lines by hand', () => {
  const line = (user: string, time: string, total: number) =>
    Buffer.from(
      JSON.stringify({
        event_type: 'order_placed',
        order_id: 'o',
        user_id: user,
        restaurant_id: 'r',
        order_total: total,
        items: 1,
        city: 'c',
        card_id: 'k',
        address_id: 'a',
        event_time: `2024-01-01T${time}Z`,
      }),
    )
  const found = expectedRows([
    [line('u', '00:05:00.000', 0.1), line('u', '00:06:30.000', 0.2), Buffer.from('{')],
    [line('w', '01:00:00.000', 1), line('w', '00:54:59.999', 1), line('w', '00:55:00.000', 1)],
  ])
  expect(found.raw).toHaveLength(5)
  expect(found.deadLetters).toEqual([{ partition: 0, offset: 2, raw: 'ew==' }])
  expect(found.late.map((row) => row.event_time)).toEqual(['2024-01-01T00:54:59.999Z'])
  const both = found.lake.filter((row) => row.user_id === 'u' && row.orders_5min === 2)
  expect(both.map((row) => [row.window_start, row.spend_5min])).toEqual([
    ['2024-01-01T00:05:00.000Z', 0.3],
    ['2024-01-01T00:04:00.000Z', 0.3],
    ['2024-01-01T00:03:00.000Z', 0.3],
    ['2024-01-01T00:02:00.000Z', 0.3],
  ])
  // Behind 01:00:00 the watermark is 00:59:55: of the windows that hold 00:55:00 one is open.
  expect(found.lake.filter((row) => row.user_id === 'w')).toHaveLength(6)
  expect(found.online.map((row) => row.window_start)).toEqual([
    '2024-01-01T00:06:00.000Z',
    '2024-01-01T01:00:00.000Z',
  ])
})
