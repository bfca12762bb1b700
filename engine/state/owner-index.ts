// OwnerIndex: the slots of each owner's rows, in the order of their keys, so that a key's entries are
// scanned without looking at others. Adding at the end costs a probe, in between a move of the rest.
import { hashKey, KeySlots } from './key-slots.ts'

const NONE = new Int32Array(0)

interface Members {
  slots: Int32Array
  count: number
}

export class OwnerIndex {
  readonly #owners = new KeySlots()
  readonly #members: (Members | undefined)[] = []

  get sizeBytes(): number {
    return this.#owners.sizeBytes + this.#owners.live * 64
  }

  /** The owner's slots in order; a view, valid until the next change. */
  slotsOf(owner: Uint8Array): Int32Array {
    const members = this.#members[this.#find(owner)]
    return members === undefined ? NONE : members.slots.subarray(0, members.count)
  }

  /** @param isBefore whether the key of a slot that is there comes before the new one's */
  add(owner: Uint8Array, slot: number, isBefore: (other: number) => boolean): void {
    const members = this.#membersOf(owner)
    if (members.count === members.slots.length) {
      const slots = new Int32Array(Math.max(4, members.count * 2))
      slots.set(members.slots)
      members.slots = slots
    }
    let at = members.count
    if (at > 0 && !isBefore(members.slots[at - 1]!)) {
      at = 0
      for (let high = members.count - 1; at < high; ) {
        const middle = (at + high) >>> 1
        if (isBefore(members.slots[middle]!)) at = middle + 1
        else high = middle
      }
    }
    members.slots.copyWithin(at + 1, at, members.count)
    members.slots[at] = slot
    members.count++
  }

  remove(owner: Uint8Array, slot: number): void {
    const index = this.#find(owner)
    const members = this.#members[index]
    if (members === undefined) return
    const at = members.slots.subarray(0, members.count).indexOf(slot)
    if (at < 0) return
    members.slots.copyWithin(at, at + 1, members.count)
    members.count--
    if (members.count > 0) return
    this.#members[index] = undefined
    this.#owners.release(index)
  }

  #find(owner: Uint8Array): number {
    return this.#owners.findBytes(owner, owner.length, hashKey(owner, owner.length))
  }

  #membersOf(owner: Uint8Array): Members {
    const hash = hashKey(owner, owner.length)
    let index = this.#owners.findBytes(owner, owner.length, hash)
    if (index < 0) index = this.#owners.add(owner, owner.length, hash, Number.NaN)
    const known = this.#members[index]
    if (known !== undefined) return known
    const members = { slots: new Int32Array(4), count: 0 }
    this.#members[index] = members
    return members
  }
}
