// What one slot is told at its start, and what it tells the main thread while it runs. Plain data on
// both ways, so that it crosses the thread boundary as it is.
import type { Claim } from '../checkpoint/index.ts'

export interface SlotSettings {
  readonly slot: number
  readonly claim: Claim
  /** Live: waits for more records and applies ticks. Bounded: ends when its inputs end. */
  readonly mode: 'live' | 'bounded'
  /** Where channels without a remembered position begin. Default: earliest. */
  readonly from?: 'earliest' | 'latest'
  /** Microseconds between the ends of epochs. */
  readonly epochMicros: number
  /** Microseconds after which an epoch without records is committed all the same. */
  readonly heartbeatMicros: number
}

/** Where a task stands; for `/jobs` and metrics. */
export interface TaskStatus {
  readonly task: string
  /** Epoch microseconds; ± Infinity as the text of the number would be lost in JSON: null. */
  readonly watermark: number | null
  readonly isEnded: boolean
  readonly channels: readonly ChannelStatus[]
}

export interface ChannelStatus {
  readonly id: string
  readonly watermark: number | null
  readonly offset: number
  readonly lag: number | null
  readonly isEnded: boolean
  /** Microseconds of wall clock since its last record. */
  readonly silentMicros: number
}

export interface SlotStatus {
  readonly slot: number
  readonly epoch: number
  readonly deliveredEpoch: number
  readonly recordsIn: number
  /** Counters: name → operator, sink or topic → count. */
  readonly counters: Record<string, Record<string, number>>
  /** Dead letters by code. */
  readonly deadLetters: Record<string, number>
  readonly tasks: readonly TaskStatus[]
  /** State rows and bytes by `operator/table`. */
  readonly state: Record<string, { readonly rows: number; readonly bytes: number }>
  /** Milliseconds since the start, spent working, waiting for input, waiting for sinks, in epochs. */
  readonly busyMs: number
  readonly idleMs: number
  readonly backPressureMs: number
  readonly epochMs: number
  readonly lastEpoch: { readonly ms: number; readonly bytes: number } | undefined
  /** Durations of the epochs since the last status, milliseconds. */
  readonly epochDurations: readonly number[]
}

/** How a slot's run ended. */
export type SlotEnd = 'ended' | 'stopped' | 'abandoned'
