// ExpiryQueue: which slots may be due at a time. A binary heap with one valid entry a slot: a row that
// was touched since is put back with its later time when it comes up, so an update costs nothing and
// expiry costs what expires (and one re-entry for each touched row that comes up). An earlier time
// (the slot was given to another row) makes another entry, and the later one counts no more.
export class ExpiryQueue {
  #times = new Float64Array(64)
  #slots = new Int32Array(64)
  /** Time of the valid entry of each slot. */
  #queued = new Float64Array(64).fill(Number.POSITIVE_INFINITY)
  #count = 0

  get sizeBytes(): number {
    return this.#times.byteLength + this.#slots.byteLength + this.#queued.byteLength
  }

  /** Makes sure that the slot comes up at `time` or before. */
  add(slot: number, time: number): void {
    if (slot >= this.#queued.length) this.#queued = longer(this.#queued, slot)
    if (time >= this.#queued[slot]!) return
    this.#queued[slot] = time
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
    while (this.#count > 0 && this.#times[0]! <= time) {
      const slot = this.#slots[0]!
      const isValid = this.#times[0] === this.#queued[slot]
      this.#removeFirst()
      if (!isValid) continue
      this.#queued[slot] = Number.POSITIVE_INFINITY
      return slot
    }
    return -1
  }

  #removeFirst(): void {
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

function longer(times: Float64Array, slot: number): Float64Array<ArrayBuffer> {
  const into = new Float64Array(Math.max(slot + 1, times.length * 2)).fill(Number.POSITIVE_INFINITY)
  into.set(times)
  return into
}
