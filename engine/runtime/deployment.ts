// Deployment: how a job's topics and sinks are bound to real systems. Implemented outside the engine
// (files, embedded log, Delta, …); the slot loop knows only this contract.
import type { RecordBatch } from '../batch/index.ts'
import type { Entry } from '../checkpoint/index.ts'
import type { DecisionSink, DecisionStore, FollowerSink, Source } from '../connector.ts'
import type { LogicalSink, Topic } from '../graph/index.ts'
import type { Schema } from '../schema/index.ts'

/** Who a sink instance works for: one per slot and logical sink. */
export interface SinkContext {
  readonly job: string
  readonly lineage: string
  readonly slot: number
  readonly slots: number
  readonly term: number
  /** Earlier lineages that this one goes on from after rescales. */
  readonly continues: readonly string[]
  readonly schema: Schema<unknown>
  /** The rows carry change kinds. */
  readonly isChangelog: boolean
}

export type BoundSink =
  | { readonly kind: 'decision'; readonly sink: DecisionSink }
  | { readonly kind: 'follower'; readonly sink: FollowerSink }

export interface Deployment {
  source(topic: Topic): Source
  sink(sink: LogicalSink, context: SinkContext): BoundSink
  /** A topic that the job owns besides those it names: `<job>.dead-letters`, `<job>.ticks`. */
  ownTopic(name: OwnTopic, context: SinkContext): DecisionSink
  /**
   * The values of the records in one entry of store `topics`, as the sink of an own topic wrote it;
   * absent where own topics do not live there.
   */
  ownRecords?(key: Uint8Array, value: Uint8Array): readonly Uint8Array[]
  close(): Promise<void>
}

export type OwnTopic = 'dead-letters' | 'ticks'

/** A sink that only takes batches; the face that tasks see. */
export interface BatchTaker {
  write(batch: RecordBatch): void
  /** The watermark that the rows' stream has reached. */
  watermark?(time: number): void
  /** No row follows. */
  end?(): void
}

/** Reads what was decided, outside of a transaction. */
export interface DecidedReader {
  get(store: DecisionStore, key: Uint8Array): Uint8Array | undefined
  /** Entries with from ≤ key < to, ascending. */
  range(store: DecisionStore, from: Uint8Array, to: Uint8Array): Iterable<Entry>
}
