// Seeded random histories of several channels, and the naive recomputation of windows over them. It
// shares no code with the window operator: plain loops over all records and all windows.
import { batchOfRows, type RecordBatch } from '../../engine/batch/index.ts'
import { type Random, seededRandom } from '../../engine/clock.ts'
import { decimal, float64, int64, schema, string, timestamp } from '../../engine/schema/index.ts'
import type { WindowOptions } from '../../engine/window/index.ts'

export const input = schema({
  user: string().nullable(),
  region: int64(),
  total: decimal(10, 2),
  amount: int64().nullable(),
  weight: float64(),
  note: string().nullable(),
  at: timestamp(),
})

export interface HistoryRow {
  readonly user: string | null
  readonly region: bigint
  readonly total: string
  readonly amount: bigint | null
  readonly weight: number
  readonly note: string | null
  readonly at: number
}

export interface HistoryRecord {
  readonly channel: number
  readonly row: HistoryRow
  readonly before: number
  readonly after: number
}

export interface HistoryOptions {
  readonly records: number
  readonly users: number
  readonly channels: number
  readonly spanMs: number
  readonly disorderMs: number
  /** What the watermark allows for; less than the disorder makes records late. */
  readonly boundMs: number
}

const MS = 1000
export const START = 1_700_000_000_000 * MS

export function history(seed: number, options: HistoryOptions): HistoryRecord[] {
  const random = seededRandom(seed)
  const { channels, boundMs } = options
  const greatest = new Array<number>(channels).fill(Number.NEGATIVE_INFINITY)
  const lag = Array.from({ length: channels }, () => random() * options.disorderMs * 2)
  const records: HistoryRecord[] = []
  for (let i = 0; i < options.records; i++) {
    const previous = records.at(-1)
    const channel =
      previous !== undefined && random() < 0.6 ? previous.channel : Math.floor(random() * channels)
    const before = (greatest[channel] ?? 0) - boundMs * MS
    const repeat = random() < 0.05 ? previous : undefined
    const now = (i / options.records) * options.spanMs - (lag[channel] ?? 0)
    const row = repeat?.row ?? randomRow(random, options, now - delay(random) * options.disorderMs)
    greatest[channel] = Math.max(greatest[channel] ?? 0, row.at)
    records.push({ channel, row, before, after: (greatest[channel] ?? 0) - boundMs * MS })
  }
  return records
}

/** Batches of consecutive records of one channel, at most `size` of them. */
export function batches(records: readonly HistoryRecord[], size: number) {
  const result: { batch: RecordBatch; channel: number; after: number }[] = []
  for (let i = 0; i < records.length; ) {
    const first = records[i]
    let end = i + 1
    while (end < records.length && end - i < size && records[end]?.channel === first?.channel) end++
    const part = records.slice(i, end)
    const batch = batchOfRows(
      input,
      part.map((record) => ({ ...record.row })),
      {
        eventTimes: part.map((record) => record.row.at),
        watermarksBefore: part.map((record) => record.before),
      },
    )
    result.push({ batch, channel: first?.channel ?? 0, after: part.at(-1)?.after ?? 0 })
    i = end
  }
  return result
}

export interface NaiveWindow {
  readonly start: number
  readonly end: number
  readonly rows: readonly HistoryRow[]
}

/** Every (key, window) with its records, and the records that are late for all their windows. */
export function naiveWindows(
  records: readonly HistoryRecord[],
  options: WindowOptions,
  keyOf: (row: HistoryRow) => string,
) {
  const { size, slide, offset = 0, allowedLateness = 0 } = options
  const windows = new Map<string, { start: number; end: number; rows: HistoryRow[] }>()
  const late: HistoryRow[] = []
  for (const { row, before } of records) {
    let isLate = true
    // All window starts s ≡ offset (mod slide) with s ≤ at < s + size, found by stepping.
    let start = offset + Math.floor((row.at - offset) / slide) * slide
    for (; start > row.at - size; start -= slide) {
      const end = start + size
      if (before >= end - MS + allowedLateness) continue
      isLate = false
      const name = `${keyOf(row)}|${start}`
      const window = windows.get(name) ?? { start, end, rows: [] }
      window.rows.push(row)
      windows.set(name, window)
    }
    if (isLate) late.push(row)
  }
  return { windows: [...windows.values()], late }
}

function delay(random: Random): number {
  const share = random()
  return share < 0.4 ? 0 : share < 0.9 ? random() : random() * 4
}

function randomRow(random: Random, options: HistoryOptions, timeMs: number): HistoryRow {
  const user = Math.floor(random() * random() * (options.users + 1))
  const weights = [0, -0, 0.25, -1.5, 1e6, Number.NaN, Number.POSITIVE_INFINITY, -1e6]
  return {
    user: user === 0 ? null : `user-${user}`,
    region: BigInt(Math.floor(random() * 3)),
    total: (Math.floor(random() * 20000) / 100).toFixed(2),
    amount: randomAmount(random),
    weight: weights[Math.floor(random() * (random() < 0.1 ? 8 : 5))] ?? 0,
    note:
      random() < 0.2 ? null : (['é', 'z', '', 'aa', 'a', '€', '𝄞'][Math.floor(random() * 7)] ?? ''),
    at: START + Math.floor(timeMs) * MS + (random() < 0.1 ? Math.floor(random() * MS) : 0),
  }
}

function randomAmount(random: Random): bigint | null {
  const share = random()
  if (share < 0.1) return null
  if (share < 0.2) return 2n ** 55n - BigInt(Math.floor(random() * 100))
  if (share < 0.3) return -(2n ** 55n) + BigInt(Math.floor(random() * 100))
  return BigInt(Math.floor(random() * 50))
}
