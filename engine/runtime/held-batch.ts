// HeldBatch: a batch of which some rows wait for their place in the order. A row's place depends on its
// channel alone: its event time, or right behind its channel's watermark where that had passed it.
import {
  ByteWriter,
  concatBatches,
  gatherBatch,
  type RecordBatch,
  sliceBatch,
} from '../batch/index.ts'
import { assert } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { InputPort } from '../operator.ts'

const KEY_BYTES = 34

/** What a row is: given away, waiting, or waiting and in a snapshot. */
const GONE = 0
const NEW = 1
const STORED = 2

/** Rows of several held batches: batch number × BATCH_RECORDS_MAX + row. */
export type HeldRows = Int32Array

export class HeldBatch {
  readonly batch: RecordBatch
  readonly input: InputPort
  /** Rows that wait. */
  waiting: number
  /** Where a row stands; behind the watermark of that time when `isLate`. */
  readonly times: Float64Array
  readonly isLate: Uint8Array
  readonly #states: Uint8Array
  readonly #firstArrival: number
  /** No waiting row stands before it. */
  #least = Number.NEGATIVE_INFINITY

  /** @param arrival ordinal of the first row among all that came */
  constructor(batch: RecordBatch, input: InputPort, arrival: number, isStored = false) {
    this.batch = batch
    this.input = input
    this.waiting = batch.length
    this.#firstArrival = arrival
    this.times = new Float64Array(batch.length)
    this.isLate = new Uint8Array(batch.length)
    this.#states = new Uint8Array(batch.length).fill(isStored ? STORED : NEW)
    for (let row = 0; row < batch.length; row++) {
      const time = batch.eventTimes[row]!
      const before = batch.watermarksBefore[row]!
      this.isLate[row] = time > before ? 0 : 1
      this.times[row] = Math.max(time, before)
    }
  }

  get partition(): number {
    return this.batch.source?.partition ?? -1
  }

  offset(row: number): number {
    return this.batch.source === undefined ? -1 : this.batch.source.offsets[row]!
  }

  arrival(row: number): number {
    return this.#firstArrival + row
  }

  /**
   * Gives away the rows that are due, as codes from `base` on. What stands behind a watermark waits
   * for the next one: others of its place may still come.
   * @param removed gets the keys of those that a snapshot holds
   */
  takeDue(watermark: number, base: number, due: number[], removed: Uint8Array[]): void {
    if (this.#least > watermark) return
    let least = Number.POSITIVE_INFINITY
    for (let row = 0; row < this.times.length; row++) {
      if (this.#states[row] === GONE) continue
      const time = this.times[row]!
      if (this.isLate[row] === 1 ? time < watermark : time <= watermark) {
        due.push(base + row)
        if (this.#states[row] === STORED) removed.push(this.key(row))
        this.#states[row] = GONE
        this.waiting--
      } else if (time < least) least = time
    }
    this.#least = least
  }

  /** The rows that no snapshot holds yet, which count as held by one from now on. */
  takeNew(): { readonly key: Uint8Array; readonly one: RecordBatch }[] {
    const taken: { readonly key: Uint8Array; readonly one: RecordBatch }[] = []
    for (let row = 0; row < this.times.length; row++) {
      if (this.#states[row] !== NEW) continue
      taken.push({ key: this.key(row), one: sliceBatch(this.batch, row, row + 1) })
      this.#states[row] = STORED
    }
    return taken
  }

  /** The bytes by which rows are ordered. */
  key(row: number): Uint8Array {
    const writer = new ByteWriter(KEY_BYTES)
    writer.integerOrdered(this.times[row]!)
    writer.uint8(this.isLate[row]!)
    writer.uint8(this.input)
    writer.integerOrdered(this.partition)
    writer.integerOrdered(this.offset(row))
    writer.integerOrdered(this.arrival(row))
    return writer.toBytes()
  }
}

/** Held batches by number. */
export class HeldOrder {
  readonly #held: readonly HeldBatch[]

  constructor(held: readonly HeldBatch[]) {
    this.#held = held
  }

  /** The batch of a row. */
  of(code: number): HeldBatch {
    const held = this.#held[Math.floor(code / BATCH_RECORDS_MAX)]
    assert(held !== undefined, `row ${code} of ${this.#held.length} held batches`)
    return held
  }

  /** Order of two rows, as of their keys. */
  compare(a: number, b: number): number {
    const one = this.of(a)
    const other = this.of(b)
    const i = a % BATCH_RECORDS_MAX
    const j = b % BATCH_RECORDS_MAX
    return (
      one.times[i]! - other.times[j]! ||
      one.isLate[i]! - other.isLate[j]! ||
      one.input - other.input ||
      one.partition - other.partition ||
      one.offset(i) - other.offset(j) ||
      one.arrival(i) - other.arrival(j)
    )
  }

  /** The rows as one batch, in their order. */
  gather(rows: HeldRows): RecordBatch {
    const numbers = new Map<HeldBatch, number[]>()
    for (let i = 0; i < rows.length; i++) {
      const held = this.of(rows[i]!)
      const known = numbers.get(held)
      if (known === undefined) numbers.set(held, [i])
      else known.push(i)
    }
    const parts: RecordBatch[] = []
    const from = new Int32Array(rows.length)
    let at = 0
    for (const [{ batch }, places] of numbers) {
      const picked = Int32Array.from(places, (place) => rows[place]! % BATCH_RECORDS_MAX)
      parts.push(gatherBatch(batch, picked))
      for (const place of places) from[place] = at++
    }
    const joined = concatBatches(parts)
    return parts.length === 1 ? joined : gatherBatch(joined, from)
  }
}
