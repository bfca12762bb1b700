// mean: the exact sum divided by the count of values, null without any.
//
//   int32, int64   float64: the exact sum, rounded once, divided by the count
//   float64        the same
//   decimal(p,s)   decimal(38, max(s, 6)), rounded half up (away from zero), as Flink's AVG
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { type DataType, type Field, type Schema, typeName } from '../../engine/schema/index.ts'
import type { Accumulators, Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { FloatSums } from './float-sums.ts'
import { IntegerSums } from './integer-sums.ts'
import { inputOf, readVersion, typeMismatch } from './lanes.ts'
import { nullsOf } from './sum.ts'

const VERSION = 1
const SCALE_MIN = 6

/** Arithmetic mean of a numeric column: `mean('order_total')`. */
export function mean<const C extends string>(column: C): AggregateDescriptor<'mean', C> {
  return { kind: 'mean', column }
}

export const meanKind: AggregateKind = {
  resultField(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>): Field {
    const { field } = inputOf(descriptor, input)
    return { name, type: meanType(field), nullable: field.nullable }
  },
  instantiate(name, descriptor, input): Aggregate {
    const { index, field } = inputOf(descriptor, input)
    const { type } = field
    const digits = type.kind === 'decimal' ? Math.max(type.scale, SCALE_MIN) - type.scale : -1
    return {
      field: meanKind.resultField(name, descriptor, input),
      layout: `mean(${typeName(type)})`,
      invertible: true,
      create: () =>
        type.kind === 'float64' ? new FloatMeans(index) : new IntegerMeans(index, digits),
    }
  },
}

function meanType(field: Field): DataType {
  const { type } = field
  switch (type.kind) {
    case 'int32':
    case 'int64':
    case 'float64':
      return { kind: 'float64' }
    case 'decimal':
      return { kind: 'decimal', precision: 38, scale: Math.max(type.scale, SCALE_MIN) }
    default:
      throw typeMismatch('mean', field, 'int32, int64, float64 or decimal')
  }
}

class FloatMeans implements Accumulators {
  readonly #column: number
  readonly #sums = new FloatSums()

  constructor(column: number) {
    this.#column = column
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
    assert(source instanceof FloatMeans, 'mean merges means')
    this.#sums.merge(targets, source.#sums, sources, count)
  }

  retract(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    assert(source instanceof FloatMeans, 'mean retracts means')
    this.#sums.retract(targets, source.#sums, sources, count)
  }

  result(rows: Int32Array, count: number): Column {
    const { counts } = this.#sums
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      if (counts[row]! > 0) values[i] = this.#sums.value(row) / counts[row]!
    }
    return { kind: 'float64', values, nulls: nullsOf(counts, rows, count) }
  }

  encode(row: number, writer: ByteWriter): void {
    writer.uint8(VERSION)
    this.#sums.encode(row, writer)
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    this.#sums.decode(row, reader)
  }
}

class IntegerMeans implements Accumulators {
  readonly #column: number
  /** Decimal digits that the result has more than the input, or -1 for a float64 result. */
  readonly #digits: number
  readonly #sums = new IntegerSums(true)

  constructor(column: number, digits: number) {
    this.#column = column
    this.#digits = digits
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
    assert(source instanceof IntegerMeans, 'mean merges means')
    this.#sums.merge(targets, source.#sums, sources, count)
  }

  retract(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    assert(source instanceof IntegerMeans, 'mean retracts means')
    this.#sums.retract(targets, source.#sums, sources, count)
  }

  result(rows: Int32Array, count: number): Column {
    const counts = this.#counts()
    const nulls = nullsOf(counts, rows, count)
    if (this.#digits >= 0) return this.#decimals(rows, count, nulls)
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      if (counts[row]! > 0) values[i] = Number(this.#sums.total(row)) / counts[row]!
    }
    return { kind: 'float64', values, nulls }
  }

  encode(row: number, writer: ByteWriter): void {
    writer.uint8(VERSION)
    this.#sums.encode(row, writer)
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    this.#sums.decode(row, reader)
  }

  #counts(): Float64Array {
    const { counts } = this.#sums
    assert(counts !== undefined, 'a mean counts its values')
    return counts
  }

  #decimals(rows: Int32Array, count: number, nulls: Uint8Array | undefined): Column {
    const factor = 10n ** BigInt(this.#digits)
    const counts = this.#counts()
    const exact: bigint[] = []
    const values = new Float64Array(count)
    let anyWide = false
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      const parts = counts[row]!
      const unscaled = parts > 0 ? halfUp(this.#sums.total(row) * factor, BigInt(parts)) : 0n
      exact.push(unscaled)
      values[i] = Number(unscaled)
      if (!Number.isSafeInteger(values[i]!)) anyWide = true
    }
    return { kind: 'integer', values, wide: anyWide ? exact : undefined, nulls }
  }
}

/** `dividend` / `divisor` (> 0), rounded to nearest, ties away from zero. */
function halfUp(dividend: bigint, divisor: bigint): bigint {
  const magnitude = ((dividend < 0n ? -dividend : dividend) * 2n + divisor) / (divisor * 2n)
  return dividend < 0n ? -magnitude : magnitude
}
