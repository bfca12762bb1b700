// SumAccumulators: what sum and mean share: exact sums by row, with their counts where those matter.
// Only the result differs, which is given as a function of the sums.
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import type { Accumulators } from './aggregate.ts'
import { readVersion } from './lanes.ts'

const VERSION = 1

/** What both kinds of sums can do. */
interface Sums<Self> {
  readonly counts: Float64Array | undefined
  readonly sizeBytes: number
  ensureRows(count: number): void
  clear(from: number, to: number): void
  add(rows: Int32Array, column: Column, from: number, to: number): void
  merge(targets: Int32Array, source: Self, sources: Int32Array, count: number): void
  retract(targets: Int32Array, source: Self, sources: Int32Array, count: number): void
  encode(row: number, writer: ByteWriter): void
  decode(row: number, reader: ByteReader): void
}

type SumResult<S> = (sums: S, rows: Int32Array, count: number) => Column

/** Accumulators over one kind of sums. */
export class SumAccumulators<S extends Sums<S>> implements Accumulators {
  readonly #column: number
  readonly #sums: S
  readonly #result: SumResult<S>

  constructor(column: number, sums: S, result: SumResult<S>) {
    this.#column = column
    this.#sums = sums
    this.#result = result
  }

  get sizeBytes(): number {
    return this.#sums.sizeBytes
  }

  ensureRows(count: number): void {
    this.#sums.ensureRows(count)
  }

  clear(from: number, to: number): void {
    this.#sums.clear(from, to)
  }

  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    this.#sums.add(rows, columnAt(batch, this.#column), from, to)
  }

  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    this.#sums.merge(targets, this.#of(source), sources, count)
  }

  retract(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    this.#sums.retract(targets, this.#of(source), sources, count)
  }

  result(rows: Int32Array, count: number): Column {
    return this.#result(this.#sums, rows, count)
  }

  encode(row: number, writer: ByteWriter): void {
    writer.uint8(VERSION)
    this.#sums.encode(row, writer)
  }

  encodeRows(
    rows: Int32Array,
    from: number,
    to: number,
    writer: ByteWriter,
    ends: Int32Array,
  ): void {
    for (let i = from; i < to; i++) {
      this.encode(rows[i]!, writer)
      ends[i - from] = writer.length
    }
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    this.#sums.decode(row, reader)
  }

  /** The sums of accumulators that the same Aggregate made. */
  #of(source: Accumulators): S {
    assert(source instanceof SumAccumulators, 'sums merge sums')
    return source.#sums
  }
}

/** One byte a row, 1 where no value was added; undefined when there is none or none can be. */
export function nullsOf(counts: Float64Array | undefined, rows: Int32Array, count: number) {
  let nulls: Uint8Array | undefined
  if (counts === undefined) return nulls
  for (let i = 0; i < count; i++) {
    if (counts[rows[i]!]! > 0) continue
    nulls ??= new Uint8Array(count)
    nulls[i] = 1
  }
  return nulls
}
