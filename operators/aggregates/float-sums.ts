// FloatSums: exact sums of float64 values, so that no order of adding, merging or retracting shows.
//
//   row = expansion of at most 4 non-overlapping float64 (Shewchuk 1997, Python's fsum), smallest
//   first; beyond that, or when a partial sum would overflow, an exact integer of units 2^-1074.
//
// NaN, +Infinity and -Infinity are counted apart. A result is rounded once; an exact zero is +0.
// Adding costs at most 4 two-sums; a spilled row costs a bigint addition.
import type { ByteReader, ByteWriter, Column } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { fromUnits, toUnits } from './exact-float.ts'
import { grownFloat64, grownUint8, laneCapacity } from './lanes.ts'

const PARTS = 4
const SPILLED = 255
/** Two finite summands below this can't overflow. */
const SAFE_MAX = 2 ** 1020

/** Counts of values that are not finite. */
interface Specials {
  nan: number
  positive: number
  negative: number
}

export class FloatSums {
  /** Values that were added, by row. */
  counts = new Float64Array(0)
  #parts = new Float64Array(0)
  #sizes = new Uint8Array(0)
  readonly #units = new Map<number, bigint>()
  readonly #specials = new Map<number, Specials>()

  get sizeBytes(): number {
    const maps = this.#units.size * 350 + this.#specials.size * 80
    return this.#sizes.length * (8 * PARTS + 9) + maps
  }

