// ColumnBuffer: one column of the batch that is being decoded, as typed arrays that readers write
// into by row. One class for all kinds, so that the scanner's loads stay monomorphic; arrays that a
// kind does not use stay empty. Arrays are fresh for each batch; only dictionaries live on.
//
// Strings begin in a dictionary. When a sample of STRING_SAMPLE values, or a full generation, shows
// mostly new values, the column turns plain for good.
import { type Column, Dictionary } from '../batch/index.ts'
import { assert } from '../errors.ts'
import type { Field } from '../schema/index.ts'

/** Values after which a string column chooses between dictionary and plain. */
export const STRING_SAMPLE = 16_384
/** The share of new values in the sample above which a column turns plain. */
const NEW_SHARE_MAX = 0.95
/** Mean bytes of a value above which a dictionary does not pay. */
const MEAN_BYTES_MAX = 256

const NO_BYTES = new Uint8Array(0)
const NO_INTS = new Int32Array(0)
const NO_NUMBERS = new Float64Array(0)

export class ColumnBuffer {
  readonly field: Field
  readonly children: readonly ColumnBuffer[]
  /** integer, float64 and timestamp values. */
  numbers = NO_NUMBERS
  /** int32 and date values, dictionary ids, or the offsets of plain strings and lists. */
  ints = NO_INTS
  /** bool values. */
  flags = NO_BYTES
  /** The bytes of plain strings. */
  bytes = NO_BYTES
  /** Empty until the batch has a null. */
  nulls = NO_BYTES
  /** Absent for plain strings, and for what is not a string. */
  dictionary: Dictionary | undefined
  #capacity = 0
  #wideRows: number[] = []
  #wideValues: bigint[] = []
  #seen = 0

  constructor(field: Field) {
    this.field = field
    const { type } = field
    const inner = type.kind === 'list' ? [type.item] : type.kind === 'struct' ? type.fields : []
    this.children = inner.map((child) => new ColumnBuffer(child))
    if (isText(field)) this.dictionary = new Dictionary()
  }

  /** Begins a batch of at most `capacity` rows (more are made room for by `reserve`). */
  begin(capacity: number): void {
    this.#capacity = 0
    const bytesBefore = this.bytes.length
    this.numbers = NO_NUMBERS
    this.ints = NO_INTS
    this.flags = NO_BYTES
    this.nulls = NO_BYTES
    this.bytes = NO_BYTES
    this.#wideRows = []
    this.#wideValues = []
    if (isText(this.field) && this.dictionary === undefined) {
      this.bytes = new Uint8Array(Math.min(bytesBefore, capacity * 64))
    }
    for (const child of this.children) child.begin(this.field.type.kind === 'list' ? 16 : capacity)
    this.reserve(capacity)
  }

  /** Makes room for `rows` rows. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    const capacity = Math.max(rows, this.#capacity * 2)
    this.#capacity = capacity
    if (this.nulls.length > 0) this.nulls = grown(this.nulls, capacity)
    switch (this.field.type.kind) {
      case 'bool':
        this.flags = grown(this.flags, capacity)
        return
      case 'int32':
      case 'date':
        this.ints = grownInts(this.ints, capacity)
        return
      case 'string':
      case 'bytes':
      case 'list':
        this.ints = grownInts(this.ints, capacity + 1)
        return
      case 'struct':
        return
      default: {
        const numbers = new Float64Array(capacity)
        numbers.set(this.numbers)
        this.numbers = numbers
      }
    }
  }

  /** Makes room for `count` bytes after those of the rows before `row`. */
  reserveBytes(row: number, count: number): void {
    const needed = this.ints[row]! + count
    if (needed > this.bytes.length) {
      this.bytes = grown(this.bytes, Math.max(needed, this.bytes.length * 2, 256))
    }
  }

  /** Sets a string's or bytes' value to `source[start .. end)`. */
  setBytes(row: number, source: Uint8Array, start: number, end: number): void {
    this.reserve(row + 1)
    if (this.dictionary !== undefined) {
      this.ints[row] = this.dictionary.intern(source, start, end)
      return
    }
    this.reserveBytes(row, end - start)
    const at = this.ints[row]!
    this.bytes.set(source.subarray(start, end), at)
    this.ints[row + 1] = at + end - start
  }

  /** Sets an int64's or decimal's unscaled value beyond ± (2^53 - 1). */
  setWide(row: number, value: bigint): void {
    this.reserve(row + 1)
    this.numbers[row] = Number(value)
    this.#wideRows.push(row)
    this.#wideValues.push(value)
  }

