// Question: is memory flat over 24 hours of event time, and how fast is the whole loop then?
// Shapes: generated orders as columns, disorder 5 s; users come and go: each hour another part of
// them is active; hopping 5 min every 1 min with count, exact sum and exact distinct, the newest window
// per user in the embedded online store, feature rows counted. Epochs every second, on disk.
// Memory is what the process holds itself (heap, buffers); pages of the store that the system caches
// are shown as rss and not judged. Where it should not win: more users than before with every hour.
//   npx tsc -p tsconfig.json && node dist/bench/soak.js [--events 50000000] [--minutes 20]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { columnSource, type RecordRandom } from '../connectors/generate/index.ts'
import { OnlineSink } from '../connectors/online/index.ts'
import type { Column, RecordBatch } from '../engine/batch/index.ts'
import { JobStore } from '../engine/checkpoint/index.ts'
import { systemClock } from '../engine/clock.ts'
import type { DecisionSink } from '../engine/connector.ts'
import { type LogicalSink, planJob } from '../engine/graph/index.ts'
import { type Deployment, type SinkContext, Slot, SlotControl } from '../engine/runtime/index.ts'
import {
  aggregate,
  count,
  countDistinct,
  decimal,
  hoppingWindow,
  int64,
  job,
  keyBy,
  onlineView,
  schema,
  sum,
  timestamp,
  topic,
  topicSink,
} from '../jobs/index.ts'
import { isProgram } from './support/command-line.ts'

const START = 1_700_000_000_000_000
const DAY_MICROS = 24 * 3600 * 1_000_000
const DISORDER_MICROS = 4_000_000
const TTL_MICROS = 600_000_000
const RESTAURANTS = 5000

export interface SoakShape {
  /** Records over the 24 hours of event time. */
  readonly events: number
  /** Users; a fifth of them is active at a time. */
  readonly users: number
  /** Wall-clock bound: a slower run covers fewer hours and says so. */
  readonly minutes: number
}

export const small: SoakShape = { events: 120_000, users: 2000, minutes: 1 }
export const large: SoakShape = { events: 50_000_000, users: 100_000, minutes: 20 }

interface Sample {
  readonly events: number
  readonly heldMb: number
  readonly rssMb: number
}

export interface SoakResult {
  readonly events: number
  readonly hours: number
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly epochs: number
  readonly rows: number
  readonly late: number
  /** Rows of live state at the end. */
  readonly stateRows: number
  /** Megabytes held, median of the second and of the last quarter of the run. */
  readonly heldMb: readonly [early: number, end: number]
  readonly rssMbMax: number
  /** The last quarter holds at most 10 % or 16 MB more than the second. */
  readonly isFlat: boolean
}

const orders = topic('orders', {
  schema: schema({
    user_id: int64(),
    restaurant_id: int64(),
    order_total: decimal(10, 2),
    event_time: timestamp(),
  }),
  eventTime: 'event_time',
  disorder: '5s',
  key: 'user_id',
})

const soakJob = job('soak', ({ from, to, drop }) => {
  const features = from(orders).pipe(
    keyBy('user_id'),
    hoppingWindow({ size: '5m', every: '1m' }),
    aggregate({
      orders_5min: count(),
      spend_5min: sum('order_total'),
      unique_restaurants_5min: countDistinct('restaurant_id'),
    }),
  )
  to(features, topicSink('features'), onlineView('user_fraud_5m', { ttl: '10m' }))
  drop(features.late)
})

