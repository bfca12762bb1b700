// WindowOperator: tumbling and hopping windows over keys, in shared panes. A record goes into one
// pane; when a window's end passes, the panes that begin to count enter the running window, every
// key in it gives one row, and the panes that end leave. Rows leave in the order (window, first
// appearance of the key); records late for all their windows go to port 1 as they came.
//
// With allowed lateness panes stay until nothing can change them, and a record that comes after its
// windows fired is answered at once with update rows (`late-updates.ts`).
import { gatherBatch, type RecordBatch } from '../../engine/batch/index.ts'
import { MICROS_PER_MS, WATERMARK_MIN, type Watermark } from '../../engine/element.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Operator, OperatorContext, Output, Timer } from '../../engine/operator.ts'
import { fieldAt, type Schema } from '../../engine/schema/index.ts'
import { KeyIndex } from '../../engine/state/index.ts'
import {
  closingTime,
  expiryTime,
  lastClosedEnd,
  type WindowFrame,
  windowFrame,
} from '../../engine/window/index.ts'
import { instantiateAggregate } from '../aggregates/index.ts'
import { KeyOrder } from './key-order.ts'
import { isBefore, KeyRows } from './key-rows.ts'
import { LateUpdates } from './late-updates.ts'
import type { Pane } from './pane.ts'
import { PaneRouter } from './pane-router.ts'
import { PaneStore } from './pane-store.ts'
import { PaneTimeline } from './pane-timeline.ts'
import { RunningWindow } from './running-window.ts'
import { WindowClock } from './window-clock.ts'
import { type WindowOperatorOptions, windowOutputSchema } from './window-options.ts'
import { WindowOutput } from './window-output.ts'
import { WindowRows } from './window-rows.ts'

/** The output port of records that are late for all their windows. */
export const LATE_PORT = 1

export class WindowOperator implements Operator {
  readonly outputSchema: Schema<unknown>
  readonly #frame: WindowFrame
  readonly #keyColumns: readonly number[]
  readonly #keys: KeyIndex
  readonly #store: PaneStore
  readonly #keyRows: KeyRows | undefined
  readonly #running: RunningWindow
  readonly #updates: LateUpdates | undefined
  readonly #output: WindowOutput
  readonly #router: PaneRouter
  readonly #rowsOut: WindowRows
  readonly #clock = new WindowClock()
  readonly #order = new KeyOrder()
  #context: OperatorContext | undefined
  readonly #timeline: PaneTimeline
  readonly #slots = new Int32Array(BATCH_RECORDS_MAX)
  readonly #rows = new Int32Array(BATCH_RECORDS_MAX)
  readonly #created = new Int32Array(BATCH_RECORDS_MAX)

