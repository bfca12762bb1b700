// Keys as bytes: how records are partitioned, state is sorted and entities are looked up. Comparing
// two encodings as unsigned bytes compares the keys column by column, nulls first. One string or
// bytes column that is never null is exactly its bytes, as every Kafka client writes such a key.
//
//   columns                 encoding
//   one text, not null      its bytes
//   one text, nullable      00 │ 01 then its bytes
//   any others, each        not null: ordered bytes │ nullable: 00 for null, 01 then ordered bytes
//
// Ordered bytes: see ordered-bytes.ts. Lists and structs can not be keys.
import {
  ByteReader,
  ByteWriter,
  type Column,
  type ColumnBuilder,
  columnAt,
  columnBuilder,
  type Dictionary,
  type DictionaryColumn,
  isNull,
  murmur2Partition,
  type PlainColumn,
  type RecordBatch,
} from '../batch/index.ts'
import { assert, ConfigError } from '../errors.ts'
import { type Field, typeName } from '../schema/index.ts'
import { keyCorrupt, readOrdered, readText, writeOrdered, writeText } from './ordered-bytes.ts'

/** Codec of the keys made of some columns. Holds no state but caches; one thread uses it. */
export interface KeyCodec {
  readonly fields: readonly Field[]
  /**
   * Names the format: keys of two codecs are equal as bytes exactly when they are equal as values
   * if and only if these are equal. For plans and for checks of stored state.
   */
  readonly format: string
  /** Appends the key of a row. `columns` are the key columns, in the order of `fields`. */
  encode(columns: readonly Column[], row: number, writer: ByteWriter): void
  /**
   * Appends the key of values in the form rows have them.
   * @throws BadRecordError VALUE_TYPE
   */
  encodeValues(values: readonly unknown[], writer: ByteWriter): void
  /** @throws StateCorruptError KEY_CORRUPT, BYTES_SHORT unless `bytes` are exactly one key. */
  decode(bytes: Uint8Array): unknown[]
  /** As `decode`; appends value i to `builders[i]`. */
  decodeInto(bytes: Uint8Array, builders: readonly ColumnBuilder[]): void
  /**
   * Kafka's default partition (murmur2) of each record's key: `out[row]`, below `count`.
   * `keyColumns` are the positions of the key columns in the batch.
   */
  partitionRows(
    batch: RecordBatch,
    keyColumns: readonly number[],
    count: number,
    out: Int32Array,
  ): void
}

/** @throws ConfigError KEY_TYPE for no columns, or for a list or struct. */
export function keyCodec(fields: readonly Field[]): KeyCodec {
  const bad = fields.find((field) => field.type.kind === 'list' || field.type.kind === 'struct')
  if (bad !== undefined || fields.length === 0) {
    throw new ConfigError({
      code: 'KEY_TYPE',
      message: 'these columns can not be a key',
      expected: 'one or more columns that are no list and no struct',
      found: bad === undefined ? 'none' : `"${bad.name}" of type ${typeName(bad.type)}`,
      remedy: 'Choose other key columns.',
    })
  }
  return new FieldsKeyCodec(fields)
}

class FieldsKeyCodec implements KeyCodec {
  readonly fields: readonly Field[]
  readonly format: string
  readonly #isText: boolean
  readonly #writer = new ByteWriter(64)
  /** Partition + 1 of each id of a dictionary, 0 where not known yet, for `#cachedCount`. */
  #cached = new WeakMap<Dictionary, Int32Array>()
  #cachedCount = 0

  constructor(fields: readonly Field[]) {
    const [first] = fields
    const isText = first?.type.kind === 'string' || first?.type.kind === 'bytes'
    this.fields = fields
    this.#isText = fields.length === 1 && isText
    const types = fields.map((field) => `${typeName(field.type)}${field.nullable ? '?' : ''}`)
    this.format = `ordered-1(${types.join(',')})`
  }

