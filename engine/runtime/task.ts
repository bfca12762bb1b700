// Task: one partition number across the co-partitioned inputs of a stage; a deterministic state
// machine (law 1). It takes batches from its channels, cuts them at the operators' timers and pushes
// them depth-first through its wiring. It never waits; the slot loop drives it.
import { type RecordBatch, sliceBatch } from '../batch/index.ts'
import type { OperatorTable } from '../checkpoint/index.ts'
import { WATERMARK_MAX, WATERMARK_MIN } from '../element.ts'
import type { Stage } from '../graph/index.ts'
import type { Channel } from './channel.ts'
import { ChannelTable } from './channel-table.ts'
import { type TaskParts, Wiring } from './wiring.ts'

export class Task {
  /** `<stage>/<task>`: under this name its state is stored. */
  readonly id: string
  readonly stage: Stage
  readonly task: number
  readonly channelTable = new ChannelTable()
  readonly tables: readonly OperatorTable[]
  readonly #wiring: Wiring
  readonly #parts: TaskParts
  #channels: readonly Channel[] = []
  #watermark = WATERMARK_MIN
  #isEnded = false

  constructor(parts: TaskParts) {
    this.#parts = parts
    this.stage = parts.stage
    this.task = parts.task
    this.id = `${parts.stage.id}/${parts.task}`
    this.#wiring = new Wiring(parts)
    this.tables = [{ operatorId: 'source', table: this.channelTable }, ...this.#wiring.tables]
  }

  get watermark(): number {
    return this.#watermark
  }

  get channels(): readonly Channel[] {
    return this.#channels
  }

  /** All channels ended and the final watermark was sent. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** After the tables were restored: connects the channels and moves to their watermarks. */
  start(channels: readonly Channel[]): void {
    this.#channels = channels
    this.channelTable.follow(channels)
    this.#wiring.restored()
    this.#isEnded = channels.length > 0 && channels.every((channel) => channel.isEnded)
    this.#advance(this.#isEnded ? WATERMARK_MAX : this.#channelWatermark())
    this.#wiring.rethrow()
  }

  /** Takes the waiting batch of a channel and pushes it through the graph. Returns its records. */
  push(channel: Channel): number {
    const others = this.#channelWatermark(channel.watermarksAscend ? channel : undefined)
    const { batch, rejected, count } = channel.take()
    const input = this.stage.inputs[channel.input]
    if (input?.kind === 'topic') {
      const partition = this.task
      for (const record of rejected) {
        this.#parts.deadLetters.addRejected(input.topic.name, partition, record)
      }
    }
    if (batch !== undefined) this.#pushCut(batch, channel.input, others)
    this.#advance(this.#channelWatermark())
    this.#wiring.rethrow()
    return count
  }

  /** Sends the final watermark and the end once every channel has ended. True when it did. */
  endIfDone(): boolean {
    if (this.#isEnded || !this.#channels.every((channel) => channel.isEnded)) return false
    this.#isEnded = true
    this.#advance(WATERMARK_MAX)
    this.#wiring.send({ kind: 'end' })
    this.#wiring.rethrow()
    return true
  }

  /**
   * Applies a tick (law 5): idle channels move on, processing-time timers fire. True when it changed
   * anything, and so must be remembered.
   */
  tick(tickTime: number): boolean {
    const before = this.#watermark
    this.#advance(this.#channelWatermark())
    const fired = this.#wiring.fireProcessing(tickTime)
    this.#wiring.rethrow()
    return fired || this.#watermark > before
  }

  /** Ends an epoch: operators flush, and every sink has seen the barrier when this returns. */
  barrier(epoch: number): void {
    this.#wiring.barrier(epoch)
  }

  close(): void {
    for (const channel of this.#channels) channel.close()
  }

  /** Cuts the batch wherever the task's watermark crosses the next due timer. */
  #pushCut(batch: RecordBatch, input: number, others: number): void {
    const before = batch.watermarksBefore
    const { timersFollowRecords } = this.#wiring
    let from = 0
    while (from < batch.length) {
      // A timer that was set in the past fires at the next step of the watermark.
      const step = next(this.#watermark)
      const due = timersFollowRecords ? step : Math.max(this.#wiring.nextDue(this.#watermark), step)
      const to = due > others ? batch.length : firstAtLeast(before, due, from)
      if (to > from) {
        this.#wiring.push(input, sliceBatch(batch, from, to))
        from = to
      }
      if (from < batch.length) this.#advance(Math.min(others, before[from]!))
      if (this.#wiring.hasFailed) return
    }
  }

  #channelWatermark(except?: Channel): number {
    let watermark = WATERMARK_MAX
    for (const channel of this.#channels) {
      if (channel !== except && channel.watermark < watermark) watermark = channel.watermark
    }
    return watermark
  }

  #advance(watermark: number): void {
    if (watermark <= this.#watermark || this.#wiring.hasFailed) return
    this.#watermark = watermark
    this.#wiring.send({ kind: 'watermark', time: watermark })
  }
}

/** The next whole microsecond; the final watermark itself. */
function next(watermark: number): number {
  if (watermark === WATERMARK_MIN) return -Number.MAX_VALUE
  return Number.isFinite(watermark) ? watermark + 1 : watermark
}

/** First index ≥ `from` whose value is ≥ `limit`; the length when there is none. `values` ascend. */
function firstAtLeast(values: Float64Array, limit: number, from: number): number {
  if (values.length === 0 || values[values.length - 1]! < limit) return values.length
  let low = from
  let high = values.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}
