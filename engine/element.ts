// Element: what travels on an edge of the graph. Adding a member is an architecture decision.
import type { RecordBatch } from './batch/index.ts'

export type Element = RecordBatch | Watermark | Barrier | EndOfStream

/** No record with an event time at or below `time` (epoch microseconds) follows, except late ones. */
export interface Watermark {
  readonly kind: 'watermark'
  readonly time: number
}

/** The end of an epoch: all that came before belongs to it. */
export interface Barrier {
  readonly kind: 'barrier'
  readonly epoch: number
}

/** Nothing follows. Comes after the final watermark. */
export interface EndOfStream {
  readonly kind: 'end'
}

/** The watermark before anything was seen. */
export const WATERMARK_MIN = Number.NEGATIVE_INFINITY
/** The final watermark: every window is closed. */
export const WATERMARK_MAX = Number.POSITIVE_INFINITY

/** Microseconds in one millisecond: a window [s, e) is closed by a watermark ≥ e - 1 ms. */
export const MICROS_PER_MS = 1000
