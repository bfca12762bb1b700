// What the main job must write, computed from its input alone: JSON.parse, a walk over the records
// and a fold per window (laws 3 and 4 written down once more, with nothing of the engine).
import type { SinkRows } from './sinks-checker.ts'

const SIZE_MS = 5 * 60_000
const SLIDE_MS = 60_000
const DISORDER_MS = 5000

type JsonObject = Readonly<Record<string, unknown>>

interface Fold {
  readonly user: string
  readonly start: number
  count: number
  cents: number
  readonly restaurants: Set<unknown>
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/** Bytes that are no UTF-8 make the record unusable. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  event_type: isText,
  order_id: isText,
  user_id: isText,
  restaurant_id: isText,
  order_total: (value) => typeof value === 'number' && Number(value.toFixed(2)) === value,
  items: (value) => Number.isInteger(value),
  city: isText,
  card_id: isText,
  address_id: isText,
  event_time: (value) => isText(value) && ISO_TIME.test(String(value)),
}

export interface ExpectedOptions {
  /** Windows that the records' own watermarks did not close stay open: a live run. */
  readonly isLive?: boolean
}

/** @param partitions the lines of each partition of the input, in order, as bytes */
export function expectedRows(
  partitions: readonly (readonly Buffer[])[],
  options: ExpectedOptions = {},
): SinkRows {
  const raw: JsonObject[] = []
  const late: JsonObject[] = []
  const deadLetters: JsonObject[] = []
  const features: JsonObject[] = []
  partitions.forEach((lines, partition) => {
    const folds = new Map<string, Fold>()
    let watermark = Number.NEGATIVE_INFINITY
    lines.forEach((line, offset) => {
      const record = recordOf(line)
      if (record === undefined) {
        deadLetters.push({ partition, offset, raw: line.toString('base64') })
        return
      }
      raw.push({ ...record, _partition: partition, _offset: offset })
      if (!addTo(folds, record, watermark)) late.push(record)
      watermark = Math.max(watermark, timeOf(record) - DISORDER_MS)
    })
    const closed = options.isLive === true ? watermark : Number.POSITIVE_INFINITY
    for (const fold of folds.values()) {
      if (closed >= fold.start + SIZE_MS - 1) features.push(featureOf(fold))
    }
  })
  return { topic: features, lake: features, raw, late, online: newest(features), deadLetters }
}

/** The newest window of each user. */
function newest(features: readonly JsonObject[]): JsonObject[] {
  const byUser = new Map<unknown, JsonObject>()
  for (const row of features) {
    const known = byUser.get(row.user_id)
    const isNewer = known === undefined || String(row.window_end) > String(known.window_end)
    if (isNewer) byUser.set(row.user_id, row)
  }
  return [...byUser.values()]
}

/** False when the record is late for every window that holds it. */
function addTo(folds: Map<string, Fold>, record: JsonObject, watermark: number): boolean {
  const time = timeOf(record)
  const user = String(record.user_id)
  let isTaken = false
  for (
    let start = Math.floor(time / SLIDE_MS) * SLIDE_MS;
    start > time - SIZE_MS;
    start -= SLIDE_MS
  ) {
    if (watermark >= start + SIZE_MS - 1) continue
    isTaken = true
    const name = `${user}|${start}`
    const fold = folds.get(name) ?? { user, start, count: 0, cents: 0, restaurants: new Set() }
    folds.set(name, fold)
    fold.count++
    fold.cents += Math.round(Number(record.order_total) * 100)
    fold.restaurants.add(record.restaurant_id)
  }
  return isTaken
}

function featureOf({ user, start, count, cents, restaurants }: Fold): JsonObject {
  return {
    user_id: user,
    window_start: new Date(start).toISOString(),
    window_end: new Date(start + SIZE_MS).toISOString(),
    orders_5min: count,
    spend_5min: cents / 100,
    unique_restaurants_5min: restaurants.size,
  }
}

function recordOf(line: Buffer): JsonObject | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8.decode(line))
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const found = new Map(Object.entries(parsed))
  const fields = Object.entries(FIELDS)
  if (!fields.every(([name, isFine]) => isFine(found.get(name)))) return undefined
  const record = Object.fromEntries(fields.map(([name]) => [name, found.get(name)]))
  return { ...record, event_time: new Date(timeOf(record)).toISOString() }
}

function timeOf(record: JsonObject): number {
  return Date.parse(String(record.event_time))
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
