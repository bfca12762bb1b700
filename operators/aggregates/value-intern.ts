// ValueIntern: numbers the distinct values that aggregates hold at the moment, by value, and
// forgets a value when the last holder lets go, so that memory is flat while values come and go.
//
// A value is a number (int32, int64 and decimal within ± 2^53, float64, timestamp, date, bool) or
// bytes (string, bytes; wider integers as text). All NaN are one value, and so are 0 and -0.
// `references[id]` counts holders: whoever stores an id adds 1, and calls `release` when it drops
// it. Cost: one probe a value; a dictionary column costs one array load a record.
import { type Column, type Dictionary, hashBytes, mix32 } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { grownFloat64, grownInt32, grownUint8, laneCapacity } from './lanes.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const bits = new Float64Array(1)
const words = new Int32Array(bits.buffer)
const GARBAGE_BYTES_MIN = 1 << 20

export class ValueIntern {
  /** Holders by id. The array is replaced when it grows. */
  references = new Int32Array(64)
  #numbers = new Float64Array(64)
  /** Byte values: where they begin; -1 for a number, -2 for a free id. */
  #starts = new Int32Array(64)
  #lengths = new Int32Array(64)
  #hashes = new Int32Array(64)
  #table = new Int32Array(128).fill(-1)
  #used = 0
  #size = 0
  #free: number[] = []
  #bytes = new Uint8Array(1024)
  #bytesEnd = 0
  #bytesLive = 0
  /** For the dictionary met last: its ids' value ids, and for a value id the dictionary's id. */
  #dictionary: Dictionary | undefined
  #cached = new Int32Array(0)
  #cachedFor = new Int32Array(0)

  get size(): number {
    return this.#size
  }

  get sizeBytes(): number {
    const lanes = this.#numbers.length * 28 + this.#cached.length * 4
    return lanes + this.#table.length * 4 + this.#bytes.length
  }

  /** True when the id stands for bytes. */
  isBytes(id: number): boolean {
    return this.#starts[id]! >= 0
  }

  number(id: number): number {
    return this.#numbers[id]!
  }

  /** A view of the value's bytes; valid until the next value. */
  bytesOf(id: number): Uint8Array {
    const start = this.#starts[id]!
    return this.#bytes.subarray(start, start + this.#lengths[id]!)
  }

  /** Writes the id of each value of rows [from, to) into `ids`; -1 for null. */
  ofColumn(column: Column, from: number, to: number, ids: Int32Array): void {
    const { nulls } = column
    switch (column.kind) {
      case 'integer':
        if (column.wide !== undefined) this.#ofWide(column.wide, nulls, from, to, ids)
        else this.#ofNumbers(column.values, nulls, from, to, ids)
        return
      case 'int32':
      case 'float64':
      case 'bool':
        this.#ofNumbers(column.values, nulls, from, to, ids)
        return
      case 'dictionary':
        this.#ofDictionary(column.dictionary, column.ids, nulls, from, to, ids)
        return
      case 'plain':
        for (let i = from; i < to; i++) {
          const isNull = nulls !== undefined && nulls[i] === 1
          ids[i] = isNull
            ? -1
            : this.ofBytes(column.bytes, column.offsets[i]!, column.offsets[i + 1]!)
        }
        return
      default:
        assert(false, `values of a ${column.kind} column`)
    }
  }

  ofNumber(value: number): number {
    bits[0] = Number.isNaN(value) ? Number.NaN : value + 0
    const hash = mix32(words[0]! ^ Math.imul(words[1]!, -1640531527))
    const table = this.#table
    const mask = table.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const id = table[at]!
      if (id < 0) break
      if (this.#hashes[id] !== hash || this.#starts[id]! >= 0) continue
      const known = this.#numbers[id]!
      if (known === value || (Number.isNaN(known) && Number.isNaN(value))) return id
    }
    const id = this.#newId(hash)
    this.#numbers[id] = value + 0
    this.#starts[id] = -1
    return id
  }

  ofBytes(source: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(source, start, end)
    const mask = this.#table.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const id = this.#table[at]!
      if (id < 0) break
      if (this.#hashes[id] === hash && this.#equals(id, source, start, end)) return id
    }
    const id = this.#newId(hash)
    this.#starts[id] = this.#store(source, start, end)
    this.#lengths[id] = end - start
    return id
  }

  /** A whole number of any size. */
  ofBigint(value: bigint): number {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return this.ofNumber(number)
    const text = encoder.encode(value.toString())
    return this.ofBytes(text, 0, text.length)
  }

