// ExpiryQueue: which slots may be due at a time. A binary heap with at most one entry a slot: a row
// that was touched since is put back with its later time when it comes up, so an update costs nothing
// and expiry costs what expires (and one re-entry for each touched row that comes up).
export class ExpiryQueue {
  #times = new Float64Array(64)
  #slots = new Int32Array(64)
  #queued = new Uint8Array(64)
  #count = 0

  get sizeBytes(): number {
    return this.#times.byteLength + this.#slots.byteLength + this.#queued.byteLength
  }

  /** Makes sure that the slot comes up at `time` or before. */
  add(slot: number, time: number): void {
    if (slot >= this.#queued.length) this.#queued = longer(this.#queued, slot)
    if (this.#queued[slot] === 1) return
    this.#queued[slot] = 1
    if (this.#count === this.#times.length) this.#grow()
    let at = this.#count++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#times[parent]! <= time) break
      this.#times[at] = this.#times[parent]!
      this.#slots[at] = this.#slots[parent]!
      at = parent
    }
    this.#times[at] = time
    this.#slots[at] = slot
  }

  /** Takes a slot whose entry is at or before `time`, or -1. Its row may have been touched since. */
  take(time: number): number {
    if (this.#count === 0 || this.#times[0]! > time) return -1
    const slot = this.#slots[0]!
    this.#queued[slot] = 0
    this.#count--
    const lastTime = this.#times[this.#count]!
    const lastSlot = this.#slots[this.#count]!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.#count) break
      if (child + 1 < this.#count && this.#times[child + 1]! < this.#times[child]!) child++
      if (this.#times[child]! >= lastTime) break
      this.#times[at] = this.#times[child]!
      this.#slots[at] = this.#slots[child]!
      at = child
    }
    this.#times[at] = lastTime
    this.#slots[at] = lastSlot
    return slot
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2)
    times.set(this.#times)
    this.#times = times
    const slots = new Int32Array(times.length)
    slots.set(this.#slots)
    this.#slots = slots
  }
}

function longer(flags: Uint8Array, slot: number): Uint8Array<ArrayBuffer> {
  const into = new Uint8Array(Math.max(slot + 1, flags.length * 2))
  into.set(flags)
  return into
}