  ensureRows(count: number): void {
    const capacity = laneCapacity(this.#sizes.length, count)
    if (capacity === this.#sizes.length) return
    this.#parts = grownFloat64(this.#parts, capacity * PARTS)
    this.#sizes = grownUint8(this.#sizes, capacity)
    this.counts = grownFloat64(this.counts, capacity)
  }

  clear(from: number, to: number): void {
    this.#sizes.fill(0, from, to)
    this.counts.fill(0, from, to)
    if (this.#units.size + this.#specials.size === 0) return
    for (let row = from; row < to; row++) {
      this.#units.delete(row)
      this.#specials.delete(row)
    }
  }

  add(rows: Int32Array, column: Column, from: number, to: number): void {
    assert(column.kind === 'float64', `a float sum over ${column.kind}`)
    const { values, nulls } = column
    for (let i = from; i < to; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue
      const row = rows[i]!
      this.#add(row, values[i]!, 1)
      this.counts[row]!++
    }
  }

  merge(targets: Int32Array, source: FloatSums, sources: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#combine(targets[i]!, source, sources[i]!, 1)
  }

  retract(targets: Int32Array, source: FloatSums, sources: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#combine(targets[i]!, source, sources[i]!, -1)
  }

  /** The sum, rounded once. */
  value(row: number): number {
    const specials = this.#specials.get(row)
    if (specials !== undefined) {
      if (specials.nan > 0) return Number.NaN
      if (specials.positive > 0) {
        return specials.negative > 0 ? Number.NaN : Number.POSITIVE_INFINITY
      }
      if (specials.negative > 0) return Number.NEGATIVE_INFINITY
    }
    if (this.#sizes[row] === SPILLED) return fromUnits(this.#units.get(row) ?? 0n)
    return this.#rounded(row)
  }

  encode(row: number, writer: ByteWriter): void {
    const size = this.#sizes[row]!
    const specials = this.#specials.get(row)
    writer.varint(this.counts[row]!)
    writer.uint8(size)
    if (size === SPILLED) writer.text((this.#units.get(row) ?? 0n).toString(16))
    else for (let i = 0; i < size; i++) writer.float64(this.#parts[row * PARTS + i]!)
    writer.uint8(specials === undefined ? 0 : 1)
    if (specials === undefined) return
    writer.varint(specials.nan)
    writer.varint(specials.positive)
    writer.varint(specials.negative)
  }

  decode(row: number, reader: ByteReader): void {
    this.counts[row] = reader.varint()
    const size = reader.uint8()
    if (size === SPILLED) {
      const text = reader.text()
      const units = text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
      this.#units.set(row, units)
      this.#sizes[row] = SPILLED
    } else {
      for (let i = 0; i < size; i++) this.#add(row, reader.float64(), 1)
    }
    if (reader.uint8() === 0) return
    const [nan, positive, negative] = [reader.varint(), reader.varint(), reader.varint()]
    this.#specials.set(row, { nan, positive, negative })
  }

  #combine(target: number, source: FloatSums, other: number, sign: 1 | -1): void {
    this.counts[target]! += sign * source.counts[other]!
    const size = source.#sizes[other]!
    if (size === SPILLED) {
      const units = source.#units.get(other) ?? 0n
      this.#addUnits(target, sign > 0 ? units : -units)
    } else {
      for (let i = 0; i < size; i++) {
        this.#add(target, sign * source.#parts[other * PARTS + i]!, sign)
      }
    }
    const specials = source.#specials.get(other)
    if (specials === undefined) return
    const { nan, positive, negative } = specials
    this.#count(target, sign * nan, sign * positive, sign * negative)
  }

  #add(row: number, value: number, sign: number): void {
    if (!Number.isFinite(value)) {
      if (Number.isNaN(value)) this.#count(row, sign, 0, 0)
      else this.#count(row, 0, value > 0 ? 1 : 0, value > 0 ? 0 : 1)
      return
    }
    const size = this.#sizes[row]!
    if (size === SPILLED) {
      this.#addUnits(row, toUnits(value))
      return
    }
    const parts = this.#parts
    const base = row * PARTS
    if (
      Math.abs(value) >= SAFE_MAX ||
      (size > 0 && Math.abs(parts[base + size - 1]!) >= SAFE_MAX)
    ) {
      this.#addUnits(row, toUnits(value))
      return
    }
    let kept = 0
    let sum = value
    for (let i = 0; i < size; i++) {
      const part = parts[base + i]!
      const high = sum + part
      const shadow = high - sum
      const low = sum - (high - shadow) + (part - shadow)
      if (low !== 0) parts[base + kept++] = low
      sum = high
    }
    if (sum !== 0) {
      if (kept === PARTS) {
        this.#sizes[row] = kept
        this.#addUnits(row, toUnits(sum))
        return
      }
      parts[base + kept++] = sum
    }
    this.#sizes[row] = kept
  }

  /** Adds to the exact integer; turns the expansion into one first. */
  #addUnits(row: number, units: bigint): void {
    let total = units
    const size = this.#sizes[row]!
    if (size === SPILLED) total += this.#units.get(row) ?? 0n
    else for (let i = 0; i < size; i++) total += toUnits(this.#parts[row * PARTS + i]!)
    this.#units.set(row, total)
    this.#sizes[row] = SPILLED
  }

  #count(row: number, nan: number, positive: number, negative: number): void {
    const specials = this.#specials.get(row) ?? { nan: 0, positive: 0, negative: 0 }
    specials.nan += nan
    specials.positive += positive
    specials.negative += negative
    if (specials.nan + specials.positive + specials.negative === 0) this.#specials.delete(row)
    else this.#specials.set(row, specials)
  }

  /** The expansion's value to nearest, ties to even: from the largest part down (fsum). */
  #rounded(row: number): number {
    const parts = this.#parts
    const base = row * PARTS
    let i = this.#sizes[row]! - 1
    if (i < 0) return 0
    let high = parts[base + i]!
    let low = 0
    while (i > 0) {
      const whole = high
      const part = parts[base + --i]!
      high = whole + part
      low = part - (high - whole)
      if (low !== 0) break
    }
    // A tie was rounded by `low` alone: the part below it decides the direction.
    if (i > 0 && low < 0 === parts[base + i - 1]! < 0 && low !== 0) {
      const twice = low * 2
      const moved = high + twice
      if (twice === moved - high) high = moved
    }
    return high
  }
}
