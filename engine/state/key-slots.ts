// KeySlots: a hash table from keys to dense slot numbers. Key bytes stand in one arena; a released
// slot's number is given again, its bytes are squeezed out once half of the arena is waste. Open
// addressing with linear probing and backward-shift deletion: no tombstones, so the cost of a look-up
// doesn't grow with the number of keys that ever were. It knows nothing of columns or checkpoints.
import { hashBytes, hashInteger } from '../batch/index.ts'
import { assert } from '../errors.ts'

const ARENA_BYTES_MAX = 2 ** 31 - 1
const SQUEEZE_BYTES_MIN = 64 * 1024
/** Places of the array for dense numbers, at most, for each live key. */
const DIRECT_PER_KEY_MAX = 16

export class KeySlots {
  /** Slots in use. */
  live = 0
  /** One more than the greatest slot that was ever given. */
  slotCount = 0
  /** All keys' bytes; the key of a slot is `arena[start[slot] .. start[slot] + length[slot])`. */
  arena = new Uint8Array(4096)
  starts = new Int32Array(64)
  /** -1 where the slot is free. */
  lengths = new Int32Array(64)
  /** The number that `findNumber` looks for; NaN where the key isn't one. */
  numbers = new Float64Array(64)
  /** Slot of each small number, -1 where it is no key: holds all numbers below its length. */
  #direct = new Int32Array(0)
  #hashes = new Int32Array(64)
  #table = new Int32Array(128).fill(-1)
  #free = new Int32Array(64)
  #freeCount = 0
  #arenaUsed = 0
  #arenaWaste = 0

  get sizeBytes(): number {
    const arrays = this.starts.byteLength * 4 + this.numbers.byteLength + this.#direct.byteLength
    return this.arena.length + arrays + this.#table.byteLength
  }

  /** The slot of a key, or -1. */
  findBytes(key: Uint8Array, end: number, hash: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = table[at]!
      if (slot < 0) return -1
      if (this.#hashes[slot] === hash && this.lengths[slot] === end) {
        const arena = this.arena
        const start = this.starts[slot]!
        let i = 0
        while (i < end && arena[start + i] === key[i]) i++
        if (i === end) return slot
      }
    }
  }

  /** The slot of a key that is an integer within ± (2^53 - 1), or -1. */
  findNumber(value: number): number {
    const direct = this.#direct
    if (value >= 0 && value < direct.length) return direct[value]!
    const table = this.#table
    const numbers = this.numbers
    const mask = table.length - 1
    for (let at = hashInteger(value) & mask; ; at = (at + 1) & mask) {
      const slot = table[at]!
      if (slot < 0 || numbers[slot] === value) return slot
    }
  }

  /** Adds a key that isn't there, `key[0 .. end)`, and returns its slot. */
  add(key: Uint8Array, end: number, hash: number, value: number): number {
    const slot = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.slotCount++
    if (slot >= this.starts.length) this.#growSlots()
    const start = this.#arenaUsed
    this.#reserve(start + end)
    const arena = this.arena
    for (let i = 0; i < end; i++) arena[start + i] = key[i]!
    this.#arenaUsed = start + end
    this.starts[slot] = start
    this.lengths[slot] = end
    this.numbers[slot] = value
    this.#hashes[slot] = hash
    this.live++
    if (value >= 0) this.#putDirect(value, slot)
    if (this.live * 2 > this.#table.length) this.#rehash(this.#table.length * 2)
    else this.#place(slot, hash)
    return slot
  }

  /** Frees a slot; its number may be given to the next new key. */
  release(slot: number): void {
    const length = this.lengths[slot] ?? -1
    assert(length >= 0, `slot ${slot} is not in use`)
    this.#unplace(slot)
    const value = this.numbers[slot]!
    if (value >= 0 && value < this.#direct.length) this.#direct[value] = -1
    this.lengths[slot] = -1
    this.numbers[slot] = Number.NaN
    this.live--
    if (this.#freeCount === this.#free.length) {
      const free = new Int32Array(this.#free.length * 2)
      free.set(this.#free)
      this.#free = free
    }
    this.#free[this.#freeCount++] = slot
    this.#arenaWaste += length
    if (this.#arenaWaste > SQUEEZE_BYTES_MIN && this.#arenaWaste * 2 > this.#arenaUsed) {
      this.#squeeze()
    }
  }

  /** Numbers that are dense get an array of their own: one load instead of a search. */
  #putDirect(value: number, slot: number): void {
    if (value >= this.#direct.length) {
      if (value >= this.live * DIRECT_PER_KEY_MAX) return
      let length = Math.max(1024, this.#direct.length)
      while (length <= value) length *= 2
      this.#direct = new Int32Array(length).fill(-1)
      for (let at = 0; at < this.slotCount; at++) {
        const number = this.numbers[at]!
        if (this.lengths[at]! >= 0 && number >= 0 && number < length) this.#direct[number] = at
      }
    }
    this.#direct[value] = slot
  }

  #place(slot: number, hash: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = hash & mask
    while (table[at]! >= 0) at = (at + 1) & mask
    table[at] = slot
  }

  #unplace(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = this.#hashes[slot]! & mask
    while (table[hole] !== slot) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; table[at]! >= 0; at = (at + 1) & mask) {
      const home = this.#hashes[table[at]!]! & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      table[hole] = table[at]!
      hole = at
    }
    table[hole] = -1
  }

  #rehash(capacity: number): void {
    this.#table = new Int32Array(capacity).fill(-1)
    for (let slot = 0; slot < this.slotCount; slot++) {
      if (this.lengths[slot]! >= 0) this.#place(slot, this.#hashes[slot]!)
    }
  }

  #growSlots(): void {
    const capacity = this.starts.length * 2
    this.starts = grown(this.starts, new Int32Array(capacity))
    this.lengths = grown(this.lengths, new Int32Array(capacity))
    this.#hashes = grown(this.#hashes, new Int32Array(capacity))
    const numbers = new Float64Array(capacity)
    numbers.set(this.numbers)
    this.numbers = numbers
  }

  #reserve(needed: number): void {
    if (needed <= this.arena.length) return
    assert(needed <= ARENA_BYTES_MAX, `the keys of one task take ${needed} bytes`)
    const larger = new Uint8Array(Math.min(ARENA_BYTES_MAX, Math.max(needed, needed * 2)))
    larger.set(this.arena.subarray(0, this.#arenaUsed))
    this.arena = larger
  }

  #squeeze(): void {
    const from = this.arena
    const live = this.#arenaUsed - this.#arenaWaste
    const arena = new Uint8Array(Math.max(4096, live * 2))
    let used = 0
    for (let slot = 0; slot < this.slotCount; slot++) {
      const length = this.lengths[slot]!
      if (length < 0) continue
      const start = this.starts[slot]!
      for (let i = 0; i < length; i++) arena[used + i] = from[start + i]!
      this.starts[slot] = used
      used += length
    }
    this.arena = arena
    this.#arenaUsed = used
    this.#arenaWaste = 0
  }
}

/** The hash that `findBytes` and `add` take for keys that are not numbers. */
export function hashKey(key: Uint8Array, end: number): number {
  return hashBytes(key, 0, end)
}

function grown(from: Int32Array, into: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  into.set(from)
  return into
}
