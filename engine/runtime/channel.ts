// TopicChannel: one source partition as a channel of a task. It turns decoded records into batches
// with event times and watermarks (laws 3 and 4), keeps records from the far future out, and knows
// the position that the next epoch has to remember.
import { columnAt, gatherBatch, type RecordBatch, recordBatch } from '../batch/index.ts'
import type { PartitionReader, RejectedRecord, SourceRecords } from '../connector.ts'
import { WATERMARK_MAX } from '../element.ts'
import { assert } from '../errors.ts'
import type { Topic } from '../graph/index.ts'
import { columnIndex } from '../schema/index.ts'
import { WatermarkGenerator } from '../time/index.ts'
import { cutRecords, sameBytes, uncuttable } from './cut-records.ts'
import { DeadLetterGate, type GateState } from './dead-letter-gate.ts'
import { rowJson } from './dead-letters.ts'

/** What a channel must remember across restarts. */
export interface ChannelState {
  readonly offset: number
  readonly watermark: number
  readonly maxEventTime: number
  readonly isEnded: boolean
  readonly bookmark: Uint8Array | undefined
  readonly gate: GateState
}

/** The next records of a channel, not yet given to the task. */
export interface ChannelBatch {
  /** Undefined when every record was refused. */
  readonly batch: RecordBatch | undefined
  readonly rejected: readonly RejectedRecord[]
  /** Records read: good and refused ones. */
  readonly count: number
  /** Event time by which channels take turns: the first record's. */
  readonly firstEventTime: number
}

/** What tasks need of a channel, whatever it reads from. */
export interface Channel {
  /** `<input>/<partition or source task>`; the key of its state. */
  readonly id: string
  /** Index of the stage input that it feeds. */
  readonly input: number
  /** The channel's watermark after everything that was taken. */
  readonly watermark: number
  readonly isEnded: boolean
  /** `watermarksBefore` is the channel's own watermark record by record: batches can be cut by it. */
  readonly watermarksAscend: boolean
  /** The next records, kept until `take`; undefined when there are none now. */
  peek(): ChannelBatch | undefined
  /** Moves past what `peek` gave. */
  take(): ChannelBatch
  ready(): Promise<void>
  state(): ChannelState
  /** Moves an idle channel's watermark on (law 5). */
  advance(watermark: number): void
  /** Gives no record at this offset or beyond until another limit is set. */
  limit(offset: number): void
  readonly lag: number | undefined
  close(): void
}

export interface TopicChannelParts {
  readonly topic: Topic
  readonly partition: number
  readonly input: number
  readonly reader: PartitionReader
  /** Where the reader begins. */
  readonly offset: number
  readonly restored: ChannelState | undefined
}

/** The state of a gate that has seen nothing, or of none. */
export const NO_GATE: GateState = { run: 0, rejected: 0 }

export class TopicChannel implements Channel {
  readonly id: string
  readonly input: number
  readonly watermarksAscend = true
  readonly #topic: Topic
  readonly #partition: number
  readonly #reader: PartitionReader
  readonly #eventTime: number
  readonly #watermarkField: number
  readonly #generator: WatermarkGenerator
  readonly #gate: DeadLetterGate | undefined
  #position: { offset: number; bookmark: Uint8Array | undefined }
  #isEnded: boolean
  #limit = Number.POSITIVE_INFINITY
  #beyond: SourceRecords | undefined
  #waiting:
    | { batch: ChannelBatch; nextOffset: number; bookmark: Uint8Array | undefined }
    | undefined

  constructor(parts: TopicChannelParts) {
    const { topic, restored } = parts
    this.id = `${topic.name}/${parts.partition}`
    this.input = parts.input
    this.#topic = topic
    this.#partition = parts.partition
    this.#reader = parts.reader
    this.#eventTime = columnIndex(topic.schema, topic.eventTime)
    const { watermark } = topic
    this.#watermarkField =
      watermark.kind === 'field' ? columnIndex(topic.schema, watermark.column) : -1
    this.#generator = new WatermarkGenerator(watermark, restored?.watermark, restored?.maxEventTime)
    const { deadLetters } = topic
    this.#gate = deadLetters && new DeadLetterGate(deadLetters, restored?.gate ?? NO_GATE)
    this.#position = { offset: parts.offset, bookmark: restored?.bookmark }
    this.#isEnded = restored?.isEnded ?? false
  }

  /** The watermark after all records that were taken; a waiting batch does not count yet. */
  get watermark(): number {
    return this.#isEnded ? WATERMARK_MAX : this.#takenWatermark
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get lag(): number | undefined {
    return this.#reader.lag
  }

  get #takenWatermark(): number {
    const waiting = this.#waiting?.batch.batch
    return waiting === undefined ? this.#generator.watermark : waiting.watermarksBefore[0]!
  }

