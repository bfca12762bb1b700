// KeyOrder: the slots of the keys that hold state, in the order in which the keys first appeared
// (ascending sequence). Windows send their rows in this order.
import { sortSlots } from './sequence-order.ts'

export class KeyOrder {
  #slots = new Int32Array(64)
  #count = 0
  #isActive = new Uint8Array(64)
  #isSorted = true
  #newest = Number.NEGATIVE_INFINITY

  /** Appends a key unless it is there; keys come in ascending sequence but for rare cases. */
  activate(slot: number, sequence: number): void {
    if (slot < this.#isActive.length && this.#isActive[slot] === 1) return
    if (slot >= this.#isActive.length) {
      const larger = new Uint8Array(Math.max(slot + 1, this.#isActive.length * 2))
      larger.set(this.#isActive)
      this.#isActive = larger
    }
    if (this.#count === this.#slots.length) {
      const larger = new Int32Array(this.#count * 2)
      larger.set(this.#slots)
      this.#slots = larger
    }
    if (sequence < this.#newest) this.#isSorted = false
    else this.#newest = sequence
    this.#isActive[slot] = 1
    this.#slots[this.#count++] = slot
  }

  /** The slots in order; valid until the next change. */
  slots(sequences: Float64Array): Int32Array {
    if (!this.#isSorted) {
      this.#slots.set(sortSlots(this.#slots.subarray(0, this.#count), sequences))
      this.#isSorted = true
    }
    return this.#slots.subarray(0, this.#count)
  }

  /** Drops the keys without rows. */
  compact(rowsOfKey: Int32Array): void {
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!
      if (rowsOfKey[slot]! > 0) this.#slots[kept++] = slot
      else this.#isActive[slot] = 0
    }
    this.#count = kept
  }

  /** Starts anew with all keys that have rows. */
  rebuild(sequences: Float64Array, rowsOfKey: Int32Array): void {
    this.#count = 0
    this.#isActive.fill(0)
    this.#newest = Number.NEGATIVE_INFINITY
    for (let slot = 0; slot < rowsOfKey.length; slot++) {
      if (rowsOfKey[slot]! > 0) this.activate(slot, sequences[slot]!)
    }
  }
}