  encode(columns: readonly Column[], row: number, writer: ByteWriter): void {
    const { fields } = this
    for (let i = 0; i < fields.length; i++) {
      const column = columns[i]
      const field = fields[i]
      assert(column !== undefined && field !== undefined, `${columns.length} key columns`)
      if (field.nullable) {
        const isMissing = isNull(column, row)
        writer.uint8(isMissing ? 0 : 1)
        if (isMissing) continue
      }
      if (this.#isText) writeText(column, row, writer)
      else writeOrdered(column, field.type, row, writer)
    }
  }

  encodeValues(values: readonly unknown[], writer: ByteWriter): void {
    const columns = this.fields.map((field, i) => {
      const builder = columnBuilder(field)
      builder.append(values[i])
      return builder.finish()
    })
    this.encode(columns, 0, writer)
  }

  decode(bytes: Uint8Array): unknown[] {
    const reader = new ByteReader(bytes)
    const values = this.fields.map((field) => this.#read(field, reader))
    if (reader.remaining !== 0) throw keyCorrupt('the end of the key', `${reader.remaining} bytes`)
    return values
  }

  decodeInto(bytes: Uint8Array, builders: readonly ColumnBuilder[]): void {
    assert(builders.length === this.fields.length, `${builders.length} builders of a key`)
    const values = this.decode(bytes)
    for (let i = 0; i < values.length; i++) builders[i]?.append(values[i])
  }

  partitionRows(
    batch: RecordBatch,
    keyColumns: readonly number[],
    count: number,
    out: Int32Array,
  ): void {
    const columns = keyColumns.map((index) => columnAt(batch, index))
    const [first] = columns
    if (columns.length === 1 && first?.kind === 'dictionary') {
      this.#partitionDictionary(first, count, out)
    } else if (this.#isText && first?.kind === 'plain' && first.nulls === undefined) {
      this.#partitionPlain(first, count, out)
    } else {
      this.#partitionEncoded(columns, batch.length, count, out)
    }
  }

  #partitionDictionary(column: DictionaryColumn, count: number, out: Int32Array): void {
    const { ids, dictionary } = column
    const known = this.#knownPartitions(dictionary, count)
    const columns = [column]
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row]!
      const partition = id < 0 ? 0 : known[id]!
      if (partition > 0) {
        out[row] = partition - 1
        continue
      }
      out[row] = this.#partition(columns, row, count)
      if (id >= 0) known[id] = out[row]! + 1
    }
  }

  #knownPartitions(dictionary: Dictionary, count: number): Int32Array {
    if (count !== this.#cachedCount) {
      this.#cached = new WeakMap()
      this.#cachedCount = count
    }
    const known = this.#cached.get(dictionary)
    if (known !== undefined && known.length >= dictionary.size) return known
    const larger = new Int32Array(dictionary.size * 2)
    if (known !== undefined) larger.set(known)
    this.#cached.set(dictionary, larger)
    return larger
  }

  #partitionPlain(column: PlainColumn, count: number, out: Int32Array): void {
    const { offsets, bytes } = column
    const [field] = this.fields
    if (field?.nullable) {
      this.#partitionEncoded([column], offsets.length - 1, count, out)
      return
    }
    for (let row = 0; row < offsets.length - 1; row++) {
      out[row] = murmur2Partition(bytes, offsets[row]!, offsets[row + 1]!, count)
    }
  }

  #partitionEncoded(
    columns: readonly Column[],
    rows: number,
    count: number,
    out: Int32Array,
  ): void {
    for (let row = 0; row < rows; row++) out[row] = this.#partition(columns, row, count)
  }

  #partition(columns: readonly Column[], row: number, count: number): number {
    const writer = this.#writer
    writer.clear()
    this.encode(columns, row, writer)
    return murmur2Partition(writer.bytes, 0, writer.length, count)
  }

  #read(field: Field, reader: ByteReader): unknown {
    if (field.nullable) {
      const mark = reader.uint8()
      if (mark === 0) return null
      if (mark !== 1) throw keyCorrupt('00 or 01 before a nullable column', `${mark}`)
    }
    return this.#isText
      ? readText(field.type, reader.raw(reader.remaining))
      : readOrdered(field.type, reader)
  }
}
