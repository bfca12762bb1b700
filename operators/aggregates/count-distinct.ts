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
import { CLASS_BITS } from './multiset-cells.ts'
import { ValueIntern } from './value-intern.ts'
import { type CellPlaces, ValueMultisets } from './value-multiset.ts'

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
  #places = places(64)
  readonly #row = new Int32Array(1)
  readonly #end = new Int32Array(1)

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
    this.#row[0] = row
    this.encodeRows(this.#row, 0, 1, writer, this.#end)
  }

  encodeRows(
    rows: Int32Array,
    from: number,
    to: number,
    writer: ByteWriter,
    ends: Int32Array,
  ): void {
    if (this.#places.infos.length < to - from) this.#places = places(to - from)
    const { infos, starts, ends: cellEnds } = this.#places
    this.#sets.locate(rows, from, to, this.#places)
    for (let i = 0; i < to - from; i++) {
      const info = infos[i]!
      writer.uint8(VERSION)
      writer.varint(info >> CLASS_BITS)
      this.#encodeCells(this.#sets.cellsAt(info), starts[i]!, cellEnds[i]!, writer)
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

  #encodeCells(cells: Int32Array, start: number, end: number, writer: ByteWriter): void {
    for (let at = start; at < end; at += 2) {
      const stored = cells[at]!
      if (stored === 0) continue
      this.#encodeValue(stored - 1, writer)
      writer.varint(cells[at + 1]!)
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

function places(count: number): CellPlaces {
  return {
    infos: new Int32Array(count),
    starts: new Int32Array(count),
    ends: new Int32Array(count),
  }
}
