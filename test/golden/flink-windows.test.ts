// Windows against rows that Apache Flink computed from the same events; a watermark of "largest
// time so far minus the delay" stands behind every event.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { batchOfRows } from '../../engine/batch/index.ts'
import { int64, schema, timestamp } from '../../engine/schema/index.ts'
import type { WindowOptions } from '../../engine/window/index.ts'
import {
  type AggregateDescriptors,
  count,
  countDistinct,
  max,
  min,
  sum,
} from '../../operators/aggregates/index.ts'
import { WindowOperator } from '../../operators/window/index.ts'
import { OperatorHarness } from '../support/operator-harness.ts'
import { describeWithShared } from '../support/skip.ts'

const SECOND = 1_000_000
const input = schema({
  user_id: int64(),
  restaurant_id: int64(),
  amount_cents: int64(),
  event_time: timestamp(),
})

interface GoldenCase {
  readonly window: WindowOptions
  readonly delay: number
  readonly aggregates: AggregateDescriptors
}

const totals = { orders: count(), amount: sum('amount_cents') }
const restaurants = countDistinct('restaurant_id')
const goldenCases: Record<string, GoldenCase> = {
  'hop-orders': {
    window: { size: 300 * SECOND, slide: 60 * SECOND },
    delay: 5 * SECOND,
    aggregates: { ...totals, restaurants },
  },
  tumble: {
    window: { size: 60 * SECOND, slide: 60 * SECOND },
    delay: 5 * SECOND,
    aggregates: {
      ...totals,
      smallest: min('amount_cents'),
      largest: max('amount_cents'),
      restaurants,
    },
  },
  'late-hop': {
    window: { size: 30 * SECOND, slide: 10 * SECOND },
    delay: SECOND,
    aggregates: totals,
  },
  'late-tumble': {
    window: { size: 10 * SECOND, slide: 10 * SECOND },
    delay: SECOND,
    aggregates: totals,
  },
}

interface Manifest {
  readonly cases: readonly {
    readonly name: string
    readonly inputs: { readonly orders?: { readonly file: string } }
    readonly expected: string
  }[]
}

describeWithShared('windows give the rows of Apache Flink', (shared) => {
  const folder = join(shared, 'golden', 'flink')
  const lines = (file: string) =>
    gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trimEnd()
      .split('\n')
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  const names = Object.keys(goldenCases).flatMap((name) => [name, `edges-${name}`])

  test.each(names)('%s', { timeout: 120_000 }, (name) => {
    const golden = goldenCases[name.replace('edges-', '')]
    const found = manifest.cases.find((entry) => entry.name === name)
    if (golden === undefined || found === undefined) throw new Error(`no case ${name}`)
    const orders = Object.values(found.inputs)[0]?.file ?? ''
    const rows = run(golden, lines(orders))
    expect(rows.length).toBeGreaterThan(0)
    expect(rows).toEqual(lines(found.expected).sort())
  })
})

function run({ window, delay, aggregates }: GoldenCase, lines: readonly string[]): string[] {
  const harness = new OperatorHarness({
    create: () => new WindowOperator({ ...window, input, keyColumns: [0], aggregates }),
  })
  let greatest = Number.NEGATIVE_INFINITY
  for (let from = 0; from < lines.length; from += 1000) {
    const events = lines.slice(from, from + 1000).map((line) => JSON.parse(line))
    const times = events.map((event) => event.event_time * 1000)
    const before = times.map((time) => {
      const watermark = greatest - delay
      greatest = Math.max(greatest, time)
      return watermark
    })
    const rows = events.map((event, i) => ({
      user_id: event.user_id,
      restaurant_id: event.restaurant_id,
      amount_cents: event.amount_cents,
      event_time: times[i],
    }))
    const batch = batchOfRows(input, rows, { eventTimes: times, watermarksBefore: before })
    harness.push(batch, greatest - delay)
  }
  harness.end()
  return harness.rows().map(asFlinkWrites).sort()
}

function asFlinkWrites(row: Record<string, unknown>): string {
  const entries = Object.entries(row).map(([name, value]) => {
    const isTime = name === 'window_start' || name === 'window_end'
    return [name, isTime ? Number(value) / 1000 : Number(value)]
  })
  return JSON.stringify(Object.fromEntries(entries))
}
