// One job run straight through, against the same job stopped twice and resumed with other numbers of
// slots, through a repartition topic: the same rows.
import { expect, it } from 'vitest'
import { seededRandom } from '../../engine/clock.ts'
import { job, topic } from '../../engine/graph/index.ts'
import { int64, schema, string, timestamp } from '../../engine/schema/index.ts'
import {
  aggregate,
  count,
  countDistinct,
  hoppingWindow,
  keyBy,
  runningAggregate,
  sum,
} from '../../operators/index.ts'
import { JobHarness } from '../support/job-harness.ts'
import { topicSinkOf } from '../support/test-sinks.ts'

const orders = topic('orders', {
  schema: schema({
    user: string(),
    shop: string(),
    cents: int64(),
    at: timestamp({ unit: 'ms' }),
  }),
  eventTime: 'at',
  disorder: '2s',
  partitioner: 'unknown',
})

const rescaled = job('rescaled', ({ from, to, drop }) => {
  const keyed = from(orders).pipe(keyBy('user'))
  const windows = keyed.pipe(
    hoppingWindow({ size: '20s', every: '5s' }),
    aggregate({ orders: count(), cents: sum('cents'), shops: countDistinct('shop') }),
  )
  to(windows, topicSinkOf('windows'))
  drop(windows.late)
  to(keyed.pipe(runningAggregate({ total: sum('cents') })), topicSinkOf('totals'))
})

const PARTITIONS = 4
const LINES = 4000

function partitionsOf(seed: number): string[][] {
  const random = seededRandom(seed)
  const partitions = Array.from({ length: PARTITIONS }, (): string[] => [])
  for (let i = 0; i < LINES; i++) {
    const at = 1_700_000_000_000 + i * 25 - Math.floor(random() * 2000)
    const user = `u${Math.floor(random() * 60)}`
    const line = { user, shop: `s${Math.floor(random() * 9)}`, cents: i % 97, at }
    partitions[i % PARTITIONS]?.push(JSON.stringify(line))
  }
  return partitions
}

const text = (row: unknown) =>
  JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))

/** Rows as sorted texts; of a changelog only the last row of each user. */
function finalRows(harness: JobHarness) {
  const last = new Map<unknown, string>()
  for (const { user, total } of harness.rows.totals ?? []) last.set(user, text({ user, total }))
  return {
    windows: (harness.rows.windows ?? []).map(text).sort(),
    totals: [...last.values()].sort(),
  }
}

it('gives the same rows when resumed with 1, 2, 3 and again 1 slots', async () => {
  const topics = { orders: partitionsOf(7) }
  const straight = new JobHarness(rescaled)
  await straight.run({ topics })
  const expected = finalRows(straight)
  expect(expected.windows.length).toBeGreaterThan(500)

  const resumed = new JobHarness(rescaled)
  const part = { topics, batchRecords: 50, epochMs: 40 }
  await resumed.run({ ...part, slots: 1, stopAfterLines: 1000 })
  await resumed.run({ ...part, slots: 2, stopAfterLines: 1000 })
  await resumed.run({ ...part, slots: 3, stopAfterLines: 1000 })
  await resumed.run({ ...part, slots: 1 })
  expect(finalRows(resumed)).toEqual(expected)
  straight.dispose()
  resumed.dispose()
})
