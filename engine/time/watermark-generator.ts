// Watermarks of one channel (law 3), computed record by record and never falling:
// watermark = largest event time seen - disorder bound. `before[i]` is the watermark just before
// record i, which decides whether that record is late (law 4).
//
//   event times   10   14   12   19         bound 5
//   before        -∞    5    9    9   → 14
import { WATERMARK_MIN } from '../element.ts'

/** How a channel's watermark follows from its records; plain data. */
export type WatermarkPolicy =
  | { readonly kind: 'bounded-disorder'; readonly disorderMicros: number }
  | { readonly kind: 'monotonic' }
  /** A timestamp column that carries the watermark; nulls leave it as it is. */
  | { readonly kind: 'field'; readonly column: string }

/** State of one channel's watermark; restored from its two numbers. */
export class WatermarkGenerator {
  watermark: number
  /** Largest event time that counted; -∞ before the first. */
  maxEventTime: number
  readonly #disorderMicros: number

  constructor(
    policy: WatermarkPolicy,
    watermark = WATERMARK_MIN,
    maxEventTime = Number.NEGATIVE_INFINITY,
  ) {
    this.#disorderMicros = policy.kind === 'bounded-disorder' ? policy.disorderMicros : 0
    this.watermark = watermark
    this.maxEventTime = maxEventTime
  }

  /** Takes a batch of event times in order; fills `before` (as long as `eventTimes`). */
  assign(eventTimes: Float64Array, before: Float64Array): void {
    const disorder = this.#disorderMicros
    let max = this.maxEventTime
    let watermark = this.watermark
    for (let i = 0; i < eventTimes.length; i++) {
      before[i] = watermark
      const time = eventTimes[i]!
      if (time > max) {
        max = time
        if (time - disorder > watermark) watermark = time - disorder
      }
    }
    this.maxEventTime = max
    this.watermark = watermark
  }

  /** As `assign`, with the watermark given by a column of the records (`kind: 'field'`). */
  assignFrom(
    eventTimes: Float64Array,
    marks: Float64Array,
    nulls: Uint8Array | undefined,
    before: Float64Array,
  ): void {
    for (let i = 0; i < eventTimes.length; i++) {
      before[i] = this.watermark
      if (eventTimes[i]! > this.maxEventTime) this.maxEventTime = eventTimes[i]!
      const mark = marks[i]!
      if (nulls?.[i] !== 1 && mark > this.watermark) this.watermark = mark
    }
  }

  /** A tick moves an idle channel on (law 5); a lower one changes nothing. */
  advance(watermark: number): void {
    if (watermark > this.watermark) this.watermark = watermark
  }
}
