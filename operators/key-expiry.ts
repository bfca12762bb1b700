// When keys are looked through for those that expired: a few times while the watermark moves on by
// the time they live, so that the cost a record stays constant.
import { WATERMARK_MIN } from '../engine/element.ts'
import type { KeyIndex } from '../engine/state/index.ts'

const SWEEPS_PER_LIFE = 4

export class KeyExpiry {
  readonly lifeMicros: number
  readonly #keys: KeyIndex
  readonly #forget: (slot: number) => void
  #nextAt = WATERMARK_MIN

  /** @param forget clears what the operator holds of a slot; the slot is released behind it */
  constructor(keys: KeyIndex, lifeMicros: number | undefined, forget: (slot: number) => void) {
    this.#keys = keys
    this.lifeMicros = lifeMicros ?? Number.POSITIVE_INFINITY
    this.#forget = forget
  }

  /** Forgets the keys whose time plus life is at or below the watermark, or is unknown (NaN). */
  sweep(watermark: number, timeOf: Float64Array): void {
    const isDue = Number.isFinite(watermark) && Number.isFinite(this.lifeMicros)
    if (!isDue || watermark < this.#nextAt) return
    const horizon = watermark - this.lifeMicros
    this.#nextAt = watermark + this.lifeMicros / SWEEPS_PER_LIFE
    for (let slot = 0; slot < this.#keys.slotCount; slot++) {
      if (!this.#keys.isLive(slot) || timeOf[slot]! > horizon) continue
      this.#forget(slot)
      this.#keys.release(slot)
    }
  }
}
