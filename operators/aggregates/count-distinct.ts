// countDistinct: exact number of different values of a column that are not null; numbers by value,
// strings by bytes. Results are int64. State is a multiset a row, so that panes can leave a window.
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import { type Field, type Schema, typeName } from '../../engine/schema/index.ts'
import type { Accumulators, Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { inputOf, readVersion, typeMismatch } from './lanes.ts'
import { ValueIntern } from './value-intern.ts'
import { ValueMultisets, type ValuePairs } from './value-multiset.ts'

const VERSION = 1
const Kind = { integer: 0, float: 1, bytes: 2 } as const

/** Counts different values, exactly: `countDistinct('restaurant_id')`. */
export function countDistinct<const C extends string>(
  column: C,
): AggregateDescriptor<'count-distinct', C> {
  return { kind: 'count-distinct', column }
}

export const countDistinctKind: AggregateKind = {
  resultField(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>): Field {
    const { field } = inputOf(descriptor, input)
    const { kind } = field.type
    if (kind === 'list' || kind === 'struct') {
      throw typeMismatch('count-distinct', field, 'a column of single values')
    }
    return { name, type: { kind: 'int64' }, nullable: false }
  },
  instantiate(name, descriptor, input): Aggregate {
    const { index, field } = inputOf(descriptor, input)
    const intern = new ValueIntern()
    return {
      field: countDistinctKind.resultField(name, descriptor, input),
      layout: `count-distinct(${typeName(field.type)})`,
      invertible: true,
      create: (use) => new DistinctAccumulators(index, intern, use === 'running' ? 2 : 1),
    }
  },
}

class DistinctAccumulators implements Accumulators {
  readonly #column: number
  readonly #sets: ValueMultisets
  readonly #ids = new Int32Array(BATCH_RECORDS_MAX)
  readonly #pairs: ValuePairs = { ids: new Int32Array(64), counts: new Int32Array(64) }
  readonly #singles: ValuePairs = { ids: new Int32Array(64), counts: new Int32Array(64) }

  constructor(column: number, intern: ValueIntern, inlineClass: number) {
    this.#column = column
    this.#sets = new ValueMultisets(intern, inlineClass)
  }

  get sizeBytes(): number {
    return this.#sets.sizeBytes + this.#sets.intern.sizeBytes
  }

  ensureRows(count: number): void {
    this.#sets.ensureRows(count)
  }

  clear(from: number, to: number): void {
    this.#sets.clear(from, to)
  }

  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    this.#sets.intern.ofColumn(columnAt(batch, this.#column), from, to, this.#ids)
    this.#sets.add(rows, this.#ids, from, to)
  }

  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    this.#sets.merge(targets, this.#setsOf(source), sources, count)
  }

  retract(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    this.#sets.retract(targets, this.#setsOf(source), sources, count)
  }

  result(rows: Int32Array, count: number): Column {
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) values[i] = this.#sets.sizeOf(rows[i]!)
    return { kind: 'integer', values, wide: undefined, nulls: undefined }
  }

  encode(row: number, writer: ByteWriter): void {
    writer.uint8(VERSION)
    writer.varint(this.#sets.sizeOf(row))
    const count = this.#sets.pairs(row, this.#pairs)
    for (let i = 0; i < count; i++) {
      this.#encodeValue(this.#pairs.ids[i]!, writer)
      writer.varint(this.#pairs.counts[i]!)
    }
  }

  encodeRows(
    rows: Int32Array,
    from: number,
    to: number,
    writer: ByteWriter,
    ends: Int32Array,
  ): void {
    const pairs = pairsFor(this.#singles, to - from)
    this.#sets.singles(rows, from, to, pairs)
    for (let i = 0; i < to - from; i++) {
      const id = pairs.ids[i]!
      if (id < 0) this.encode(rows[from + i]!, writer)
      else {
        writer.uint8(VERSION)
        writer.uint8(1)
        this.#encodeValue(id, writer)
        writer.varint(pairs.counts[i]!)
      }
      ends[i] = writer.length
    }
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    const size = reader.varint()
    for (let i = 0; i < size; i++) {
      const id = this.#decodeValue(reader)
      this.#sets.increase(row, id, reader.varint())
    }
  }

  #encodeValue(id: number, writer: ByteWriter): void {
    const { intern } = this.#sets
    if (intern.isBytes(id)) {
      writer.uint8(Kind.bytes)
      writer.block(intern.bytesOf(id))
      return
    }
    const value = intern.number(id)
    const isInteger = Math.abs(value) < 2 ** 51 && Number.isInteger(value)
    writer.uint8(isInteger ? Kind.integer : Kind.float)
    if (isInteger) writer.signedVarint(value)
    else writer.float64(value)
  }

  #decodeValue(reader: ByteReader): number {
    const { intern } = this.#sets
    const kind = reader.uint8()
    if (kind === Kind.integer) return intern.ofNumber(reader.signedVarint())
    if (kind === Kind.float) return intern.ofNumber(reader.float64())
    const bytes = reader.block()
    return intern.ofBytes(bytes, 0, bytes.length)
  }

  #setsOf(source: Accumulators): ValueMultisets {
    assert(source instanceof DistinctAccumulators, 'countDistinct merges its own kind')
    assert(source.#sets.intern === this.#sets.intern, 'both come from one Aggregate')
    return source.#sets
  }
}

function pairsFor(pairs: ValuePairs, count: number): ValuePairs {
  if (count > pairs.ids.length) {
    pairs.ids = new Int32Array(count)
    pairs.counts = new Int32Array(count)
  }
  return pairs
}
