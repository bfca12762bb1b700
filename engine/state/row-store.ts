// RowStore: encoded rows under encoded keys, in memory: a hash table of keys and an arena of values,
// with what changed since the last snapshot. Values are kept as bytes, so nobody can change a row
// without `put`, and what is checkpointed is what is read. The tables for users stand on it.
// Cost: a probe and a copy a call; a snapshot sorts the changed keys; `sorted` sorts all keys once
// after each change of the set of keys.
import { ExpiryQueue } from './expiry-queue.ts'
import { hashKey, KeySlots } from './key-slots.ts'
import { sortKeys } from './sort-keys.ts'
import type { SegmentWriter } from './state-table.ts'

const SQUEEZE_BYTES_MIN = 64 * 1024
const DIRTY = 1
const STORED = 2

export class RowStore {
  readonly #keys = new KeySlots()
  readonly #expiry = new ExpiryQueue()
  #values = new Uint8Array(4096)
  #used = 0
  #waste = 0
  #starts = new Int32Array(64)
  #lengths = new Int32Array(64)
  #flags = new Uint8Array(64)
  #dueTimes = new Float64Array(64)
  /** Slots that were dirty at some time since the last snapshot; some were freed since. */
  #dirty: number[] = []
  /** Keys that earlier snapshots hold and that were deleted since. */
  #deleted: Uint8Array[] = []
  #sorted: Int32Array | undefined

  get rows(): number {
    return this.#keys.live
  }

  get sizeBytes(): number {
    const arrays = this.#starts.byteLength * 2 + this.#flags.byteLength + this.#dueTimes.byteLength
    return this.#keys.sizeBytes + this.#values.length + arrays + this.#expiry.sizeBytes
  }

  /** The slot of a key, or -1. A slot is valid until its key is deleted. */
  find(key: Uint8Array): number {
    return this.#keys.findBytes(key, key.length, hashKey(key, key.length))
  }

  /** A view of a slot's key, valid until the next change. */
  key(slot: number): Uint8Array {
    const start = this.#keys.starts[slot]!
    return this.#keys.arena.subarray(start, start + this.#keys.lengths[slot]!)
  }

  /** A view of a slot's value, valid until the next change. */
  value(slot: number): Uint8Array {
    const start = this.#starts[slot]!
    return this.#values.subarray(start, start + this.#lengths[slot]!)
  }

  /** When a slot's row expires at the earliest. */
  due(slot: number): number {
    return this.#dueTimes[slot]!
  }