  peek(): ChannelBatch | undefined {
    if (this.#waiting !== undefined) return this.#waiting.batch
    if (this.#isEnded || this.#position.offset >= this.#limit) return undefined
    const records = this.#polled()
    if (records === undefined) {
      if (this.#reader.isEnded) this.#isEnded = true
      return undefined
    }
    const batch = this.#channelBatch(records)
    this.#waiting = { batch, nextOffset: records.nextOffset, bookmark: this.#reader.bookmark() }
    return batch
  }

  take(): ChannelBatch {
    const waiting = this.#waiting
    assert(waiting !== undefined, `channel ${this.id} has nothing to take`)
    this.#waiting = undefined
    this.#gate?.take(this.id, waiting.batch.rejected)
    this.#position = { offset: waiting.nextOffset, bookmark: waiting.bookmark }
    return waiting.batch
  }

  ready(): Promise<void> {
    const hasSome = this.#waiting !== undefined || this.#beyond !== undefined
    return hasSome ? Promise.resolve() : this.#reader.ready()
  }

  state(): ChannelState {
    // A waiting batch moved the generator already: its first `before` is the state to remember.
    const waiting = this.#waiting?.batch.batch
    return {
      ...this.#position,
      watermark: this.#takenWatermark,
      maxEventTime: waiting === undefined ? this.#generator.maxEventTime : this.#maxBeforeWaiting,
      isEnded: this.#isEnded,
      gate: this.#gate?.state ?? NO_GATE,
    }
  }

  advance(watermark: number): void {
    if (this.#waiting === undefined) this.#generator.advance(watermark)
  }

  limit(offset: number): void {
    assert(this.#waiting === undefined, `channel ${this.id} is limited with a batch waiting`)
    this.#limit = offset
  }

  close(): void {
    this.#reader.close()
  }

  /** The next records below the limit; what was polled beyond it waits. */
  #polled(): SourceRecords | undefined {
    const bookmark = this.#limit === Number.POSITIVE_INFINITY ? undefined : this.#reader.bookmark()
    const records = this.#beyond ?? this.#reader.poll()
    this.#beyond = undefined
    if (records === undefined || records.nextOffset <= this.#limit) return records
    if (!sameBytes(bookmark, this.#reader.bookmark())) throw uncuttable(this.id, this.#limit)
    const [below, beyond] = cutRecords(records, this.#limit)
    this.#beyond = beyond
    return below
  }

  #maxBeforeWaiting = Number.NEGATIVE_INFINITY

  #channelBatch(records: SourceRecords): ChannelBatch {
    this.#maxBeforeWaiting = this.#generator.maxEventTime
    const guarded = this.#withoutFarFuture(records)
    const { batch } = guarded
    const count = records.length + records.rejected.length
    if (batch.length === 0) {
      const firstEventTime = this.#maxBeforeWaiting
      return { batch: undefined, rejected: guarded.rejected, count, firstEventTime }
    }
    this.#assignWatermarks(batch)
    return { batch, rejected: guarded.rejected, count, firstEventTime: batch.eventTimes[0]! }
  }

  #assignWatermarks(batch: RecordBatch): void {
    const before = batch.watermarksBefore
    if (this.#watermarkField < 0) {
      this.#generator.assign(batch.eventTimes, before)
      return
    }
    const marks = columnAt(batch, this.#watermarkField)
    assert(marks.kind === 'float64', `a watermark column of kind ${marks.kind}`)
    this.#generator.assignFrom(batch.eventTimes, marks.values, marks.nulls, before)
  }

  #withoutFarFuture(records: SourceRecords) {
    const batch = this.#rawBatch(records)
    const distance = this.#topic.farFutureMicros
    if (distance === undefined) return { batch, rejected: records.rejected }
    const far = farFutureRows(batch.eventTimes, records.appendTimes, distance, this.#generator)
    if (far.length === 0) return { batch, rejected: records.rejected }
    const gone = new Set(far)
    const kept = Int32Array.from(
      Array.from({ length: batch.length }, (_, i) => i).filter((row) => !gone.has(row)),
    )
    const rejected = far.map((row) => farFuture(batch, row, distance))
    return { batch: gatherBatch(batch, kept), rejected: [...records.rejected, ...rejected] }
  }

  #rawBatch(records: SourceRecords): RecordBatch {
    const times = records.columns[this.#eventTime]
    assert(times?.kind === 'float64', `event time "${this.#topic.eventTime}" is no timestamp`)
    return recordBatch({
      schema: this.#topic.schema,
      columns: records.columns,
      eventTimes: times.values,
      watermarksBefore: new Float64Array(records.length),
      source: { partition: this.#partition, offsets: records.offsets },
    })
  }
}

/**
 * Rows ahead of their append time, or (without one) of the largest accepted event time so far, by
 * more than `distance`. The very first record has nothing to be compared with and is accepted.
 */
function farFutureRows(
  eventTimes: Float64Array,
  appendTimes: Float64Array | undefined,
  distance: number,
  generator: WatermarkGenerator,
): number[] {
  const rows: number[] = []
  let max = generator.maxEventTime
  for (let i = 0; i < eventTimes.length; i++) {
    const time = eventTimes[i]!
    const limit = (appendTimes === undefined ? max : appendTimes[i]!) + distance
    if (time > limit && limit !== Number.NEGATIVE_INFINITY) rows.push(i)
    else if (time > max) max = time
  }
  return rows
}

function farFuture(batch: RecordBatch, row: number, distance: number): RejectedRecord {
  const time = new Date(batch.eventTimes[row]! / 1000).toISOString()
  return {
    offset: batch.source?.offsets[row] ?? -1,
    code: 'FAR_FUTURE',
    reason: `event time ${time} lies more than ${distance / 1000} ms ahead`,
    raw: rowJson(batch, row),
  }
}
