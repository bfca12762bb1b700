// Minimum, maximum and null count of the columns of one file, gathered batch by batch. One class a
// physical layout; dictionary columns mark the ids they use and compare each value once a file.
// Bools, bytes and list items have a null count only, as in files of other writers.
import {
  type Column,
  columnLength,
  type Dictionary,
  type DictionaryColumn,
  type IntegerColumn,
  type PlainColumn,
} from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import type { DataType } from '../../engine/schema/index.ts'
import {
  dateText,
  decimalText,
  doubleText,
  stringMaxText,
  stringMinText,
  timestampText,
} from './statistics-text.ts'

/** Statistics of one leaf column. `nulls` in calls has 1 where the value or a parent is null. */
export interface ColumnStatistics {
  nullCount: number
  add(column: Column, nulls: Uint8Array | undefined): void
  /** JSON text of the bounds; undefined where there is none. */
  min(): string | undefined
  max(): string | undefined
}

export function columnStatistics(type: DataType): ColumnStatistics {
  switch (type.kind) {
    case 'int32':
    case 'date':
    case 'timestamp':
    case 'float64':
      return new NumberStatistics(type)
    case 'int64':
      return new IntegerStatistics(0)
    case 'decimal':
      return new IntegerStatistics(type.scale)
    case 'string':
      return new StringStatistics()
    default:
      return new NullStatistics()
  }
}

export function countNulls(nulls: Uint8Array | undefined): number {
  let count = 0
  if (nulls !== undefined) for (let i = 0; i < nulls.length; i++) count += nulls[i]!
  return count
}

class NullStatistics implements ColumnStatistics {
  nullCount = 0

  add(_column: Column, nulls: Uint8Array | undefined): void {
    this.nullCount += countNulls(nulls)
  }

  min(): undefined {}
  max(): undefined {}
}

class NumberStatistics implements ColumnStatistics {
  nullCount = 0
  readonly #type: DataType
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  #hasNaN = false

  constructor(type: DataType) {
    this.#type = type
  }

  add(column: Column, nulls: Uint8Array | undefined): void {
    assert(column.kind === 'int32' || column.kind === 'float64', `numbers, not ${column.kind}`)
    const values = column.values
    let min = this.#min
    let max = this.#max
    let hasNaN = false
    for (let i = 0; i < values.length; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue
      const value = values[i]!
      if (value < min) min = value
      if (value > max) max = value
      if (Number.isNaN(value)) hasNaN = true
    }
    this.#min = min
    this.#max = max
    this.#hasNaN ||= hasNaN
    this.nullCount += countNulls(nulls)
  }

  min(): string | undefined {
    return this.#text(this.#min, 'min')
  }

  max(): string | undefined {
    return this.#text(this.#max, 'max')
  }

  #text(value: number, side: 'min' | 'max'): string | undefined {
    if (this.#min > this.#max) return undefined
    switch (this.#type.kind) {
      case 'date':
        return quoted(dateText(value))
      case 'timestamp':
        return quoted(timestampText(value, side === 'min' ? 'floor' : 'ceil'))
      case 'float64':
        // Some readers sort NaN above all numbers, some below: no bound holds for both.
        return this.#hasNaN ? undefined : doubleText(value, side)
      default:
        return String(value)
    }
  }
}

class IntegerStatistics implements ColumnStatistics {
  nullCount = 0
  readonly #scale: number
  #min: bigint | undefined
  #max: bigint | undefined

  constructor(scale: number) {
    this.#scale = scale
  }

  add(column: Column, nulls: Uint8Array | undefined): void {
    assert(column.kind === 'integer', `integers, not ${column.kind}`)
    if (column.wide === undefined) this.#addNarrow(column, nulls)
    else this.#addWide(column.wide, nulls)
    this.nullCount += countNulls(nulls)
  }

