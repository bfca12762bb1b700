// Dictionary: distinct byte strings numbered 0, 1, 2, … in order of first appearance, interned by
// their bytes. Bounded: when it is full its owner begins a new one (a new generation); batches keep
// the dictionary that they were made with, so ids never change meaning.
import { assert } from '../errors.ts'
import { DICTIONARY_BYTES_MAX, DICTIONARY_VALUES_MAX } from '../limits.ts'
import { hashBytes } from './hash.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

export class Dictionary {
  /** Number of values. */
  size = 0
  /** All values one after another; value i is `bytes[offsets[i] .. offsets[i + 1])`. */
  bytes = new Uint8Array(1024)
  offsets = new Int32Array(65)
  /** Pairs of id and hash: a look-up that misses touches one place of memory. */
  #table = new Int32Array(256).fill(-1)
  #strings: (string | undefined)[] = []

  /**
   * True when the next generation should begin. Interning goes on to work up to twice the bound.
   */
  get full(): boolean {
    return this.size >= DICTIONARY_VALUES_MAX || this.bytesUsed >= DICTIONARY_BYTES_MAX
  }

  get bytesUsed(): number {
    return this.offsets[this.size]!
  }

  /** The id of `source[start .. end)`, new or known. The bytes are copied when new. */
  intern(source: Uint8Array, start: number, end: number): number {
    return this.internHashed(source, start, end, hashBytes(source, start, end))
  }

  /** As `intern`, for callers that computed `hashBytes` on their way. */
  internHashed(source: Uint8Array, start: number, end: number, hash: number): number {
    const table = this.#table
    const mask = table.length - 1
    const length = end - start
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const id = table[at]!
      if (id < 0) break
      if (table[at + 1] !== hash) continue
      const from = this.offsets[id]!
      if (this.offsets[id + 1]! - from !== length) continue
      const own = this.bytes
      let i = 0
      while (i < length && own[from + i] === source[start + i]) i++
      if (i === length) return id
    }
    return this.#add(source, start, end, hash)
  }

  /** The id of a string, new or known. */
  internString(value: string): number {
    const bytes = encoder.encode(value)
    return this.intern(bytes, 0, bytes.length)
  }

  /** The id of `source[start .. end)`, or -1. */
  find(source: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(source, start, end)
    const table = this.#table
    const mask = table.length - 1
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const id = table[at]!
      if (id < 0) return -1
      if (table[at + 1] === hash && this.#equals(id, source, start, end)) return id
    }
  }

  /** The value as a string; decoded once. */
  string(id: number): string {
    const known = this.#strings[id]
    if (known !== undefined) return known
    const value = decoder.decode(this.valueBytes(id))
    this.#strings[id] = value
    return value
  }

  /** A view of the value's bytes; valid until the next `intern`. */
  valueBytes(id: number): Uint8Array {
    if (id < 0 || id >= this.size) assert(false, `dictionary id ${id} of ${this.size}`)
    return this.bytes.subarray(this.offsets[id]!, this.offsets[id + 1]!)
  }

  #equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.offsets[id]!
    const length = end - start
    if (this.offsets[id + 1]! - from !== length) return false
    for (let i = 0; i < length; i++) {
      if (this.bytes[from + i] !== source[start + i]) return false
    }
    return true
  }

  #add(source: Uint8Array, start: number, end: number, hash: number): number {
    const id = this.size
    const from = this.offsets[id]!
    const to = from + end - start
    if (to > this.bytes.length) this.bytes = grown(this.bytes, to)
    if (id + 1 >= this.offsets.length - 1) {
      const offsets = new Int32Array(this.offsets.length * 2 - 1)
      offsets.set(this.offsets)
      this.offsets = offsets
    }
    for (let i = start, o = from; i < end; i++, o++) this.bytes[o] = source[i]!
    this.offsets[id + 1] = to
    this.size = id + 1
    if (this.size * 4 > this.#table.length) this.#rehash(this.#table.length * 2)
    place(this.#table, id, hash)
    return id
  }

  #rehash(length: number): void {
    const from = this.#table
    const table = new Int32Array(length).fill(-1)
    for (let at = 0; at < from.length; at += 2) {
      if (from[at]! >= 0) place(table, from[at]!, from[at + 1]!)
    }
    this.#table = table
  }
}

function place(table: Int32Array, id: number, hash: number): void {
  const mask = table.length - 1
  let at = (hash << 1) & mask
  while (table[at]! >= 0) at = (at + 2) & mask
  table[at] = id
  table[at + 1] = hash
}

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2))
  larger.set(bytes)
  return larger
}