  /** The whole number that `ofBigint` was given. */
  bigint(id: number): bigint {
    if (!this.isBytes(id)) return BigInt(this.#numbers[id]!)
    return BigInt(decoder.decode(this.bytesOf(id)))
  }

  retain(id: number): void {
    this.references[id]!++
  }

  /** One holder less; without holders the id is forgotten and will be reused. */
  release(id: number): void {
    const left = --this.references[id]!
    if (left > 0) return
    assert(left === 0, `value ${id} was released too often`)
    this.#unlink(id)
    if (this.#starts[id]! >= 0) this.#bytesLive -= this.#lengths[id]!
    if (id < this.#cachedFor.length) this.#cachedFor[id] = -1
    this.#starts[id] = -2
    this.#free.push(id)
    this.#size--
    const garbage = this.#bytesEnd - this.#bytesLive
    if (garbage > GARBAGE_BYTES_MIN && garbage > this.#bytesLive) this.#compact()
  }

  #ofNumbers(
    values: ArrayLike<number>,
    nulls: Uint8Array | undefined,
    from: number,
    to: number,
    ids: Int32Array,
  ): void {
    for (let i = from; i < to; i++) {
      ids[i] = nulls !== undefined && nulls[i] === 1 ? -1 : this.ofNumber(values[i]!)
    }
  }

  #ofWide(
    values: readonly bigint[],
    nulls: Uint8Array | undefined,
    from: number,
    to: number,
    ids: Int32Array,
  ): void {
    for (let i = from; i < to; i++) {
      ids[i] = nulls !== undefined && nulls[i] === 1 ? -1 : this.ofBigint(values[i] ?? 0n)
    }
  }

  #ofDictionary(
    dictionary: Dictionary,
    from: Int32Array,
    nulls: Uint8Array | undefined,
    start: number,
    end: number,
    ids: Int32Array,
  ): void {
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary
      this.#cached = new Int32Array(laneCapacity(0, dictionary.size))
      this.#cachedFor.fill(-1)
    } else if (dictionary.size > this.#cached.length) {
      this.#cached = grownInt32(this.#cached, laneCapacity(this.#cached.length, dictionary.size))
    }
    const cached = this.#cached
    for (let i = start; i < end; i++) {
      const own = from[i]!
      if (own < 0 || (nulls !== undefined && nulls[i] === 1)) {
        ids[i] = -1
        continue
      }
      const known = cached[own]!
      if (known < this.#cachedFor.length && this.#cachedFor[known] === own) {
        ids[i] = known
        continue
      }
      const { bytes, offsets } = dictionary
      const id = this.ofBytes(bytes, offsets[own]!, offsets[own + 1]!)
      if (id >= this.#cachedFor.length) {
        const length = this.#cachedFor.length
        this.#cachedFor = grownInt32(this.#cachedFor, laneCapacity(length, id + 1)).fill(-1, length)
      }
      cached[own] = id
      this.#cachedFor[id] = own
      ids[i] = id
    }
  }

  #equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const own = this.#starts[id]!
    if (own < 0 || this.#lengths[id] !== end - start) return false
    for (let i = start, at = own; i < end; i++, at++) {
      if (this.#bytes[at] !== source[i]) return false
    }
    return true
  }

  #newId(hash: number): number {
    const id = this.#free.pop() ?? this.#used++
    if (id >= this.#numbers.length) {
      const capacity = laneCapacity(this.#numbers.length, id + 1)
      this.#numbers = grownFloat64(this.#numbers, capacity)
      this.#starts = grownInt32(this.#starts, capacity)
      this.#lengths = grownInt32(this.#lengths, capacity)
      this.#hashes = grownInt32(this.#hashes, capacity)
      this.references = grownInt32(this.references, capacity)
    }
    this.#size++
    this.#hashes[id] = hash
    this.references[id] = 0
    if (this.#size * 2 > this.#table.length) this.#rehash(id)
    this.#place(id)
    return id
  }

  #place(id: number): void {
    const mask = this.#table.length - 1
    let at = this.#hashes[id]! & mask
    while (this.#table[at]! >= 0) at = (at + 1) & mask
    this.#table[at] = id
  }

  #rehash(except: number): void {
    const old = this.#table
    this.#table = new Int32Array(old.length * 2).fill(-1)
    for (const id of old) if (id >= 0 && id !== except) this.#place(id)
  }

  /**
   * Takes the id out of the hash table; entries behind it move up, so that no gap breaks a probe.
   */
  #unlink(id: number): void {
    const table = this.#table
    const mask = table.length - 1
    let gap = this.#hashes[id]! & mask
    while (table[gap] !== id) gap = (gap + 1) & mask
    for (let at = (gap + 1) & mask; table[at]! >= 0; at = (at + 1) & mask) {
      const home = this.#hashes[table[at]!]! & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      table[gap] = table[at]!
      gap = at
    }
    table[gap] = -1
  }

  #store(source: Uint8Array, start: number, end: number): number {
    const at = this.#bytesEnd
    const needed = at + end - start
    if (needed > this.#bytes.length) {
      this.#bytes = grownUint8(this.#bytes, laneCapacity(this.#bytes.length, needed))
    }
    for (let i = start, to = at; i < end; i++, to++) this.#bytes[to] = source[i]!
    this.#bytesEnd = needed
    this.#bytesLive += end - start
    return at
  }

  #compact(): void {
    const kept = new Uint8Array(Math.max(1024, this.#bytesLive * 2))
    let end = 0
    for (let id = 0; id < this.#used; id++) {
      if (this.#starts[id]! < 0) continue
      kept.set(this.bytesOf(id), end)
      this.#starts[id] = end
      end += this.#lengths[id]!
    }
    this.#bytes = kept
    this.#bytesEnd = end
  }
}
