// RecordRandom: chance that depends on (seed, partition, record) only, so that record n can be made
// without making the records before it. Mulberry32 steps from a start that mixes the three.
import { mix32 } from '../../engine/batch/index.ts'
import type { Random } from '../../engine/clock.ts'

export class RecordRandom {
  /** The next number in [0, 1) of the record that `at` chose. */
  readonly next: Random
  readonly #start: number
  #state = 0

  constructor(seed: number, partition: number) {
    this.#start = mix32(mix32(seed | 0) ^ Math.imul(partition + 1, -1640531527))
    this.next = () => {
      this.#state = (this.#state + 0x6d2b79f5) >>> 0
      let t = this.#state
      t = Math.imul(t ^ (t >>> 15), t | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296
    }
  }

  /** Goes to the beginning of a record's sequence. */
  at(ordinal: number): void {
    const high = Math.floor(ordinal / 4294967296)
    this.#state = mix32(this.#start ^ mix32((ordinal | 0) ^ Math.imul(high + 1, 0x5bd1e995))) >>> 0
  }
}
