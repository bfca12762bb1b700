// Operator: the contract between the runtime and one running operator of one task. The laws are
// checked round every operator in tests and with --check, so that operators carry no defensive code.
import type { RecordBatch } from './batch/index.ts'
import type { Barrier, Watermark } from './element.ts'
import type { StateTable } from './state/index.ts'

/** Index of the input that a batch came from, in the order of the logical operator's `inputs`. */
export type InputPort = number

/** Where an operator's rows go. Valid only during the call that it was given to. */
export interface Output {
  /** Sends a batch to an output port; port 0 is the main one, others as `outputs` names them. */
  emit(batch: RecordBatch, port?: number): void
  /** Sends a watermark to every output port. Never falls. */
  watermark(time: number): void
}

/** A timer that came due. `key` is what it was scheduled with. */
export interface Timer {
  readonly time: number
  readonly domain: 'event' | 'processing'
  readonly key: Uint8Array | undefined
}

/**
 * Timers of one operator; they are state: checkpointed and restored. Scheduling the same
 * (domain, time, key) twice is one timer. Due timers fire in the order (time, first scheduling).
 */
export interface Timers {
  schedule(time: number, key?: Uint8Array, domain?: Timer['domain']): void
  cancel(time: number, key?: Uint8Array, domain?: Timer['domain']): void
}

/** Counters of one operator; the runtime exports them with operator and task labels. */
export interface OperatorMeters {
  /** Adds to a named counter, e.g. `late`, `guarded`. */
  count(name: string, by: number): void
}

/** What `open` gives: everything an operator may touch besides its batches. */
export interface OperatorContext {
  readonly operatorId: string
  /** Ordinal of the task and how many tasks the stage has. */
  readonly task: number
  readonly tasks: number
  readonly timers: Timers
  readonly meters: OperatorMeters
  /** Makes a table part of the operator's state. The runtime restores it right after `open`. */
  addTable(table: StateTable): void
  /** Turns one record into a dead letter (stateless steps only, law 7). */
  deadLetter(batch: RecordBatch, row: number, error: unknown): void
  /** Epoch microseconds of the tick being applied, or undefined outside ticks (law 5). */
  processingTime(): number | undefined
}

/**
 * One operator of one task. The runtime calls exactly one method at a time and never re-enters; a
 * batch never spans one of the operator's own timers.
 */
export interface Operator {
  /** Registers tables; state is restored after it and before `restored` and the first batch. */
  open?(context: OperatorContext): void
  /** All tables hold their restored rows; derive what is derived. Called on fresh starts too. */
  restored?(): void
  onBatch(batch: RecordBatch, input: InputPort, out: Output): void
  /**
   * The first time after `watermark` at which a record may come to set a timer. Batches are cut there
   * as well as at the timers that are set, so that no batch spans a timer that it sets itself.
   */
  nextBoundary?(watermark: number): number
  /** Rows leave before the watermark that fired the timer. */
  onTimer?(timer: Timer, out: Output): void
  /** Default: forward. */
  onWatermark?(watermark: Watermark, out: Output): void
  /** Flush caches into tables; may emit towards upsert targets. The runtime forwards the barrier. */
  onBarrier?(barrier: Barrier, out: Output): void
  /** All inputs ended, after the final watermark. */
  onEnd?(out: Output): void
}