  #addNarrow({ values }: IntegerColumn, nulls: Uint8Array | undefined): void {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (let i = 0; i < values.length; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue
      const value = values[i]!
      if (value < min) min = value
      if (value > max) max = value
    }
    if (min <= max) this.#widen(BigInt(min), BigInt(max))
  }

  #addWide(values: readonly bigint[], nulls: Uint8Array | undefined): void {
    values.forEach((value, i) => {
      if (nulls?.[i] !== 1) this.#widen(value, value)
    })
  }

  #widen(low: bigint, high: bigint): void {
    if (this.#min === undefined || low < this.#min) this.#min = low
    if (this.#max === undefined || high > this.#max) this.#max = high
  }

  min(): string | undefined {
    return this.#min === undefined ? undefined : decimalText(this.#min, this.#scale)
  }

  max(): string | undefined {
    return this.#max === undefined ? undefined : decimalText(this.#max, this.#scale)
  }
}

class StringStatistics implements ColumnStatistics {
  nullCount = 0
  #min: Uint8Array | undefined
  #max: Uint8Array | undefined
  #dictionary: Dictionary | undefined
  #used = new Uint8Array(0)

  add(column: Column, nulls: Uint8Array | undefined): void {
    if (column.kind === 'dictionary') this.#mark(column, nulls)
    else {
      assert(column.kind === 'plain', `strings, not ${column.kind}`)
      this.#addPlain(column, nulls)
    }
    this.nullCount += countNulls(nulls)
  }

  min(): string | undefined {
    this.#fold()
    return this.#min && stringMinText(this.#min)
  }

  max(): string | undefined {
    this.#fold()
    return this.#max && stringMaxText(this.#max)
  }

  #mark({ ids, dictionary }: DictionaryColumn, nulls: Uint8Array | undefined): void {
    if (dictionary !== this.#dictionary) {
      this.#fold()
      this.#dictionary = dictionary
      this.#used = new Uint8Array(dictionary.size)
    } else if (dictionary.size > this.#used.length) {
      const larger = new Uint8Array(Math.max(dictionary.size, this.#used.length * 2))
      larger.set(this.#used)
      this.#used = larger
    }
    const used = this.#used
    for (let i = 0; i < ids.length; i++) {
      if (nulls === undefined || nulls[i] === 0) used[ids[i]!] = 1
    }
  }

  /** Compares the values marked so far. */
  #fold(): void {
    const dictionary = this.#dictionary
    if (dictionary === undefined) return
    const used = this.#used
    for (let id = used.indexOf(1); id >= 0; id = used.indexOf(1, id + 1)) {
      this.#take(dictionary.bytes, dictionary.offsets[id]!, dictionary.offsets[id + 1]!)
    }
    used.fill(0)
    this.#dictionary = undefined
  }

  #addPlain({ offsets, bytes }: PlainColumn, nulls: Uint8Array | undefined): void {
    for (let i = 0; i + 1 < offsets.length; i++) {
      if (nulls === undefined || nulls[i] === 0) this.#take(bytes, offsets[i]!, offsets[i + 1]!)
    }
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    const isLowest = this.#min === undefined || compareRange(bytes, start, end, this.#min) < 0
    if (isLowest) this.#min = bytes.slice(start, end)
    const isHighest = this.#max === undefined || compareRange(bytes, start, end, this.#max) > 0
    if (isHighest) this.#max = bytes.slice(start, end)
  }
}

/** Order of UTF-8 bytes, which is the order of code points. */
function compareRange(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const common = Math.min(end - start, other.length)
  for (let i = 0; i < common; i++) {
    const difference = bytes[start + i]! - other[i]!
    if (difference !== 0) return difference
  }
  return end - start - other.length
}

function quoted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `"${text}"`
}

/** Rows where the value itself or its parent is null. */
export function joinNulls(column: Column, parent: Uint8Array | undefined): Uint8Array | undefined {
  const { nulls } = column
  if (parent === undefined || nulls === undefined) return nulls ?? parent
  const joined = new Uint8Array(columnLength(column))
  for (let i = 0; i < joined.length; i++) joined[i] = nulls[i]! | parent[i]!
  return joined
}
