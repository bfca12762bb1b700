// Whole jobs (JSON lines → decoder → watermarks → windows → commits) against rows that Apache Flink
// computed from the same events, in batches of several sizes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type Job, job, topic } from '../../engine/graph/index.ts'
import { int64, schema, timestamp } from '../../engine/schema/index.ts'
import {
  aggregate,
  count,
  countDistinct,
  type HoppingWindowOptions,
  hoppingWindow,
  keyBy,
  max,
  min,
  sum,
} from '../../operators/index.ts'
import type { Row } from '../support/collecting-sink.ts'
import { JobHarness } from '../support/job-harness.ts'
import { describeWithShared } from '../support/skip.ts'
import { topicSinkOf } from '../support/test-sinks.ts'

const ordersBehind = (disorder: string) =>
  topic('orders', {
    schema: schema({
      user_id: int64(),
      restaurant_id: int64(),
      amount_cents: int64(),
      event_time: timestamp({ unit: 'ms' }),
    }),
    eventTime: 'event_time',
    disorder,
    key: 'user_id',
  })

const totals = { orders: count(), amount: sum('amount_cents') }
const restaurants = countDistinct('restaurant_id')
const extremes = { smallest: min('amount_cents'), largest: max('amount_cents') }

function windows(disorder: string, window: HoppingWindowOptions, isFull: boolean): Job {
  return job('golden', ({ from, to, drop }) => {
    const windowed = from(ordersBehind(disorder)).pipe(keyBy('user_id'), hoppingWindow(window))
    const full = { ...totals, ...extremes, restaurants }
    const rows = isFull ? windowed.pipe(aggregate(full)) : windowed.pipe(aggregate(totals))
    to(rows, topicSinkOf('rows'))
    drop(rows.late)
  })
}

const jobs: Record<string, () => Job> = {
  'hop-orders': () => windows('5s', { size: '5m', every: '1m' }, true),
  tumble: () => windows('5s', { size: '1m', every: '1m' }, true),
  'late-hop': () => windows('1s', { size: '30s', every: '10s' }, false),
  'late-tumble': () => windows('1s', { size: '10s', every: '10s' }, false),
}

interface GoldenCase {
  readonly name: string
  readonly check?: string
  readonly inputs: { readonly orders?: { readonly file: string } }
  readonly expected: string
}

const linesOf = (path: string) => gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')

/** A row with the columns of an expected line, times as epoch milliseconds. */
function asExpected(row: Row, columns: readonly string[]): string {
  const entries = columns.map((name) => {
    const value = Number(row[name])
    return [name, name.startsWith('window_') ? value / 1000 : value]
  })
  return JSON.stringify(Object.fromEntries(entries))
}

describeWithShared('jobs equal Apache Flink', (shared) => {
  const folder = join(shared, 'golden', 'flink')
  const manifest: { readonly cases: readonly GoldenCase[] } = JSON.parse(
    readFileSync(join(folder, 'manifest.json'), 'utf8'),
  )
  for (const golden of manifest.cases) {
    const make = jobs[golden.check ?? golden.name]
    const file = golden.inputs.orders?.file
    if (make === undefined || file === undefined) continue
    const isSmall = golden.name.startsWith('edges-')
    for (const batchRecords of isSmall ? [1024, 7] : [1024]) {
      test(`${golden.name} in batches of ${batchRecords}`, { timeout: 60_000 }, async () => {
        const expected = linesOf(join(folder, golden.expected)).sort()
        const columns = Object.keys(JSON.parse(expected[0] ?? '{}'))
        const harness = new JobHarness(make())
        const orders = linesOf(join(folder, file))
        await harness.run({ topics: { orders: [orders] }, batchRecords, epochMs: 200 })
        const rows = (harness.rows.rows ?? []).map((row) => asExpected(row, columns)).sort()
        harness.dispose()
        expect(rows.length).toBe(expected.length)
        expect(rows).toEqual(expected)
      })
    }
  }
})