/** Runs once, in this process, in a folder of its own that is removed. */
export async function soak(shape: SoakShape): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'))
  const store = JobStore.open(folder)
  try {
    return await runSoak(shape, store)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runSoak(shape: SoakShape, store: JobStore): Promise<SoakResult> {
  const rows = new RowCount()
  const deployment = deploymentOf(shape, rows)
  const plan = planJob(soakJob.build(), () => 1)
  const claim = store.claim({ job: 'soak', slots: 1, topology: {} })
  const control = new SlotControl()
  const slot = new Slot({
    plan,
    deployment,
    store: store.slot(0, claim),
    decided: store.reader(),
    settings: {
      slot: 0,
      claim,
      mode: 'bounded',
      epochMicros: 1_000_000,
      heartbeatMicros: 10_000_000,
    },
    control,
    clock: systemClock,
  })
  const samples: Sample[] = []
  const started = systemClock.elapsedMs()
  const everyMs = Math.max(20, Math.min(2000, shape.events / 1500))
  const timer = setInterval(() => {
    samples.push(sampleOf(slot.status().recordsIn))
    if (systemClock.elapsedMs() - started > shape.minutes * 60_000) control.stop()
  }, everyMs)
  await slot.run()
  clearInterval(timer)
  const seconds = (systemClock.elapsedMs() - started) / 1000
  return resultOf(shape, slot, samples, rows.count, seconds)
}

function resultOf(
  shape: SoakShape,
  slot: Slot,
  samples: readonly Sample[],
  rows: number,
  seconds: number,
): SoakResult {
  const { recordsIn, epoch, counters, state } = slot.status()
  const part = (from: number, to: number) =>
    median(
      samples
        .filter(({ events }) => events >= from * recordsIn && events <= to * recordsIn)
        .map(({ heldMb }) => heldMb),
    )
  const early = part(0.25, 0.5)
  const end = part(0.75, 1)
  return {
    events: recordsIn,
    hours: Math.round((recordsIn / shape.events) * 240) / 10,
    seconds: Math.round(seconds * 10) / 10,
    eventsPerSecond: Math.round(recordsIn / seconds),
    epochs: epoch,
    rows,
    late: Object.values(counters.late ?? {}).reduce((total, late) => total + late, 0),
    stateRows: Object.values(state).reduce((total, table) => total + table.rows, 0),
    heldMb: [round(early), round(end)],
    rssMbMax: round(Math.max(0, ...samples.map(({ rssMb }) => rssMb))),
    isFlat: end <= early + Math.max(16, early / 10),
  }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** What is held after a whole collection: without one it would be told with all garbage. */
function sampleOf(events: number): Sample {
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { events, heldMb: (heapUsed + external) / 2 ** 20, rssMb: rss / 2 ** 20 }
}

function deploymentOf(shape: SoakShape, rows: RowCount): Deployment {
  const source = columnSource({
    seed: 1,
    partitions: 1,
    total: shape.events,
    make: (range, random) => columnsOf(shape, range, random),
  })
  return {
    source: () => source,
    sink: (sink, context) => ({
      kind: 'decision',
      sink: sink.description.kind === 'online' ? onlineSink(sink, context) : rows,
    }),
    ownTopic: () => new RowCount(),
    close: async () => {},
  }
}

function onlineSink(sink: LogicalSink, context: SinkContext): OnlineSink {
  const { job: name, lineage, schema: rowSchema } = context
  return new OnlineSink({
    view: sink.description.name,
    schema: rowSchema,
    key: ['user_id'],
    order: 'window_end',
    ttlMicros: TTL_MICROS,
    mode: 'bounded',
    job: name,
    lineage,
    clock: systemClock,
  })
}

/** Records lie evenly over the day, each up to the disorder late; the active users move on. */
function columnsOf(
  { events, users }: SoakShape,
  { first, count: length }: { readonly first: number; readonly count: number },
  random: RecordRandom,
): readonly Column[] {
  const step = DAY_MICROS / events
  const userIds = new Float64Array(length)
  const restaurants = new Float64Array(length)
  const totals = new Float64Array(length)
  const times = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    const ordinal = first + i
    random.at(ordinal)
    const moved = Math.floor((ordinal / events) * 24 * (users / 10))
    userIds[i] = (moved + Math.floor(random.next() * (users / 5))) % users
    restaurants[i] = Math.floor(random.next() * RESTAURANTS)
    totals[i] = 500 + Math.floor(random.next() * 9500)
    times[i] = START + Math.floor(ordinal * step - random.next() * DISORDER_MICROS)
  }
  const whole = (values: Float64Array): Column => {
    return { kind: 'integer', values, wide: undefined, nulls: undefined }
  }
  const time: Column = { kind: 'float64', values: times, nulls: undefined }
  return [whole(userIds), whole(restaurants), whole(totals), time]
}

/** Takes rows and only counts them. */
class RowCount implements DecisionSink {
  count = 0

  write(batch: RecordBatch): void {
    this.count += batch.length
  }

  ready(): undefined {
    return undefined
  }

  async flush(): Promise<void> {}
  async recover(): Promise<void> {}
  async close(): Promise<void> {}
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

if (isProgram(import.meta.url)) {
  const { values } = parseArgs({
    options: { events: { type: 'string' }, users: { type: 'string' }, minutes: { type: 'string' } },
  })
  const result = await soak({
    events: Number(values.events ?? large.events),
    users: Number(values.users ?? large.users),
    minutes: Number(values.minutes ?? large.minutes),
  })
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
  process.stdout.write(`memory is ${result.isFlat ? 'flat' : 'NOT flat'}\n`)
}
