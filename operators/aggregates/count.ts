// count: records, or values of a column that are not null. Results are int64.
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { columnIndex, type Field, type Schema } from '../../engine/schema/index.ts'
import type { Accumulators, Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { grownFloat64, laneCapacity, readVersion } from './lanes.ts'

const VERSION = 1

/** Counts records: `count()`; or values that are not null: `count('coupon')`. */
export function count(): AggregateDescriptor<'count', undefined>
export function count<const C extends string>(column: C): AggregateDescriptor<'count', C>
export function count(column?: string): AggregateDescriptor {
  return column === undefined ? { kind: 'count' } : { kind: 'count', column }
}

export const countKind: AggregateKind = {
  resultField: (name: string): Field => ({ name, type: { kind: 'int64' }, nullable: false }),
  instantiate(name, descriptor, input: Schema<unknown>): Aggregate {
    const column =
      descriptor.column === undefined ? undefined : columnIndex(input, descriptor.column)
    return {
      field: countKind.resultField(name, descriptor, input),
      layout: descriptor.column === undefined ? 'count' : 'count(column)',
      invertible: true,
      create: () => new CountAccumulators(column),
    }
  },
}

class CountAccumulators implements Accumulators {
  readonly #column: number | undefined
  #counts = new Float64Array(0)

  constructor(column: number | undefined) {
    this.#column = column
  }

  get sizeBytes(): number {
    return this.#counts.byteLength
  }

  ensureRows(rows: number): void {
    const capacity = laneCapacity(this.#counts.length, rows)
    if (capacity > this.#counts.length) this.#counts = grownFloat64(this.#counts, capacity)
  }

  clear(from: number, to: number): void {
    this.#counts.fill(0, from, to)
  }

  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    const counts = this.#counts
    const nulls = this.#column === undefined ? undefined : columnAt(batch, this.#column).nulls
    if (nulls === undefined) {
      for (let i = from; i < to; i++) counts[rows[i]!]!++
    } else {
      for (let i = from; i < to; i++) counts[rows[i]!]! += 1 - nulls[i]!
    }
  }

  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, rows: number): void {
    assert(source instanceof CountAccumulators, 'count merges counts')
    const counts = this.#counts
    const others = source.#counts
    for (let i = 0; i < rows; i++) counts[targets[i]!]! += others[sources[i]!]!
  }

  retract(targets: Int32Array, source: Accumulators, sources: Int32Array, rows: number): void {
    assert(source instanceof CountAccumulators, 'count retracts counts')
    const counts = this.#counts
    const others = source.#counts
    for (let i = 0; i < rows; i++) counts[targets[i]!]! -= others[sources[i]!]!
  }

  result(rows: Int32Array, length: number): Column {
    const values = new Float64Array(length)
    for (let i = 0; i < length; i++) values[i] = this.#counts[rows[i]!]!
    return { kind: 'integer', values, wide: undefined, nulls: undefined }
  }

  encode(row: number, writer: ByteWriter): void {
    writer.uint8(VERSION)
    writer.varint(this.#counts[row]!)
  }

  encodeRows(
    rows: Int32Array,
    from: number,
    to: number,
    writer: ByteWriter,
    ends: Int32Array,
  ): void {
    const counts = this.#counts
    for (let i = from; i < to; i++) {
      writer.uint8(VERSION)
      writer.varint(counts[rows[i]!]!)
      ends[i - from] = writer.length
    }
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    this.#counts[row] = reader.varint()
  }
}
