// KeyOrder: gives the keys that hold state positions in the order in which they first appeared
// (ascending sequence). Windows send their rows in this order, and running values stand at these
// positions, so that firing a window walks memory from front to back. Positions of keys that left
// stay empty until `compact`; at most about half of all positions are empty.
import { assert } from '../../engine/errors.ts'
import { sortSlots } from './sequence-order.ts'

const EMPTY_MIN = 1024

export class KeyOrder {
  /** The slot at each position, -1 where the key left. Replaced when it grows. */
  slots = new Int32Array(64)
  /** The position of each slot; -1 for one without state. Replaced when it grows. */
  positionOf = new Int32Array(64).fill(-1)
  /** Positions in use, empty ones included. */
  count = 0
  #live = 0
  #newest = Number.NEGATIVE_INFINITY

  get sizeBytes(): number {
    return this.slots.byteLength + this.positionOf.byteLength
  }

  /** True when more positions are empty than not: time to compact. */
  get isSparse(): boolean {
    return this.count - this.#live > Math.max(EMPTY_MIN, this.#live)
  }

  /** Gives a key the last position, unless it has one. New keys come in ascending sequence. */
  activate(slot: number, sequence: number): void {
    if (slot >= this.positionOf.length) {
      this.positionOf = grown(this.positionOf, slot + 1)
    }
    if (this.positionOf[slot]! >= 0) return
    assert(sequence > this.#newest, `key ${sequence} appeared after ${this.#newest}`)
    this.#newest = sequence
    if (this.count === this.slots.length) this.slots = grown(this.slots, this.count + 1)
    this.positionOf[slot] = this.count
    this.slots[this.count++] = slot
    this.#live++
  }

  /** The key has no state any more. */
  remove(slot: number): void {
    this.slots[this.positionOf[slot]!] = -1
    this.positionOf[slot] = -1
    this.#live--
  }

  /** Closes the gaps. Gives for each new position where its key stood before. */
  compact(): Int32Array {
    const from = new Int32Array(this.#live)
    let kept = 0
    for (let position = 0; position < this.count; position++) {
      const slot = this.slots[position]!
      if (slot < 0) continue
      from[kept] = position
      this.positionOf[slot] = kept
      this.slots[kept++] = slot
    }
    this.count = kept
    return from
  }

  /** Starts with all keys that have rows, after a restore. */
  rebuild(sequences: Float64Array, rowsOfKey: Int32Array): void {
    const slots: number[] = []
    for (let slot = 0; slot < rowsOfKey.length; slot++) {
      if (rowsOfKey[slot]! > 0) slots.push(slot)
    }
    for (const slot of sortSlots(Int32Array.from(slots), sequences)) {
      this.activate(slot, sequences[slot]!)
    }
  }
}

function grown(lane: Int32Array<ArrayBuffer>, count: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(count, lane.length * 2)).fill(-1, lane.length)
  larger.set(lane)
  return larger
}
