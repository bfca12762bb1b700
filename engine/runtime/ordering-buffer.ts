// OrderingBuffer: holds the records of several channels back until the watermark has passed them and
// releases them in the order (event time, input, source task, source position), so that an operator
// whose result depends on order sees the same order whatever way the channels interleaved. A record
// that its own channel's watermark had passed stands behind that watermark instead, so that its place
// too depends on its channel alone: nothing that comes later can belong before what was released.
// Each record keeps the watermark of its own channel, so a released batch's watermarks may fall.
//
//   row of the table: key = time i64, 1 behind the watermark of that time else 0 u8, input u8,
//   partition i64, offset i64, arrival i64 · value = one encoded record
import {
  ByteReader,
  ByteWriter,
  concatBatches,
  type RecordBatch,
  sliceBatch,
} from '../batch/index.ts'
import { decodeBatch, encodeBatch } from '../codec/index.ts'
import type { Watermark } from '../element.ts'
import { assert } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { InputPort, Operator, OperatorContext, Output } from '../operator.ts'
import type { Schema } from '../schema/index.ts'
import type { SegmentWriter, StateTable, TableFormat } from '../state/index.ts'

/** A place in the order: at a time, or right behind the watermark of that time. */
interface Place {
  readonly time: number
  readonly isLate: boolean
}

interface Held extends Place {
  readonly key: Uint8Array
  readonly batch: RecordBatch
  readonly input: InputPort
  isStored: boolean
}

export class OrderingBuffer implements Operator, StateTable {
  readonly name = 'held'
  readonly format: TableFormat = { version: 2 }
  #held: Held[] = []
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
    return this.#held.length
  }

  get sizeBytes(): number {
    return this.#held.length * 256
  }

  open(context: OperatorContext): void {
    context.addTable(this)
  }

  onBatch(batch: RecordBatch, input: InputPort): void {
    for (let row = 0; row < batch.length; row++) {
      const place = placeOf(batch, row)
      const key = orderKey(place, batch, row, input, this.#arrivals++)
      const one = sliceBatch(batch, row, row + 1)
      this.#held.push({ ...place, key, batch: one, input, isStored: false })
    }
  }

  onWatermark(watermark: Watermark, out: Output): void {
    this.#release(watermark.time, out)
    out.watermark(watermark.time)
  }

  onEnd(out: Output): void {
    this.#release(Number.POSITIVE_INFINITY, out)
  }

  snapshot(segment: SegmentWriter): void {
    this.#removed.sort(Buffer.compare)
    const changes = [
      ...this.#removed.map((key) => ({ key, held: undefined })),
      ...this.#held.filter((held) => !held.isStored).map((held) => ({ key: held.key, held })),
    ].sort((a, b) => Buffer.compare(a.key, b.key))
    for (const { key, held } of changes) {
      if (held === undefined) segment.delete(key)
      else writeHeld(segment, held)
    }
    this.#removed = []
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    this.#restoredRows.push({ key: key.slice(), value: value.slice() })
  }

  restored(): void {
    for (const { key, value } of this.#restoredRows.splice(0)) {
      const reader = new ByteReader(key)
      const time = reader.integerOrdered()
      const isLate = reader.uint8() === 1
      const input = reader.uint8()
      reader.integerOrdered()
      reader.integerOrdered()
      this.#arrivals = Math.max(this.#arrivals, reader.integerOrdered() + 1)
      const schema = this.#schemas[input]
      assert(schema !== undefined, `ordering buffer: no schema of input ${input}`)
      const batch = decodeBatch(value, schema)
      this.#held.push({ time, isLate, key, batch, input, isStored: true })
    }
  }

  #release(watermark: number, out: Output): void {
    const due = this.#held.filter((held) => isDue(held, watermark))
    if (due.length === 0) return
    this.#held = this.#held.filter((held) => !isDue(held, watermark))
    due.sort((a, b) => Buffer.compare(a.key, b.key))
    for (const held of due) if (held.isStored) this.#removed.push(held.key)
    for (let from = 0; from < due.length; ) {
      const to = this.#endOfRun(due, from)
      const first = due[from]
      if (first === undefined) break
      if (this.#hasTimers) out.watermark(first.isLate ? first.time : first.time - 1)
      out.emit(concatBatches(due.slice(from, to).map((held) => held.batch)), first.input)
      from = to
    }
  }

  /** The end of the records from `from` on that leave as one batch. */
  #endOfRun(due: readonly Held[], from: number): number {
    const first = due[from]
    const isAlike = (held: Held | undefined) =>
      held?.input === first?.input &&
      (!this.#hasTimers || (held?.time === first?.time && held?.isLate === first?.isLate))
    let to = from + 1
    while (to < due.length && to - from < BATCH_RECORDS_MAX && isAlike(due[to])) to++
    return to
  }
}

function placeOf(batch: RecordBatch, row: number): Place {
  const time = batch.eventTimes[row]!
  const before = batch.watermarksBefore[row]!
  return time > before ? { time, isLate: false } : { time: before, isLate: true }
}

/** What has its place behind a watermark waits for the next: others of its place may still come. */
function isDue({ time, isLate }: Place, watermark: number): boolean {
  return isLate ? time < watermark : time <= watermark
}

function orderKey(
  { time, isLate }: Place,
  batch: RecordBatch,
  row: number,
  input: number,
  arrival: number,
): Uint8Array {
  const writer = new ByteWriter(34)
  writer.integerOrdered(time)
  writer.uint8(isLate ? 1 : 0)
  writer.uint8(input)
  writer.integerOrdered(batch.source?.partition ?? -1)
  writer.integerOrdered(batch.source?.offsets[row] ?? -1)
  writer.integerOrdered(arrival)
  return writer.toBytes()
}

function writeHeld(segment: SegmentWriter, held: Held): void {
  held.isStored = true
  segment.beginKey()
  segment.bytes.raw(held.key)
  segment.beginValue()
  encodeBatch(held.batch, segment.bytes)
  segment.end()
}
