// OrderingBuffer: holds the records of several channels back until the watermark has passed them and
// releases them in the order (event time, input, source task, source position), so that an operator
// whose result depends on order sees the same order whatever way the channels interleaved. Records
// that are late already are released at the next watermark, in the same order among themselves. Each
// record keeps the watermark of its own channel, so a released batch's watermarks may fall (law 4).
//
//   row of the table: key = event time i64, input u8, partition i64, offset i64, arrival i64 ·
//   value = one encoded record
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

interface Held {
  readonly key: Uint8Array
  readonly batch: RecordBatch
  readonly input: InputPort
  isStored: boolean
}

export class OrderingBuffer implements Operator, StateTable {
  readonly name = 'held'
  readonly format: TableFormat = { version: 1 }
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
      const key = orderKey(batch, row, input, this.#arrivals++)
      this.#held.push({ key, batch: sliceBatch(batch, row, row + 1), input, isStored: false })
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
      reader.integerOrdered()
      const input = reader.uint8()
      reader.integerOrdered()
      reader.integerOrdered()
      this.#arrivals = Math.max(this.#arrivals, reader.integerOrdered() + 1)
      const schema = this.#schemas[input]
      assert(schema !== undefined, `ordering buffer: no schema of input ${input}`)
      this.#held.push({ key, batch: decodeBatch(value, schema), input, isStored: true })
    }
  }

  #release(watermark: number, out: Output): void {
    const due = this.#held.filter((held) => held.batch.eventTimes[0]! <= watermark)
    if (due.length === 0) return
    this.#held = this.#held.filter((held) => held.batch.eventTimes[0]! > watermark)
    due.sort((a, b) => Buffer.compare(a.key, b.key))
    for (const held of due) if (held.isStored) this.#removed.push(held.key)
    for (let from = 0; from < due.length; ) {
      const input = due[from]?.input ?? 0
      let to = from
      const time = timeOf(due[from])
      while (to < due.length && due[to]?.input === input && to - from < BATCH_RECORDS_MAX) {
        if (this.#hasTimers && timeOf(due[to]) !== time) break
        to++
      }
      if (this.#hasTimers) out.watermark(time - 1)
      out.emit(concatBatches(due.slice(from, to).map((held) => held.batch)), input)
      from = to
    }
  }
}

function timeOf(held: Held | undefined): number {
  return held?.batch.eventTimes[0] ?? Number.NaN
}

function orderKey(batch: RecordBatch, row: number, input: number, arrival: number): Uint8Array {
  const writer = new ByteWriter(33)
  writer.integerOrdered(batch.eventTimes[row]!)
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
