// KeyOrder: counts the rows that each key holds, and gives the keys that hold any positions in the
// order in which they first appeared (ascending sequence). Windows send their rows in this order, and
// running values stand at these positions, so that firing a window walks memory from front to back.
// Positions of keys that left stay empty until `compact`; at most about half of them are empty.
import { assert } from '../../engine/errors.ts'

const EMPTY_MIN = 1024

export class KeyOrder {
  /** The slot at each position, -1 where the key left. Replaced when it grows. */
  slots = new Int32Array(64)
  /** By slot: how many rows the key holds, then its position. Replaced when it grows. */
  holdings = new Int32Array(128)
  /** Positions in use, empty ones included. */
  count = 0
  #live = 0
  #newest = Number.NEGATIVE_INFINITY

  get sizeBytes(): number {
    return this.slots.byteLength + this.holdings.byteLength
  }

  /** True when more positions are empty than not: time to compact. */
  get isSparse(): boolean {
    return this.count - this.#live > Math.max(EMPTY_MIN, this.#live)
  }

  /** Makes room for the slots below `count`. */
  ensureSlots(count: number): void {
    if (count * 2 > this.holdings.length) this.holdings = grown(this.holdings, count * 2)
  }

  /** One more row of a key. True when it is the first: the key must `appear` then. */
  hold(slot: number): boolean {
    return this.holdings[slot * 2]!++ === 0
  }

  /** Gives a key that holds its first row the last position; new keys ascend in sequence. */
  appear(slot: number, sequence: number): void {
    assert(sequence > this.#newest, `key ${sequence} appeared after ${this.#newest}`)
    this.#newest = sequence
    if (this.count === this.slots.length) this.slots = grown(this.slots, this.count + 1)
    this.holdings[slot * 2 + 1] = this.count
    this.slots[this.count++] = slot
    this.#live++
  }

  /** One row less. True when the key holds none any more: it has no position then. */
  drop(slot: number): boolean {
    if (--this.holdings[slot * 2]! > 0) return false
    this.slots[this.holdings[slot * 2 + 1]!] = -1
    this.#live--
    return true
  }

  positionOf(slot: number): number {
    return this.holdings[slot * 2 + 1]!
  }

  /** Closes the gaps. Gives for each new position where its key stood before. */
  compact(): Int32Array {
    const from = new Int32Array(this.#live)
    let kept = 0
    for (let position = 0; position < this.count; position++) {
      const slot = this.slots[position]!
      if (slot < 0) continue
      from[kept] = position
      this.holdings[slot * 2 + 1] = kept
      this.slots[kept++] = slot
    }
    this.count = kept
    return from
  }
}

function grown(lane: Int32Array<ArrayBuffer>, count: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(count, lane.length * 2))
  larger.set(lane)
  return larger
}
