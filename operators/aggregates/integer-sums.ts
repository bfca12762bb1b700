// IntegerSums: exact sums of int32, int64 and decimal (unscaled) columns with the count of values.
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
  /** Values that were added, by row. */
  counts = new Float64Array(0)
  #sums = new Float64Array(0)
  readonly #wide = new Map<number, bigint>()

  get sizeBytes(): number {
    return this.#sums.length * 16 + this.#wide.size * 64
  }

  ensureRows(count: number): void {
    const capacity = laneCapacity(this.#sums.length, count)
    if (capacity === this.#sums.length) return
    this.#sums = grownFloat64(this.#sums, capacity)
    this.counts = grownFloat64(this.counts, capacity)
  }

  clear(from: number, to: number): void {
    this.#sums.fill(0, from, to)
    this.counts.fill(0, from, to)
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
      counts[row]!++
    }
  }

  merge(targets: Int32Array, source: IntegerSums, sources: Int32Array, count: number): void {
    const sums = this.#sums
    const counts = this.counts
    const otherSums = source.#sums
    const otherCounts = source.counts
    for (let i = 0; i < count; i++) {
      const target = targets[i]!
      const other = sources[i]!
      const sum = sums[target]! + otherSums[other]!
      if (sum >= -EXACT_MAX && sum <= EXACT_MAX) sums[target] = sum
      else this.#set(target, this.total(target) + source.total(other))
      counts[target]! += otherCounts[other]!
    }
  }

  retract(targets: Int32Array, source: IntegerSums, sources: Int32Array, count: number): void {
    const sums = this.#sums
    const counts = this.counts
    const otherSums = source.#sums
    const otherCounts = source.counts
    for (let i = 0; i < count; i++) {
      const target = targets[i]!
      const other = sources[i]!
      const sum = sums[target]! - otherSums[other]!
      if (sum >= -EXACT_MAX && sum <= EXACT_MAX) sums[target] = sum
      else this.#set(target, this.total(target) - source.total(other))
      counts[target]! -= otherCounts[other]!
    }
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
    writer.varint(this.counts[row]!)
  }

  decode(row: number, reader: ByteReader): void {
    if (reader.uint8() === WIDE) this.#set(row, BigInt(reader.text()))
    else this.#sums[row] = reader.signedVarint()
    this.counts[row] = reader.varint()
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
      this.counts[row]!++
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