  /**
   * Writes a row and returns its slot.
   * @param due when the row expires at the earliest; a row's due time never falls
   */
  put(key: Uint8Array, value: Uint8Array, due = Number.POSITIVE_INFINITY): number {
    const slot = this.#place(key, value, due)
    if ((this.#flags[slot]! & DIRTY) === 0) {
      this.#flags[slot]! |= DIRTY
      this.#dirty.push(slot)
    }
    return slot
  }

  /** A row that is checkpointed already. */
  restore(key: Uint8Array, value: Uint8Array, due = Number.POSITIVE_INFINITY): number {
    const slot = this.#place(key, value, due)
    this.#flags[slot] = STORED
    return slot
  }

  delete(slot: number): void {
    if ((this.#flags[slot]! & STORED) !== 0) this.#deleted.push(this.key(slot).slice())
    this.#flags[slot] = 0
    this.#waste += this.#lengths[slot]!
    this.#keys.release(slot)
    this.#sorted = undefined
    this.#squeeze()
  }

  /** Deletes every row whose due time is at or before `time`; `onDelete` sees each just before. */
  expire(time: number, onDelete?: (slot: number) => void): number {
    let expired = 0
    for (;;) {
      const slot = this.#expiry.take(time)
      if (slot < 0) return expired
      if (this.#keys.lengths[slot]! < 0) continue
      const due = this.#dueTimes[slot]!
      if (due > time) {
        if (due < Number.POSITIVE_INFINITY) this.#expiry.add(slot, due)
        continue
      }
      onDelete?.(slot)
      this.delete(slot)
      expired++
    }
  }

  /** Slots in the order of their keys; valid until the next change of the set of keys. */
  sorted(): Int32Array {
    if (this.#sorted !== undefined) return this.#sorted
    const keys = this.#keys
    const order = new Int32Array(keys.live)
    let count = 0
    for (let slot = 0; slot < keys.slotCount; slot++) {
      if (keys.lengths[slot]! >= 0) order[count++] = slot
    }
    sortKeys(order, keys.arena, keys.starts, keys.lengths)
    this.#sorted = order
    return order
  }

  snapshot(segment: SegmentWriter): void {
    const dirty = Int32Array.from(new Set(this.#dirty)).filter(
      (slot) => this.#keys.lengths[slot]! >= 0 && (this.#flags[slot]! & DIRTY) !== 0,
    )
    const { arena, starts, lengths } = this.#keys
    sortKeys(dirty, arena, starts, lengths)
    const deleted = this.#deleted.filter((key) => this.find(key) < 0).sort(Buffer.compare)
    let next = 0
    for (const slot of dirty) {
      const key = this.key(slot)
      for (; next < deleted.length; next++) {
        const gone = deleted[next]
        if (gone === undefined || Buffer.compare(gone, key) > 0) break
        segment.delete(gone)
      }
      segment.beginKey()
      segment.bytes.raw(arena, starts[slot]!, starts[slot]! + lengths[slot]!)
      segment.beginValue()
      const start = this.#starts[slot]!
      segment.bytes.raw(this.#values, start, start + this.#lengths[slot]!)
      segment.end()
      this.#flags[slot] = STORED
    }
    for (const gone of deleted.slice(next)) segment.delete(gone)
    this.#dirty = []
    this.#deleted = []
  }

  #place(key: Uint8Array, value: Uint8Array, due: number): number {
    const hash = hashKey(key, key.length)
    let slot = this.#keys.findBytes(key, key.length, hash)
    const isNew = slot < 0
    if (isNew) {
      slot = this.#keys.add(key, key.length, hash, Number.NaN)
      this.#sorted = undefined
      if (slot >= this.#starts.length) this.#grow()
      this.#flags[slot] = 0
      this.#lengths[slot] = 0
      this.#dueTimes[slot] = due
    } else if (due > this.#dueTimes[slot]!) this.#dueTimes[slot] = due
    this.#setValue(slot, value)
    if (due < Number.POSITIVE_INFINITY) this.#expiry.add(slot, due)
    return slot
  }

  #setValue(slot: number, value: Uint8Array): void {
    const before = this.#lengths[slot]!
    if (value.length <= before) this.#waste += before - value.length
    else {
      this.#waste += before
      this.#lengths[slot] = 0
      this.#squeeze()
      const needed = this.#used + value.length
      if (needed > this.#values.length) {
        const larger = new Uint8Array(needed * 2)
        larger.set(this.#values.subarray(0, this.#used))
        this.#values = larger
      }
      this.#starts[slot] = this.#used
      this.#used = needed
    }
    this.#lengths[slot] = value.length
    this.#values.set(value, this.#starts[slot]!)
  }

  #squeeze(): void {
    if (this.#waste < SQUEEZE_BYTES_MIN || this.#waste * 2 < this.#used) return
    const values = new Uint8Array(Math.max(4096, (this.#used - this.#waste) * 2))
    let used = 0
    for (let slot = 0; slot < this.#keys.slotCount; slot++) {
      if (this.#keys.lengths[slot]! < 0) continue
      const value = this.value(slot)
      values.set(value, used)
      this.#starts[slot] = used
      used += value.length
    }
    this.#values = values
    this.#used = used
    this.#waste = 0
  }

  #grow(): void {
    const capacity = this.#starts.length * 2
    this.#starts = longer(this.#starts, capacity)
    this.#lengths = longer(this.#lengths, capacity)
    const flags = new Uint8Array(capacity)
    flags.set(this.#flags)
    this.#flags = flags
    const times = new Float64Array(capacity)
    times.set(this.#dueTimes)
    this.#dueTimes = times
  }
}

function longer(from: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(capacity)
  into.set(from)
  return into
}
