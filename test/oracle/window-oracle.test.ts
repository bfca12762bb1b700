// Random histories against a naive recomputation, for every window and every aggregate; each
// history again in batches of 1 and n, and with a snapshot and a new operator behind every batch.
import { describe, expect, test } from 'vitest'
import type { ByteReader, ByteWriter } from '../../engine/batch/index.ts'
import { chanceSeed } from '../../engine/clock.ts'
import { columnIndex, int64 } from '../../engine/schema/index.ts'
import type { WindowOptions } from '../../engine/window/index.ts'
import {
  count,
  countDistinct,
  max,
  mean,
  min,
  sum,
  userDefined,
} from '../../operators/aggregates/index.ts'
import { WindowOperator } from '../../operators/window/index.ts'
import { OperatorHarness } from '../support/operator-harness.ts'
import {
  batches,
  type HistoryOptions,
  type HistoryRecord,
  type HistoryRow,
  history,
  input,
  naiveWindows,
} from './window-history.ts'

const SECOND = 1_000_000

const longest = (retract: boolean) =>
  userDefined({
    name: `xor-${retract}`,
    columns: ['total'],
    result: int64(),
    create: () => 0,
    add: (state: number, [total]) => state ^ Number(String(total).replace('.', '')),
    merge: (state, other) => state ^ other,
    ...(retract ? { retract: (state: number, other: number) => state ^ other } : {}),
    finish: (state) => BigInt(state),
    encode: (state, writer: ByteWriter) => writer.signedVarint(state),
    decode: (reader: ByteReader) => reader.signedVarint(),
  })

const aggregates = {
  records: count(),
  notes: count('note'),
  spend: sum('total'),
  amount: sum('amount'),
  weight: sum('weight'),
  mean_total: mean('total'),
  mean_weight: mean('weight'),
  least_amount: min('amount'),
  greatest_amount: max('amount'),
  least_weight: min('weight'),
  greatest_weight: max('weight'),
  least_note: min('note'),
  greatest_note: max('note'),
  first_at: min('at'),
  users: countDistinct('user'),
  weights: countDistinct('weight'),
  amounts: countDistinct('amount'),
  mixed: longest(false),
  mixed_back: longest(true),
}

function naiveResults(rows: readonly HistoryRow[]): Record<string, unknown> {
  const cents = (row: HistoryRow) => BigInt(row.total.replace('.', ''))
  const total = rows.reduce((s, row) => s + cents(row), 0n)
  const amounts = rows.flatMap((row) => (row.amount === null ? [] : [row.amount]))
  const weights = rows.map((row) => row.weight)
  const notes = rows.flatMap((row) => (row.note === null ? [] : [row.note]))
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const byNumber = (a: number, b: number) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    return a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0))
  }
  const byBigint = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
  const sortedWeights = weights.toSorted(byNumber)
  const weightSum = weights.reduce((s, w) => s + w, 0)
  const mixed = rows.reduce((state, row) => state ^ Number(cents(row)), 0)
  return {
    records: BigInt(rows.length),
    notes: BigInt(notes.length),
    spend: decimalText(total, 2),
    amount: amounts.length === 0 ? null : amounts.reduce((s, a) => s + a, 0n),
    weight: weightSum + 0,
    mean_total: decimalText(roundedQuotient(total * 10000n, BigInt(rows.length)), 6),
    mean_weight: (weightSum + 0) / rows.length,
    least_amount: amounts.toSorted(byBigint)[0] ?? null,
    greatest_amount: amounts.toSorted(byBigint).at(-1) ?? null,
    least_weight: sortedWeights[0],
    greatest_weight: sortedWeights.at(-1),
    least_note: notes.toSorted(byBytes)[0] ?? null,
    greatest_note: notes.toSorted(byBytes).at(-1) ?? null,
    first_at: Math.min(...rows.map((row) => row.at)),
    users: BigInt(new Set(rows.flatMap((row) => row.user ?? [])).size),
    weights: BigInt(new Set(weights).size),
    amounts: BigInt(new Set(amounts).size),
    mixed: BigInt(mixed),
    mixed_back: BigInt(mixed),
  }
}

function roundedQuotient(a: bigint, b: bigint): bigint {
  const [whole, rest] = [a / b, a % b]
  return rest * 2n >= b ? whole + 1n : whole
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = unscaled.toString().padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function text(row: Record<string, unknown>): string {
  return JSON.stringify(row, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
    return value
  })
}

/** Rows that stand at the end; a row taken back must have been there. */
function applied(rows: readonly Record<string, unknown>[]): string[] {
  const standing = new Map<string, string>()
  for (const { op = '+I', ...row } of rows) {
    const key = text({ user: row.user, region: row.region, start: row.window_start })
    if (op === '-U') {
      expect(standing.get(key)).toBe(text(row))
      standing.delete(key)
    } else {
      expect(standing.has(key), `a second ${op} of ${key}`).toBe(false)
      standing.set(key, text(row))
    }
  }
  return [...standing.values()].sort()
}

