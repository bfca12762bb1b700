// Question: what does the window operator alone cost, input already columnar, on one core?
// Shapes: orders 1 ms apart with 5 s disorder, 100,000 users, 5,000 restaurants; count, sum and
// exact distinct per user; size / slide 5 (5 min / 1 min), then 60 and 720 at the same slide of
// output. The cost must follow the outputs, not size / slide. Where it should not win: windows with
// one event a key, where keys come and go with every event.
//   npx tsc -p tsconfig.json && taskset -c 1 node dist/bench/hopping-window.js
//     [--events 2000000] [--users 100000] [--size-s 300] [--slide-s 60] [--rounds 3]
//     [--checkpoint-ms 1000]
import {
  ByteWriter,
  type Column,
  type RecordBatch,
  recordBatch,
  sliceBatch,
} from '../engine/batch/index.ts'
import { seededRandom, systemClock } from '../engine/clock.ts'
import { WATERMARK_MAX, WATERMARK_MIN } from '../engine/element.ts'
import { BATCH_RECORDS_MAX } from '../engine/limits.ts'
import type { Output, Timer } from '../engine/operator.ts'
import { int64, schema, timestamp } from '../engine/schema/index.ts'
import type { SegmentWriter, StateTable } from '../engine/state/index.ts'
import { count, countDistinct, sum } from '../operators/aggregates/index.ts'
import { WindowOperator } from '../operators/window/index.ts'
import { isProgram } from './support/command-line.ts'

const input = schema({
  user_id: int64(),
  restaurant_id: int64(),
  amount: int64(),
  event_time: timestamp(),
})
const START = 1_700_000_000_000_000
const DISORDER = 5_000_000

export interface HoppingWindowBench {
  readonly events: number
  readonly users: number
  readonly sizeS: number
  readonly slideS: number
  /** Event time between two checkpoints at the speed that was measured; 0: none. */
  readonly checkpointMs: number
}

export interface HoppingWindowResult {
  readonly eventsPerS: number
  /** By the processor time used, garbage collection in other threads included. */
  readonly eventsPerCpuS: number
  readonly rows: number
  readonly rowsPerEvent: number
  readonly hash: string
  readonly checkpoints: number
  readonly checkpointMsMax: number
  readonly rowsStored: number
  readonly heapMb: number
}

/** Runs once. The input is made before the clock starts. */
export function hoppingWindowBench(options: HoppingWindowBench): HoppingWindowResult {
  const batches = makeBatches(options)
  const tables: StateTable[] = []
  const timers = new BenchTimers()
  const operator = new WindowOperator({
    input,
    keyColumns: [0],
    aggregates: {
      orders: count(),
      amount: sum('amount'),
      restaurants: countDistinct('restaurant_id'),
    },
    size: options.sizeS * 1e6,
    slide: options.slideS * 1e6,
  })
  operator.open({
    operatorId: 'bench',
    task: 0,
    tasks: 1,
    timers,
    meters: { count: () => {} },
    addTable: (table) => tables.push(table),
    deadLetter: () => {},
    processingTime: () => undefined,
  })
  operator.restored()
  const sink = new HashSink()
  const checkpoints = new Checkpoints(tables, options.checkpointMs)
  const start = systemClock.elapsedMs()
  const cpu = process.cpuUsage()
  for (const batch of batches) {
    push(operator, timers, batch, sink)
    checkpoints.onBatch()
  }
  advance(operator, timers, WATERMARK_MAX, sink)
  const seconds = (systemClock.elapsedMs() - start) / 1000
  const used = process.cpuUsage(cpu)
  return {
    eventsPerS: Math.round(options.events / seconds),
    eventsPerCpuS: Math.round((options.events * 1e6) / (used.user + used.system)),
    rows: sink.rows,
    rowsPerEvent: sink.rows / options.events,
    hash: sink.hash.toString(16),
    checkpoints: checkpoints.count,
    checkpointMsMax: checkpoints.longestMs,
    rowsStored: checkpoints.rows,
    heapMb: Math.round(process.memoryUsage().rss / 1e6),
  }
}

function push(operator: WindowOperator, timers: BenchTimers, batch: RecordBatch, sink: HashSink) {
  const before = batch.watermarksBefore
  let from = 0
  while (from < batch.length) {
    const due = Math.min(timers.next, operator.nextBoundary(sink.time))
    let to = from
    while (to < batch.length && before[to]! < due) to++
    if (to > from) operator.onBatch(sliceBatch(batch, from, to), 0, sink)
    from = to
    if (from < batch.length) advance(operator, timers, before[from]!, sink)
  }
}

