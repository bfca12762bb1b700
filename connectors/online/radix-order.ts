// RadixOrder: sorts whole numbers ≥ 0 that carry a value, digit by digit from the lowest. Stable, so
// that sorting by one key and then by another gives the order by both. Cost: a pass over the numbers
// for each 11 bits; memory: twice the numbers, kept for the next time.
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

export class RadixOrder {
  /** Sorted along with the keys. The arrays are replaced by `begin` and `sort`. */
  values = new Int32Array(0)
  keys = new Int32Array(0)
  #count = 0
  #otherValues = new Int32Array(0)
  #otherKeys = new Int32Array(0)
  readonly #places = new Int32Array(DIGITS)

  /** Takes values; the caller writes their keys. Returns `values`. */
  begin(values: Int32Array, count: number): Int32Array {
    if (count > this.values.length) {
      for (const name of ['values', 'keys'] as const) this[name] = new Int32Array(count * 2)
      this.#otherValues = new Int32Array(count * 2)
      this.#otherKeys = new Int32Array(count * 2)
    }
    this.#count = count
    this.values.set(values.subarray(0, count))
    return this.values
  }

  /** Sorts by the keys, which are below 2^bits. */
  sort(bits: number): void {
    for (let shift = 0; shift < bits; shift += DIGIT_BITS) this.#pass(shift)
  }

  #pass(shift: number): void {
    const { keys, values } = this
    const count = this.#count
    const places = this.#places.fill(0)
    for (let i = 0; i < count; i++) places[(keys[i]! >>> shift) & (DIGITS - 1)]!++
    let next = 0
    for (let digit = 0; digit < DIGITS; digit++) {
      const size = places[digit]!
      places[digit] = next
      next += size
    }
    const toKeys = this.#otherKeys
    const toValues = this.#otherValues
    for (let i = 0; i < count; i++) {
      const key = keys[i]!
      const at = places[(key >>> shift) & (DIGITS - 1)]!++
      toKeys[at] = key
      toValues[at] = values[i]!
    }
    this.#otherKeys = keys
    this.#otherValues = values
    this.keys = toKeys
    this.values = toValues
  }
}
