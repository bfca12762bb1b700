// IntegerSums: exact sums of int32, int64 and decimal (unscaled) columns, with the count of values
// where someone asks for it (a mean, or a column with nulls).
// A sum lives in a float64 lane while it is within ± (2^53 - 1) and spills to a bigint beyond; a
// spilled lane holds NaN, so that one comparison finds both cases. A sum that comes back within the
// range returns to its lane.
import type { ByteReader, ByteWriter, Column } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { grownFloat64, laneCapacity } from './lanes.ts'

const EXACT_MAX = Number.MAX_SAFE_INTEGER
/** Bits of the flag byte in encoded sums. */
const WIDE = 1

export class IntegerSums {
  /** Values that were added, by row; undefined when they are not counted. */
  counts: Float64Array | undefined
  #sums = new Float64Array(0)
  readonly #wide = new Map<number, bigint>()

  /** @param counted whether values are counted; the bytes of both kinds differ */
  constructor(counted: boolean) {
    this.counts = counted ? new Float64Array(0) : undefined
  }

  get sizeBytes(): number {
    return this.#sums.byteLength + (this.counts?.byteLength ?? 0) + this.#wide.size * 64
  }

  ensureRows(count: number): void {
    const capacity = laneCapacity(this.#sums.length, count)
    if (capacity === this.#sums.length) return
    this.#sums = grownFloat64(this.#sums, capacity)
    if (this.counts !== undefined) this.counts = grownFloat64(this.counts, capacity)
  }

  clear(from: number, to: number): void {
    this.#sums.fill(0, from, to)
    this.counts?.fill(0, from, to)
    if (this.#wide.size === 0) return
    for (let row = from; row < to; row++) this.#wide.delete(row)
  }

  add(rows: Int32Array, column: Column, from: number, to: number): void {
    assert(column.kind === 'integer' || column.kind === 'int32', `a sum over ${column.kind}`)
    const { values, nulls } = column
    if (column.kind === 'integer' && column.wide !== undefined) {
      this.#addWide(rows, column.wide, nulls, from, to)
      return
    }
    const sums = this.#sums
    const counts = this.counts
    for (let i = from; i < to; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue
      const row = rows[i]!
      const value = values[i]!
      const sum = sums[row]! + value
      if (sum >= -EXACT_MAX && sum <= EXACT_MAX) sums[row] = sum
      else this.#set(row, this.total(row) + BigInt(value))
      if (counts !== undefined) counts[row]!++
    }
  }

  merge(targets: Int32Array, source: IntegerSums, sources: Int32Array, count: number): void {
    const sums = this.#sums
    const otherSums = source.#sums
    for (let i = 0; i < count; i++) {
      const target = targets[i]!
      const other = sources[i]!
      const sum = sums[target]! + otherSums[other]!
      if (sum >= -EXACT_MAX && sum <= EXACT_MAX) sums[target] = sum
      else this.#set(target, this.total(target) + source.total(other))
    }
    this.#addCounts(1, targets, source, sources, count)
  }

  retract(targets: Int32Array, source: IntegerSums, sources: Int32Array, count: number): void {
    const sums = this.#sums
    const otherSums = source.#sums
    for (let i = 0; i < count; i++) {
      const target = targets[i]!
      const other = sources[i]!
      const sum = sums[target]! - otherSums[other]!
      if (sum >= -EXACT_MAX && sum <= EXACT_MAX) sums[target] = sum
      else this.#set(target, this.total(target) - source.total(other))
    }
    this.#addCounts(-1, targets, source, sources, count)
  }

  /** The sum of a row where it is exact as float64, else NaN. */
  sumAt(row: number): number {
    return this.#sums[row]!
  }

  /** The exact sum of a row. */
  total(row: number): bigint {
    const sum = this.#sums[row]!
    return Number.isNaN(sum) ? (this.#wide.get(row) ?? 0n) : BigInt(sum)
  }

  encode(row: number, writer: ByteWriter): void {
    const sum = this.#sums[row]!
    if (Math.abs(sum) < 2 ** 51) {
      writer.uint8(0)
      writer.signedVarint(sum)
    } else {
      writer.uint8(WIDE)
      writer.text(this.total(row).toString())
    }
    if (this.counts !== undefined) writer.varint(this.counts[row]!)
  }

  decode(row: number, reader: ByteReader): void {
    if (reader.uint8() === WIDE) this.#set(row, BigInt(reader.text()))
    else this.#sums[row] = reader.signedVarint()
    if (this.counts !== undefined) this.counts[row] = reader.varint()
  }

  #addCounts(
    sign: 1 | -1,
    targets: Int32Array,
    source: IntegerSums,
    sources: Int32Array,
    count: number,
  ): void {
    const own = this.counts
    const others = source.counts
    if (own === undefined || others === undefined) return
    for (let i = 0; i < count; i++) own[targets[i]!]! += sign * others[sources[i]!]!
  }

  #addWide(
    rows: Int32Array,
    values: readonly bigint[],
    nulls: Uint8Array | undefined,
    from: number,
    to: number,
  ): void {
    for (let i = from; i < to; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue
      const row = rows[i]!
      this.#set(row, this.total(row) + (values[i] ?? 0n))
      if (this.counts !== undefined) this.counts[row]!++
    }
  }

  #set(row: number, total: bigint): void {
    const sum = Number(total)
    if (Number.isSafeInteger(sum)) {
      this.#sums[row] = sum
      this.#wide.delete(row)
    } else {
      this.#sums[row] = Number.NaN
      this.#wide.set(row, total)
    }
  }
}
