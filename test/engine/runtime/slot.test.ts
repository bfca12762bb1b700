import { afterEach, expect, it } from 'vitest'
import { job, topic } from '../../../engine/graph/index.ts'
import { int64, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { count, countDistinct, sum } from '../../../operators/aggregates/index.ts'
import { aggregate, hoppingWindow } from '../../../operators/hopping-window.ts'
import { keyBy } from '../../../operators/key-by.ts'
import { JobHarness } from '../../support/job-harness.ts'
import { topicSinkOf } from '../../support/test-sinks.ts'

const orders = topic('orders', {
  schema: schema({
    user: string(),
    shop: string(),
    cents: int64(),
    at: timestamp({ unit: 'ms' }),
  }),
  eventTime: 'at',
  disorder: '1s',
  key: 'user',
  partitioner: 'unknown',
})

const windows = job('windows', ({ from, to, drop }) => {
  const rows = from(orders).pipe(
    keyBy('user'),
    hoppingWindow({ size: '10s', every: '5s' }),
    aggregate({ orders: count(), cents: sum('cents'), shops: countDistinct('shop') }),
  )
  to(rows, topicSinkOf('rows'))
  drop(rows.late)
})

const order = (user: string, shop: string, cents: number, at: number) =>
  JSON.stringify({ user, shop, cents, at: 1_700_000_000_000 + at })

const harnesses: JobHarness[] = []
const harness = () => {
  const made = new JobHarness(windows)
  harnesses.push(made)
  return made
}
afterEach(() => {
  for (const made of harnesses.splice(0)) made.dispose()
})

const lines = [
  order('a', 'x', 100, 0),
  order('b', 'x', 200, 400),
  order('a', 'y', 300, 4_000),
  order('a', 'x', 400, 9_000),
  '{"user":"a","shop":',
  order('c', 'x', 500, 16_000),
]

it('computes the windows of a bounded topic and ends', async () => {
  const one = harness()
  await one.run({ topics: { orders: [lines] } })
  const rows = one.rows.rows?.map(({ user, window_start, orders: n, cents, shops }) => [
    user,
    (Number(window_start) - 1_700_000_000_000_000) / 1_000_000,
    Number(n),
    Number(cents),
    Number(shops),
  ])
  expect(rows).toEqual([
    ['a', -5, 2, 400, 2],
    ['b', -5, 1, 200, 1],
    ['a', 0, 3, 800, 2],
    ['b', 0, 1, 200, 1],
    ['a', 5, 1, 400, 1],
    ['c', 10, 1, 500, 1],
    ['c', 15, 1, 500, 1],
  ])
  expect(one.rows['dead-letters']?.map(({ code, offset }) => [code, offset])).toEqual([
    ['JSON_SYNTAX', 4n],
  ])
})

it('gives the same rows through a repartition topic and several slots', async () => {
  const one = harness()
  await one.run({ topics: { orders: [lines] } })
  const parts = [lines.filter((_, i) => i % 2 === 0), lines.filter((_, i) => i % 2 === 1)]
  const key = (row: unknown) => JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `${v}` : v))
  for (const slots of [1, 2]) {
    for (const batchRecords of [1, 1024]) {
      const two = harness()
      await two.run({ topics: { orders: parts }, slots, batchRecords })
      expect(two.rows.rows?.map(key).sort()).toEqual(one.rows.rows?.map(key).sort())
    }
  }
})