  /** @throws ConfigError WINDOW_INVALID, AGGREGATE_TYPE, COLUMN_UNKNOWN, KEY_TYPE */
  constructor(options: WindowOperatorOptions) {
    const { input, keyColumns } = options
    const keyFields = keyColumns.map((index) => fieldAt(input, index))
    const keyNames = keyFields.map((field) => field.name)
    this.outputSchema = windowOutputSchema(input, keyNames, options.aggregates)
    this.#frame = windowFrame(options)
    this.#keyColumns = keyColumns
    this.#keys = new KeyIndex(keyFields)
    const aggregates = Object.entries(options.aggregates).map(([name, descriptor]) =>
      instantiateAggregate(name, descriptor, input),
    )
    const store = new PaneStore(this.#frame, aggregates, this.#keys, this.#order)
    this.#store = store
    const { allowedLateness, size } = this.#frame
    const looksAtKeys = allowedLateness > 0 || aggregates.some((a) => !a.invertible)
    this.#keyRows = looksAtKeys ? new KeyRows((row) => store.paneOf(row)) : undefined
    this.#running = new RunningWindow(store, this.#order, aggregates, this.#keyRows)
    this.#output = new WindowOutput(this.outputSchema, this.#keys, keyColumns.length, size)
    this.#rowsOut = new WindowRows(this.#order, this.#running, this.#output)
    this.#updates =
      allowedLateness > 0 && this.#keyRows !== undefined
        ? new LateUpdates(this.#frame, store, this.#keyRows, aggregates, this.#output)
        : undefined
    this.#router = new PaneRouter(this.#frame)
    this.#timeline = new PaneTimeline(this.#frame, this.#clock)
  }

  open(context: OperatorContext): void {
    this.#context = context
    this.#timeline.timers = context.timers
    context.addTable(this.#keys)
    context.addTable(this.#store)
    context.addTable(this.#clock)
  }

  restored(): void {
    this.#store.attach()
    this.#ensure()
    const panes = [...this.#store.panes].sort((a, b) => (isBefore(a, b) ? -1 : 1))
    for (const pane of panes) this.#linkRows(pane)
    for (const pane of panes) {
      this.#timeline.register(pane)
      if (pane.entersAt > this.#clock.firedEnd) continue
      if (pane.lastEnd > this.#clock.firedEnd) this.#running.enter(pane)
      else pane.phase = 'left'
    }
    if (this.#running.panes > 0) this.#timeline.fireAt(this.#clock.firedEnd + this.#frame.slide)
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const late = this.#router.route(batch)
    if (late > 0) this.#context?.meters.count('late', late)
    if (late === 0 && this.#updates === undefined) {
      this.#resolve(batch)
      this.#addRange(batch, 0, batch.length)
      return
    }
    this.#addSorted(batch, late, out)
  }

  onWatermark(watermark: Watermark, out: Output): void {
    this.#clock.advance(watermark.time)
    out.watermark(watermark.time)
  }

  /**
   * The first time after `watermark` at which this operator may come to want a timer: cutting
   * batches there as well keeps the order of rows the same however the input is cut.
   */
  nextBoundary(watermark: number): number {
    const { allowedLateness, slide } = this.#frame
    if (watermark === WATERMARK_MIN) return -Number.MAX_VALUE
    const closing = closingTime(lastClosedEnd(this.#frame, watermark) + slide)
    if (allowedLateness === 0) return closing
    const expired = lastClosedEnd(this.#frame, watermark - allowedLateness)
    return Math.min(closing, expiryTime(this.#frame, expired + slide))
  }

  onTimer(timer: Timer, out: Output): void {
    const end = timer.time + MICROS_PER_MS
    if (this.#timeline.takeFiring(end)) this.#fire(end, out)
    this.#retire(end - this.#frame.allowedLateness)
    this.#clock.advance(timer.time)
    out.watermark(timer.time)
  }

  #resolve(batch: RecordBatch): void {
    this.#keys.resolve(batch, this.#keyColumns, this.#slots)
    this.#order.ensureSlots(this.#keys.slotCount)
  }

  /** Finds the rows of the records [from, to), run by run of one pane. */
  #place(from: number, to: number): void {
    const { starts, entersAt } = this.#router
    let created = 0
    for (let i = from; i < to; ) {
      const start = starts[i]!
      const enters = entersAt[i]!
      let end = i + 1
      while (end < to && starts[end] === start && entersAt[end] === enters) end++
      const pane = this.#store.panes.find(start, enters) ?? this.#newPane(start, enters)
      created = this.#store.locate(pane, this.#slots, this.#rows, i, end, this.#created, created)
      i = end
    }
    if (created > 0) this.#linkCreated(created)
  }

  #linkCreated(count: number): void {
    if (this.#keyRows === undefined) return
    this.#ensure()
    for (let i = 0; i < count; i++) {
      const row = this.#created[i]!
      this.#keyRows.link(row, this.#store.slotOf[row]!)
    }
  }

  /** Sends the late records away, and takes updates one by one between runs of ordinary records. */
  #addSorted(batch: RecordBatch, late: number, out: Output): void {
    const live = late > 0 ? this.#withoutLate(batch, late, out) : batch
    if (live.length === 0) return
    this.#resolve(live)
    const fired = this.#updates === undefined ? WATERMARK_MIN : this.#firedEnd()
    let from = 0
    for (let i = 0; i < live.length; i++) {
      if (this.#router.entersAt[i]! > fired) continue
      this.#addRange(live, from, i)
      this.#update(live, i, fired, out)
      from = i + 1
    }
    this.#addRange(live, from, live.length)
  }

  #addRange(batch: RecordBatch, from: number, to: number): void {
    if (from === to) return
    this.#place(from, to)
    this.#store.add(this.#rows, batch, from, to)
  }

  #withoutLate(batch: RecordBatch, late: number, out: Output): RecordBatch {
    const { starts, entersAt } = this.#router
    const lateRows = new Int32Array(late)
    const liveRows = new Int32Array(batch.length - late)
    let lateCount = 0
    let liveCount = 0
    for (let i = 0; i < batch.length; i++) {
      if (Number.isNaN(entersAt[i]!)) {
        lateRows[lateCount++] = i
        continue
      }
      starts[liveCount] = starts[i]!
      entersAt[liveCount] = entersAt[i]!
      liveRows[liveCount++] = i
    }
    out.emit(gatherBatch(batch, lateRows), LATE_PORT)
    return gatherBatch(batch, liveRows)
  }

  /** End of the last window that has fired, or would have if it had held a row. */
  #firedEnd(): number {
    return Math.max(this.#clock.firedEnd, lastClosedEnd(this.#frame, this.#clock.watermark))
  }

  /** A record that changes windows which have fired. */
  #update(batch: RecordBatch, at: number, fired: number, out: Output): void {
    const start = this.#router.starts[at]!
    const first = this.#router.entersAt[at]!
    const pane = this.#store.panes.find(start, first) ?? this.#store.create(start, first)
    const last = Math.min(pane.lastEnd, fired)
    const slot = this.#slots[at]!
    const watermark = batch.watermarksBefore[at]!
    this.#clock.fired(last)
    if (pane.size === 0) this.#timeline.register(pane)
    this.#updates?.apply({ slot, first, last, watermark }, out, () => {
      const isNew = this.#store.locate(pane, this.#slots, this.#rows, at, at + 1, this.#created, 0)
      const row = this.#rows[at]!
      if (isNew > 0) this.#linkCreated(isNew)
      this.#ensure()
      const isRunning = pane.phase === 'running'
      if (isRunning && isNew === 0) this.#running.beforeChange(row)
      this.#store.add(this.#rows, batch, at, at + 1)
      if (!isRunning) return
      if (isNew > 0) this.#running.rowCreated(row)
      else this.#running.afterChange(row)
    })
  }

  #newPane(start: number, entersAt: number): Pane {
    const pane = this.#store.create(start, entersAt)
    this.#timeline.register(pane)
    return pane
  }

  #fire(end: number, out: Output): void {
    this.#ensure()
    for (const pane of this.#timeline.takeEntering(end)) {
      if (pane.phase === 'waiting') this.#running.enter(pane)
    }
    this.#rowsOut.emit(end, this.#clock.watermark, out)
    this.#clock.fired(end)
    for (const pane of this.#timeline.ending(end)) {
      if (pane.phase === 'running') this.#running.leave(pane)
    }
    if (this.#running.panes > 0) this.#timeline.fireAt(end + this.#frame.slide)
  }

  /** Frees the panes whose last window, ending at `lastEnd`, can not change any more. */
  #retire(lastEnd: number): void {
    const panes = this.#timeline.takeEnding(lastEnd)
    for (const pane of panes) {
      this.#unlinkRows(pane)
      this.#store.retire(pane)
    }
    if (this.#order.isSparse) this.#running.moved(this.#order.compact())
  }

  #linkRows(pane: Pane): void {
    for (let i = 0; i < pane.size; i++) {
      const row = pane.rowAt(i)
      this.#keyRows?.link(row, this.#store.slotOf[row]!)
    }
  }

  #unlinkRows(pane: Pane): void {
    if (this.#keyRows === undefined) return
    for (let i = 0; i < pane.size; i++) {
      const row = pane.rowAt(i)
      this.#keyRows.unlink(row, this.#store.slotOf[row]!)
      if (this.#running.keepsRows) this.#running.drop(row)
    }
  }

  #ensure(): void {
    const rows = this.#store.slotOf.length
    const slots = this.#keys.slotCount
    this.#keyRows?.ensure(rows, slots)
    this.#running.ensure(rows, slots)
  }
}
