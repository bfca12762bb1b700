// OrderingBuffer: holds the records of several channels back until the watermark has passed them and
// releases them in the order (event time, input, source task, source position), so that an operator
// whose result depends on order sees the same order whatever way the channels interleaved. A record
// that its own channel's watermark had passed stands behind that watermark instead, so that its place
// too depends on its channel alone: nothing that comes later can belong before what was released.
// Each record keeps the watermark of its own channel, so a released batch's watermarks may fall.
//
//   row of the table: key = time i64, 1 behind the watermark of that time else 0 u8, input u8,
//   partition i64, offset i64, arrival i64 · value = one encoded record

import type { RecordBatch } from '../batch/index.ts'
import { ByteReader } from '../batch/index.ts'
import { decodeBatch, encodeBatch } from '../codec/index.ts'
import type { Watermark } from '../element.ts'
import { assert } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { InputPort, Operator, OperatorContext, Output } from '../operator.ts'
import type { Schema } from '../schema/index.ts'
import type { SegmentWriter, StateTable, TableFormat } from '../state/index.ts'
import { HeldBatch, HeldOrder, type HeldRows } from './held-batch.ts'

export class OrderingBuffer implements Operator, StateTable {
  readonly name = 'held'
  readonly format: TableFormat = { version: 2 }
  #held: HeldBatch[] = []
  #removed: Uint8Array[] = []
  #arrivals = 0
  readonly #schemas: readonly Schema<unknown>[]
  readonly #hasTimers: boolean
  readonly #restoredRows: { key: Uint8Array; value: Uint8Array }[] = []

  /**
   * @param schemas of the inputs, in their order
   * @param hasTimers between records of different times the watermark goes along, so that timers fire
   *   at their place among the records however far one watermark jumps
   */
  constructor(schemas: readonly Schema<unknown>[], hasTimers = false) {
    this.#schemas = schemas
    this.#hasTimers = hasTimers
  }

  get rows(): number {
    return this.#held.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  get sizeBytes(): number {
    return this.rows * 256
  }

  open(context: OperatorContext): void {
    context.addTable(this)
  }

  onBatch(batch: RecordBatch, input: InputPort): void {
    this.#held.push(new HeldBatch(batch, input, this.#arrivals))
    this.#arrivals += batch.length
  }

  onWatermark(watermark: Watermark, out: Output): void {
    this.#release(watermark.time, out)
    out.watermark(watermark.time)
  }

  onEnd(out: Output): void {
    this.#release(Number.POSITIVE_INFINITY, out)
  }

  snapshot(segment: SegmentWriter): void {
    const added = this.#held.flatMap((held) => held.takeNew())
    const changes = [...this.#removed.map((key) => ({ key, one: undefined })), ...added]
    for (const { key, one } of changes.sort((a, b) => Buffer.compare(a.key, b.key))) {
      if (one === undefined) {
        segment.delete(key)
        continue
      }
      segment.beginKey()
      segment.bytes.raw(key)
      segment.beginValue()
      encodeBatch(one, segment.bytes)
      segment.end()
    }
    this.#removed = []
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    this.#restoredRows.push({ key: key.slice(), value: value.slice() })
  }

  restored(): void {
    for (const { key, value } of this.#restoredRows.splice(0)) {
      const reader = new ByteReader(key)
      reader.integerOrdered()
      reader.uint8()
      const input = reader.uint8()
      reader.integerOrdered()
      reader.integerOrdered()
      const arrival = reader.integerOrdered()
      this.#arrivals = Math.max(this.#arrivals, arrival + 1)
      const schema = this.#schemas[input]
      assert(schema !== undefined, `ordering buffer: no schema of input ${input}`)
      this.#held.push(new HeldBatch(decodeBatch(value, schema), input, arrival, true))
    }
  }

  #release(watermark: number, out: Output): void {
    const codes: number[] = []
    this.#held.forEach((held, at) => {
      held.takeDue(watermark, at * BATCH_RECORDS_MAX, codes, this.#removed)
    })
    if (codes.length === 0) return
    const order = new HeldOrder(this.#held)
    this.#held = this.#held.filter(({ waiting }) => waiting > 0)
    const due = Int32Array.from(codes).sort((a, b) => order.compare(a, b))
    for (let from = 0; from < due.length; ) {
      const to = this.#endOfRun(due, from, order)
      const held = order.of(due[from]!)
      if (this.#hasTimers) {
        const row = due[from]! % BATCH_RECORDS_MAX
        const time = held.times[row]!
        out.watermark(held.isLate[row] === 1 ? time : time - 1)
      }
      out.emit(order.gather(due.subarray(from, to)), held.input)
      from = to
    }
  }

  /** The end of the rows from `from` on that leave as one batch. */
  #endOfRun(due: HeldRows, from: number, order: HeldOrder): number {
    const first = order.of(due[from]!)
    const row = due[from]! % BATCH_RECORDS_MAX
    const end = Math.min(due.length, from + BATCH_RECORDS_MAX)
    let to = from + 1
    for (; to < end; to++) {
      const other = order.of(due[to]!)
      if (other.input !== first.input) break
      const at = due[to]! % BATCH_RECORDS_MAX
      const isTogether =
        other.times[at] === first.times[row] && other.isLate[at] === first.isLate[row]
      if (this.#hasTimers && !isTogether) break
    }
    return to
  }
}
