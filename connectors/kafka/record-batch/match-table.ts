// MatchTable: where four bytes were last seen in the input of a compressor. Finds the next position
// whose four bytes were seen before; steps grow where nothing is found, so that data that does not
// compress costs little. Positions are kept relative to the start of a block of at most 64 KiB.

const HASH_BITS = 13
/** Misses before the step grows by one. */
const MISSES_PER_STEP_LOG = 5

export class MatchTable {
  readonly #seen = new Uint16Array(1 << HASH_BITS)
  #input: Uint8Array = new Uint8Array(0)
  #start = 0
  /** Where `find` found a match for. */
  position = 0

  /** Begins a block; its end lies at most 65,536 bytes behind `start`. */
  open(input: Uint8Array, start: number): void {
    this.#input = input
    this.#start = start
    this.#seen.fill(0)
  }

  /**
   * The earlier position of the four bytes that begin at `position`, the first such position from
   * `from` on; -1 when there is none before `last`. Four bytes must be readable at `last`.
   */
  find(from: number, last: number): number {
    const input = this.#input
    const seen = this.#seen
    const start = this.#start
    let misses = 1 << MISSES_PER_STEP_LOG
    let at = from
    while (at < last) {
      const word =
        input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
      const match = start + seen[slot]!
      seen[slot] = at - start
      if (
        match < at &&
        input[match] === (word & 0xff) &&
        input[match + 1] === ((word >>> 8) & 0xff) &&
        input[match + 2] === ((word >>> 16) & 0xff) &&
        input[match + 3] === word >>> 24
      ) {
        this.position = at
        return match
      }
      at += misses++ >>> MISSES_PER_STEP_LOG
    }
    return -1
  }

  /** Bytes that are equal at `at` and `match`, up to `end`; the first four are known to be. */
  lengthAt(at: number, match: number, end: number): number {
    const input = this.#input
    let same = 4
    while (at + same < end && input[at + same] === input[match + same]) same++
    return same
  }
}