function advance(operator: WindowOperator, timers: BenchTimers, time: number, sink: HashSink) {
  for (let timer = timers.take(time); timer !== undefined; timer = timers.take(time)) {
    operator.onTimer(timer, sink)
  }
  operator.onWatermark({ kind: 'watermark', time }, sink)
}

class BenchTimers {
  next = Number.POSITIVE_INFINITY
  readonly #times = new Set<number>()

  schedule(time: number): void {
    this.#times.add(time)
    this.next = Math.min(this.next, time)
  }

  cancel(time: number): void {
    this.#times.delete(time)
  }

  take(until: number): Timer | undefined {
    if (this.next > until || this.#times.size === 0) return undefined
    const time = this.next
    this.#times.delete(time)
    this.next = Math.min(...this.#times, Number.POSITIVE_INFINITY)
    return { time, domain: 'event', key: undefined }
  }
}

/** Counts rows and hashes their values, independent of order within one window. */
class HashSink implements Output {
  rows = 0
  hash = 0
  time = WATERMARK_MIN

  emit(batch: RecordBatch): void {
    this.rows += batch.length
    const columns = batch.columns.map(valuesOf)
    for (let i = 0; i < batch.length; i++) {
      let h = 0
      for (const values of columns) h = Math.imul(h ^ values[i]!, 16777619)
      this.hash = (this.hash + (h >>> 0)) % 2 ** 52
    }
  }

  watermark(time: number): void {
    if (time > this.time) this.time = time
  }
}

function valuesOf(column: Column): Float64Array {
  return column.kind === 'integer' || column.kind === 'float64'
    ? column.values
    : new Float64Array(0)
}

class Checkpoints {
  count = 0
  rows = 0
  longestMs = 0
  readonly #tables: readonly StateTable[]
  readonly #everyMs: number
  #lastMs = systemClock.elapsedMs()

  constructor(tables: readonly StateTable[], everyMs: number) {
    this.#tables = tables
    this.#everyMs = everyMs
  }

  onBatch(): void {
    if (this.#everyMs === 0) return
    const start = systemClock.elapsedMs()
    if (start - this.#lastMs < this.#everyMs) return
    this.#lastMs = start
    const segment = new CountingSegment()
    for (const table of this.#tables) table.snapshot(segment)
    this.count++
    this.rows += segment.rows
    this.longestMs = Math.max(this.longestMs, systemClock.elapsedMs() - start)
  }
}

class CountingSegment implements SegmentWriter {
  readonly bytes = new ByteWriter(1 << 20)
  rows = 0

  beginKey(): void {
    if (this.bytes.length > 1 << 19) this.bytes.clear()
  }

  beginValue(): void {}

  end(): void {
    this.rows++
  }

  delete(): void {
    this.rows++
  }

  deleteRange(): void {
    this.rows++
  }
}

function makeBatches({ events, users }: HoppingWindowBench): RecordBatch[] {
  const random = seededRandom(1)
  const batches: RecordBatch[] = []
  let greatest = WATERMARK_MIN
  for (let from = 0; from < events; from += BATCH_RECORDS_MAX) {
    const length = Math.min(BATCH_RECORDS_MAX, events - from)
    const [user, restaurant, amount, times, before] = Array.from(
      { length: 5 },
      () => new Float64Array(length),
    )
    if (!user || !restaurant || !amount || !times || !before) break
    for (let i = 0; i < length; i++) {
      const delayMs = random() < 0.5 ? 0 : Math.floor(random() * 5000)
      before[i] = greatest - DISORDER
      times[i] = START + (from + i - delayMs) * 1000
      if (times[i]! > greatest) greatest = times[i]!
      user[i] = Math.floor(random() * users)
      restaurant[i] = Math.floor(random() * 5000)
      amount[i] = 500 + Math.floor(random() * 9500)
    }
    const integer = (values: Float64Array): Column => ({
      kind: 'integer',
      values,
      wide: undefined,
      nulls: undefined,
    })
    const time: Column = { kind: 'float64', values: times, nulls: undefined }
    const columns = [integer(user), integer(restaurant), integer(amount), time]
    batches.push(
      recordBatch({ schema: input, columns, eventTimes: times, watermarksBefore: before }),
    )
  }
  return batches
}

function main(args: readonly string[]): void {
  const option = (name: string, value: number) => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? value : Number(args[at + 1])
  }
  const options = {
    events: option('events', 2_000_000),
    users: option('users', 100_000),
    sizeS: option('size-s', 300),
    slideS: option('slide-s', 60),
    checkpointMs: option('checkpoint-ms', 0),
  }
  for (let round = 0; round < option('rounds', 3); round++) {
    console.log(JSON.stringify({ round, ...options, ...hoppingWindowBench(options) }))
  }
}

if (isProgram(import.meta.url)) main(process.argv.slice(2))
