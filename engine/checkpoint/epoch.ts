// What a slot hands to the store at the end of an epoch, and what it gets back. An epoch is decided
// when `SlotStore.commit` returns; whatever throws before that left no trace.
import type { CommitPermit, DecisionStores } from '../connector.ts'
import type { StateTable } from '../state/index.ts'

/** A table with the stable id of its operator. */
export interface OperatorTable {
  readonly operatorId: string
  readonly table: StateTable
}

/** All tables of one task. `taskId` is `stage/partition`. */
export interface TaskTables {
  readonly taskId: string
  readonly tables: readonly OperatorTable[]
}

/** Everything that one slot decides at once. */
export interface EpochDecision {
  /** The slot's last epoch + 1. */
  readonly epoch: number
  readonly tasks: readonly TaskTables[]
  /** Work of follower sinks; at most one an epoch and sink. */
  readonly committables: readonly { readonly sink: string; readonly bytes: Uint8Array }[]
  /** What decision sinks add to the transaction, run inside of it in this order. */
  readonly steps: readonly ((stores: DecisionStores) => void)[]
  /** True for an epoch without records that only carries watermarks; reported, nothing else. */
  readonly heartbeat?: boolean
}

/** Sizes and durations of one commit. */
export interface CommitReport {
  readonly epoch: number
  /** Bytes of segments and committables. */
  readonly bytes: number
  readonly rows: number
  readonly segments: number
  /** Encoding dirty rows, outside the transaction. */
  readonly snapshotMs: number
  /** The transaction with its flush to disk. */
  readonly transactionMs: number
  readonly heartbeat: boolean
}

/** A decided piece of work of a follower sink that is not marked delivered. */
export interface Undelivered {
  readonly epoch: number
  readonly sink: string
  readonly bytes: Uint8Array
  /** Proof of the decision; names the slot and the history that decided it. */
  readonly permit: CommitPermit
}

/** What a run owns; plain data, so that the main thread can hand it to the slots. */
export interface Claim {
  readonly job: string
  readonly lineage: string
  readonly term: number
  readonly slots: number
  /** Last decided epoch of each slot, 0 before the first. */
  readonly epochs: readonly number[]
  /** What `claim` decided. */
  readonly start: 'fresh' | 'continue' | 'rescale'
  /** The history this one goes on from, where it is another. */
  readonly previous: PreviousLineage | undefined
  /** Lineages whose records in repartition topics belong to this history; the own one is first. */
  readonly accepted: readonly string[]
}

export interface PreviousLineage {
  readonly lineage: string
  readonly slots: number
  readonly epochs: readonly number[]
  /** Name of the savepoint it was restored from. */
  readonly savepoint?: string
}

export interface ClaimRequest {
  readonly job: string
  readonly slots: number
  /** Plain JSON data that describes the job; a different one is refused. */
  readonly topology: unknown
  /** Forget everything that is stored and begin a new history. */
  readonly fresh?: boolean
}