interface Case {
  readonly window: WindowOptions
  readonly history: HistoryOptions
  readonly keys: readonly ('user' | 'region')[]
}

interface Run {
  readonly size: number
  readonly restarts?: boolean
  readonly cutsAtBoundaries?: boolean
}

function run(options: Case, records: readonly HistoryRecord[], how: Run) {
  const { size, restarts = false, cutsAtBoundaries = true } = how
  const harness = new OperatorHarness({
    channels: options.history.channels,
    cutsAtBoundaries,
    create: () =>
      new WindowOperator({
        ...options.window,
        input,
        keyColumns: options.keys.map((key) => columnIndex(input, key)),
        aggregates,
      }),
  })
  for (const { batch, channel, after } of batches(records, size)) {
    harness.push(batch, after, channel)
    if (restarts) harness.restart()
  }
  harness.end()
  return harness
}

const small = { records: 300, users: 8, channels: 1, spanMs: 60_000, disorderMs: 4000 }
const hop = { size: 10 * SECOND, slide: 2 * SECOND }
const cases: Record<string, Case> = {
  'tumbling windows without late records': {
    window: { size: 5 * SECOND, slide: 5 * SECOND },
    history: { ...small, boundMs: 20_000 },
    keys: ['user'],
  },
  'hopping windows with late records': {
    window: hop,
    history: { ...small, boundMs: 1000 },
    keys: ['user'],
  },
  'hopping windows with an offset whose size is no multiple of the slide': {
    window: { size: 7 * SECOND, slide: 3 * SECOND, offset: -1 * SECOND },
    history: { ...small, boundMs: 2000 },
    keys: ['user', 'region'],
  },
  'many channels with different watermarks': {
    window: hop,
    history: { ...small, channels: 3, boundMs: 1000 },
    keys: ['user'],
  },
  'one window over all records': { window: hop, history: { ...small, boundMs: 3000 }, keys: [] },
  'many windows a record': {
    window: { size: 30 * SECOND, slide: 500_000 },
    history: { ...small, records: 120, boundMs: 1000 },
    keys: ['region'],
  },
  'allowed lateness on one channel': {
    window: { ...hop, allowedLateness: 5 * SECOND },
    history: { ...small, boundMs: 500 },
    keys: ['user'],
  },
  'allowed lateness with gaps between records': {
    window: { size: 4 * SECOND, slide: 4 * SECOND, allowedLateness: 30 * SECOND },
    history: { ...small, records: 80, spanMs: 400_000, disorderMs: 12_000, boundMs: 0 },
    keys: ['region'],
  },
  'allowed lateness on many channels': {
    window: { ...hop, allowedLateness: 3 * SECOND },
    history: { ...small, channels: 3, boundMs: 500 },
    keys: ['user'],
  },
}

describe.each(Object.entries(cases))('%s', (_name, options) => {
  const seeds = [1, 2, 3, 4, chanceSeed()]

  test.each(seeds)('give the rows of a naive recomputation (seed %i)', (seed) => {
    const records = history(seed, options.history)
    const keyOf = (row: HistoryRow) => options.keys.map((key) => row[key]).join('/')
    const naive = naiveWindows(records, options.window, keyOf)
    const expected = naive.windows.map(({ start, end, rows }) =>
      text({
        ...Object.fromEntries(options.keys.map((key) => [key, rows[0]?.[key]])),
        window_start: start,
        window_end: end,
        ...naiveResults(rows),
      }),
    )
    const expectedLate = naive.late.map((row) => text({ ...row })).sort()
    expect(expected.length).toBeGreaterThan(20)
    let whole: string[] | undefined
    const runs: Run[] = [
      { size: 1024 },
      { size: 1 },
      { size: 7, restarts: true },
      { size: 1, restarts: true },
      { size: 1024, cutsAtBoundaries: false },
      { size: 100, cutsAtBoundaries: false, restarts: true },
    ]
    for (const how of runs) {
      const harness = run(options, records, how)
      expect(applied(harness.rows(0))).toEqual(expected.toSorted())
      expect(harness.rows(1).map(text).sort()).toEqual(expectedLate)
      expect(harness.counts.get('late') ?? 0).toBe(naive.late.length)
      expect(harness.tables.map((table) => [table.name, table.rows])).toEqual([
        ['keys', 0],
        ['panes', 0],
        ['clock', 1],
      ])
      if (options.history.channels > 1 || how.cutsAtBoundaries === false) continue
      // One channel: not only the rows, but their order and every update is the same.
      whole ??= harness.rows(0).map(text)
      expect(harness.rows(0).map(text)).toEqual(whole)
    }
  })
})
