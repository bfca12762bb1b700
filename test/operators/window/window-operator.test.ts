import { describe, expect, test } from 'vitest'
import { batchOfRows } from '../../../engine/batch/index.ts'
import { int64, schema, string, timestamp } from '../../../engine/schema/index.ts'
import type { WindowOptions } from '../../../engine/window/index.ts'
import {
  type AggregateDescriptors,
  count,
  countDistinct,
  max,
  sum,
} from '../../../operators/aggregates/index.ts'
import { WindowOperator, windowOutputSchema } from '../../../operators/window/index.ts'
import { OperatorHarness } from '../../support/operator-harness.ts'

const SECOND = 1_000_000
const MINUTE = 60 * SECOND
const input = schema({ user: string(), amount: int64(), at: timestamp() })

/** [user, amount, event time in seconds] */
type Order = readonly [user: string, amount: bigint, at: number]

class Windows {
  readonly harness: OperatorHarness
  #greatest = Number.NEGATIVE_INFINITY

  constructor(window: WindowOptions, aggregates: AggregateDescriptors, cutsAtBoundaries = true) {
    this.harness = new OperatorHarness({
      cutsAtBoundaries,
      create: () => new WindowOperator({ ...window, input, keyColumns: [0], aggregates }),
    })
  }

  /** Orders in one batch; the watermark is the greatest event time so far, after each. */
  orders(...orders: Order[]): this {
    const rows = orders.map(([user, amount, at]) => ({ user, amount, at: at * SECOND }))
    const before = rows.map(({ at }) => {
      const watermark = this.#greatest
      this.#greatest = Math.max(this.#greatest, at)
      return watermark
    })
    const times = { eventTimes: rows.map((row) => row.at), watermarksBefore: before }
    this.harness.push(batchOfRows(input, rows, times), this.#greatest)
    return this
  }

  /** Rows as `user start end values…`, seconds, with the change where there is one. */
  get rows(): string[] {
    return this.harness.rows().map((row) => {
      const { op, user, window_start: start, window_end: end, ...values } = row
      const times = `${Number(start) / SECOND}-${Number(end) / SECOND}`
      const change = op === undefined ? '' : `${op} `
      return `${change}${user} ${times} ${Object.values(values).join(' ')}`
    })
  }
}

const fiveByOne = { size: 5 * MINUTE, slide: MINUTE }
const tumbling = { size: 10 * SECOND, slide: 10 * SECOND }
const counted = { orders: count() }

describe('hopping windows', () => {
  test('an event stands in exactly size / slide windows', () => {
    const windows = new Windows(fiveByOne, counted).orders(['a', 1n, 210])
    windows.harness.end()
    const starts = [-60, 0, 60, 120, 180]
    expect(windows.rows).toEqual(starts.map((start) => `a ${start}-${start + 300} 1`))
  })

  test('an event at the end of a window belongs to the next', () => {
    const windows = new Windows(tumbling, counted).orders(['a', 1n, 9.999999], ['a', 1n, 10])
    windows.harness.end()
    expect(windows.rows).toEqual(['a 0-10 1', 'a 10-20 1'])
  })

  test('a window fires when the watermark reaches its end minus 1 ms, not before', () => {
    const windows = new Windows(tumbling, counted).orders(['a', 1n, 1])
    windows.harness.watermark(10 * SECOND - 1001)
    expect(windows.rows).toEqual([])
    windows.harness.watermark(10 * SECOND - 1000)
    expect(windows.rows).toEqual(['a 0-10 1'])
  })

  test('rows leave in the order of windows, then of the first appearance of the key', () => {
    const hop = { size: 20 * SECOND, slide: 10 * SECOND }
    const windows = new Windows(hop, counted)
    windows.orders(['c', 1n, 1], ['a', 1n, 2], ['b', 1n, 11], ['a', 1n, 12], ['c', 1n, 45])
    windows.harness.end()
    const one = ['c -10-10 1', 'a -10-10 1', 'c 0-20 1', 'a 0-20 2', 'b 0-20 1']
    // After both left, a came back into its window before b; c appeared anew.
    expect(windows.rows).toEqual([...one, 'a 10-30 1', 'b 10-30 1', 'c 30-50 1', 'c 40-60 1'])
  })

  test('rows carry their window as event time, and the watermark stands behind them', () => {
    const windows = new Windows(tumbling, counted).orders(['a', 1n, 1], ['a', 1n, 31])
    const [first, second] = windows.harness.sent.filter((sent) => sent.kind === 'batch')
    expect(second).toBeUndefined()
    const times = first?.kind === 'batch' ? first.batch.eventTimes : []
    expect([...times]).toEqual([10 * SECOND - 1000])
    const at = windows.harness.sent.findIndex(({ kind }) => kind === 'batch')
    expect(windows.harness.sent[at + 1]).toEqual({ kind: 'watermark', time: 10 * SECOND - 1000 })
  })

  test('long empty stretches cost nothing', () => {
    const windows = new Windows({ size: 2000, slide: 1000 }, counted)
    windows.orders(['a', 1n, 0], ['a', 1n, 1e9], ['b', 1n, 1.5e9])
    // Two windows an event; of the last event's, the first is closed by its own time.
    expect(windows.rows.length).toBe(5)
    expect(windows.harness.timerCount).toBe(1)
  })
})

describe('late records', () => {
  test('leave on the late output as they came, and are counted', () => {
    const windows = new Windows(tumbling, counted)
    windows.orders(['a', 1n, 5], ['a', 2n, 30], ['z', 3n, 9], ['a', 4n, 29])
    expect(windows.harness.rows(1)).toEqual([
      { user: 'z', amount: 3n, at: 9 * SECOND },
      { user: 'a', amount: 4n, at: 29 * SECOND },
    ])
    expect(windows.harness.counts.get('late')).toBe(2)
    windows.harness.end()
    expect(windows.rows).toEqual(['a 0-10 1', 'a 30-40 1'])
  })

  test('count in the later windows when they are late for the first only', () => {
    const hop = { size: 20 * SECOND, slide: 10 * SECOND }
    const windows = new Windows(hop, { amount: sum('amount'), greatest: max('amount') })
    windows.orders(['a', 1n, 5], ['a', 2n, 12], ['a', 4n, 6])
    windows.harness.end()
    expect(windows.rows).toEqual(['a -10-10 1 1', 'a 0-20 7 4', 'a 10-30 2 2'])
    expect(windows.harness.rows(1)).toEqual([])
  })

  test('take back and send again while the allowed lateness lasts', () => {
    const windows = new Windows({ ...tumbling, allowedLateness: 20 * SECOND }, counted)
    windows.orders(['a', 1n, 5], ['b', 1n, 25], ['a', 1n, 6], ['c', 1n, 12], ['b', 1n, 29.999])
    windows.orders(['a', 1n, 7])
    expect(windows.rows).toEqual([
      'a 0-10 1',
      '-U a 0-10 1',
      '+U a 0-10 2',
      '+I c 10-20 1',
      'b 20-30 2',
    ])
    expect(windows.harness.rows(1)).toEqual([{ user: 'a', amount: 1n, at: 7 * SECOND }])
  })
})

describe('state', () => {
  test('rows that come and go between two checkpoints are never written', () => {
    const windows = new Windows(tumbling, counted)
    windows.orders(['a', 1n, 1], ['b', 1n, 12], ['c', 1n, 25])
    windows.harness.checkpoint()
    expect(windows.harness.stored('panes').size).toBe(1)
    windows.orders(['c', 1n, 26])
    windows.harness.checkpoint()
    expect(windows.harness.stored('panes').size).toBe(1)
    windows.harness.end()
    windows.harness.checkpoint()
    expect(windows.harness.stored('panes').size).toBe(0)
  })

  test('a key keeps its place in the order over a restart', () => {
    const windows = new Windows(fiveByOne, { users: countDistinct('user') })
    windows.orders(['z', 1n, 1], ['y', 1n, 2], ['x', 1n, 3])
    windows.harness.restart()
    windows.orders(['a', 1n, 4], ['x', 1n, 5])
    windows.harness.restart()
    windows.orders(['b', 1n, 61])
    expect(windows.rows.map((row) => row[0]).join('')).toBe('zyxa')
  })

  test('other aggregates or another window have another layout', () => {
    const layout = (window: WindowOptions, aggregates: AggregateDescriptors) =>
      new Windows(window, aggregates).harness.tables.map((table) => table.format.layout).join()
    const layouts = [
      layout(tumbling, counted),
      layout(fiveByOne, counted),
      layout(tumbling, { orders: sum('amount') }),
      layout({ ...tumbling, offset: SECOND }, counted),
    ]
    expect(new Set(layouts).size).toBe(4)
    expect(layout({ ...tumbling, offset: 10 * SECOND }, counted)).toBe(layouts[0])
  })
})

test('an overflowing int64 sum names the key and the window', () => {
  const windows = new Windows(tumbling, { amount: sum('amount') })
  windows.orders(['ok', 1n, 1], ['rich', 2n ** 63n - 1n, 1], ['rich', 1n, 1])
  expect(() => windows.harness.end()).toThrow(
    /SUM_OVERFLOW.*1970-01-01T00:00:00.000Z to 1970-01-01T00:00:10.000Z of user rich/,
  )
})

test('output columns are the key, the window and the aggregates; equal names are refused', () => {
  const fields = windowOutputSchema(input, ['user'], { orders: count() }).fields
  expect(fields.map((field) => field.name)).toEqual([
    'user',
    'window_start',
    'window_end',
    'orders',
  ])
  expect(() => windowOutputSchema(input, ['user'], { user: count() })).toThrow(/WINDOW_COLUMNS/)
  expect(() => windowOutputSchema(input, ['nobody'], counted)).toThrow(/COLUMN_UNKNOWN/)
})