  /** Sets a row to null, with the value 0 or an empty range below it; struct children too. */
  setNull(row: number): void {
    this.reserve(row + 1)
    if (this.nulls.length === 0) this.nulls = new Uint8Array(this.#capacity)
    this.nulls[row] = 1
    switch (this.field.type.kind) {
      case 'bool':
        this.flags[row] = 0
        return
      case 'int32':
      case 'date':
        this.ints[row] = 0
        return
      case 'string':
      case 'bytes':
        if (this.dictionary !== undefined) this.ints[row] = -1
        else this.ints[row + 1] = this.ints[row]!
        return
      case 'list':
        this.ints[row + 1] = this.ints[row]!
        return
      case 'struct':
        for (const child of this.children) child.setNull(row)
        return
      default:
        this.numbers[row] = 0
    }
  }

  /** Forgets what was written for `row` and after: the row is written again or rejected. */
  clearFrom(row: number): void {
    if (this.nulls.length > 0) this.nulls.fill(0, row)
    while (this.#wideRows.length > 0 && (this.#wideRows.at(-1) ?? 0) >= row) {
      this.#wideRows.pop()
      this.#wideValues.pop()
    }
    if (this.children.length === 0) return
    const from = this.field.type.kind === 'list' ? (this.ints[row] ?? 0) : row
    for (const child of this.children) child.clearFrom(from)
  }

  /** The rows [0, length) as a column. The buffer must `begin` again before the next row. */
  finish(length: number): Column {
    const nulls = this.nulls.length === 0 ? undefined : this.#nullsOf(length)
    switch (this.field.type.kind) {
      case 'bool':
        return { kind: 'bool', values: trimmed(this.flags, length), nulls }
      case 'int32':
      case 'date':
        return { kind: 'int32', values: trimmed(this.ints, length), nulls }
      case 'float64':
      case 'timestamp':
        return { kind: 'float64', values: trimmed(this.numbers, length), nulls }
      case 'int64':
      case 'decimal': {
        const values = trimmed(this.numbers, length)
        return { kind: 'integer', values, wide: this.#wideOf(values), nulls }
      }
      case 'string':
      case 'bytes':
        return this.#finishText(length, nulls)
      case 'list': {
        const [items] = this.children
        assert(items !== undefined, 'a list has items')
        const offsets = trimmed(this.ints, length + 1)
        return { kind: 'list', offsets, items: items.finish(offsets[length]!), nulls }
      }
      case 'struct':
        return {
          kind: 'struct',
          fields: this.children.map((child) => child.finish(length)),
          length,
          nulls,
        }
    }
  }

  #finishText(length: number, nulls: Uint8Array | undefined): Column {
    const { dictionary } = this
    if (dictionary === undefined) {
      const offsets = trimmed(this.ints, length + 1)
      return { kind: 'plain', offsets, bytes: trimmed(this.bytes, offsets[length]!), nulls }
    }
    this.#seen += length
    this.#chooseLayout(dictionary)
    return { kind: 'dictionary', ids: trimmed(this.ints, length), dictionary, nulls }
  }

  /** Decides what the next batch is written into. */
  #chooseLayout(dictionary: Dictionary): void {
    const { size, full } = dictionary
    if (!full && this.#seen < STRING_SAMPLE && dictionary.bytesUsed < 1 << 20) return
    const isLong = dictionary.bytesUsed > size * MEAN_BYTES_MAX && dictionary.bytesUsed >= 1 << 20
    const share = full ? 0.5 : NEW_SHARE_MAX
    const isSampleDone = full || (this.#seen >= STRING_SAMPLE && this.#seen < STRING_SAMPLE * 2)
    if (isLong || (isSampleDone && size > this.#seen * share)) this.dictionary = undefined
    else if (full) {
      this.dictionary = new Dictionary()
      this.#seen = 0
    }
  }

  /** `nulls` of the finished rows, or nothing when a null was taken back. */
  #nullsOf(length: number): Uint8Array | undefined {
    const nulls = trimmed(this.nulls, length)
    return nulls.includes(1) ? nulls : undefined
  }

  #wideOf(values: Float64Array): readonly bigint[] | undefined {
    if (this.#wideRows.length === 0) return undefined
    const wide = Array.from(values, (value) => (Number.isSafeInteger(value) ? BigInt(value) : 0n))
    this.#wideRows.forEach((row, i) => {
      wide[row] = this.#wideValues[i] ?? 0n
    })
    return wide
  }
}

function isText(field: Field): boolean {
  return field.type.kind === 'string' || field.type.kind === 'bytes'
}

function trimmed<A extends Uint8Array | Int32Array | Float64Array>(array: A, length: number): A
function trimmed(array: Uint8Array | Int32Array | Float64Array, length: number) {
  return array.length === length ? array : array.subarray(0, length)
}

function grown(bytes: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(capacity)
  larger.set(bytes)
  return larger
}

function grownInts(ints: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity)
  larger.set(ints)
  return larger
}
