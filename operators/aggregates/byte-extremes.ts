// ByteExtremes: least or greatest string or byte string, by unsigned bytes. Values are interned, so
// a row holds a number and equal values are stored once; see `extremes.ts` for the rules.
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  columnAt,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import type { Accumulators } from './aggregate.ts'
import { grownInt32, laneCapacity, readVersion } from './lanes.ts'
import { ValueIntern } from './value-intern.ts'

const VERSION = 1

export class ByteExtremes implements Accumulators {
  readonly #column: number
  readonly #direction: -1 | 1
  readonly #intern = new ValueIntern()
  /** Value id + 1 by row; 0 = empty. */
  #values = new Int32Array(0)

  constructor(column: number, direction: -1 | 1) {
    this.#column = column
    this.#direction = direction
  }

  get sizeBytes(): number {
    return this.#values.byteLength + this.#intern.sizeBytes
  }

  ensureRows(count: number): void {
    const capacity = laneCapacity(this.#values.length, count)
    if (capacity > this.#values.length) this.#values = grownInt32(this.#values, capacity)
  }

  clear(from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const stored = this.#values[row]!
      if (stored === 0) continue
      this.#values[row] = 0
      this.#intern.release(stored - 1)
    }
  }

  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    const column = columnAt(batch, this.#column)
    for (let i = from; i < to; i++) {
      if (column.nulls !== undefined && column.nulls[i] === 1) continue
      if (column.kind === 'plain') {
        this.#take(rows[i]!, column.bytes, column.offsets[i]!, column.offsets[i + 1]!)
      } else {
        assert(column.kind === 'dictionary', `an extreme of a ${column.kind} column`)
        const id = column.ids[i]!
        if (id < 0) continue
        const { bytes, offsets } = column.dictionary
        this.#take(rows[i]!, bytes, offsets[id]!, offsets[id + 1]!)
      }
    }
  }

  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void {
    assert(source instanceof ByteExtremes, 'extremes merge extremes')
    for (let i = 0; i < count; i++) {
      const stored = source.#values[sources[i]!]!
      if (stored === 0) continue
      const bytes = source.#intern.bytesOf(stored - 1)
      this.#take(targets[i]!, bytes, 0, bytes.length)
    }
  }

  result(rows: Int32Array, count: number): Column {
    const offsets = new Int32Array(count + 1)
    let nulls: Uint8Array | undefined
    for (let i = 0; i < count; i++) {
      const stored = this.#values[rows[i]!]!
      const length = stored === 0 ? 0 : this.#intern.bytesOf(stored - 1).length
      offsets[i + 1] = offsets[i]! + length
      if (stored > 0) continue
      nulls ??= new Uint8Array(count)
      nulls[i] = 1
    }
    const bytes = new Uint8Array(offsets[count]!)
    for (let i = 0; i < count; i++) {
      const stored = this.#values[rows[i]!]!
      if (stored > 0) bytes.set(this.#intern.bytesOf(stored - 1), offsets[i]!)
    }
    return { kind: 'plain', offsets, bytes, nulls }
  }

  encode(row: number, writer: ByteWriter): void {
    const stored = this.#values[row]!
    writer.uint8(VERSION)
    writer.uint8(stored === 0 ? 0 : 1)
    if (stored > 0) writer.block(this.#intern.bytesOf(stored - 1))
  }

  decode(row: number, reader: ByteReader): void {
    readVersion(reader, VERSION)
    if (reader.uint8() === 0) return
    const bytes = reader.block()
    this.#take(row, bytes, 0, bytes.length)
  }

  #take(row: number, bytes: Uint8Array, start: number, end: number): void {
    const stored = this.#values[row]!
    if (stored > 0) {
      const order = compareBytes(bytes, start, end, this.#intern.bytesOf(stored - 1))
      if (order * this.#direction <= 0) return
    }
    const id = this.#intern.ofBytes(bytes, start, end)
    this.#intern.retain(id)
    this.#values[row] = id + 1
    if (stored > 0) this.#intern.release(stored - 1)
  }
}

/** Order of `a[start .. end)` against `b`, by unsigned bytes. */
function compareBytes(a: Uint8Array, start: number, end: number, b: Uint8Array): number {
  const length = Math.min(end - start, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[start + i]! - b[i]!
    if (difference !== 0) return difference
  }
  return end - start - b.length
}
