// The contracts of connectors: sources that give decoded records, and sinks that take part in an
// epoch's decision or follow it. Both sides (engine and connectors) import them from here.
import type { Column, RecordBatch } from './batch/index.ts'
import type { Schema } from './schema/index.ts'

/** A record that could not be decoded: it becomes a dead letter. */
export interface RejectedRecord {
  readonly offset: number
  /** Stable code, e.g. `JSON_SYNTAX`, `FIELD_MISSING`, `FIELD_TYPE`. */
  readonly code: string
  /** One line for a person; names the fields concerned. */
  readonly reason: string
  /** The record as it was. */
  readonly raw: Uint8Array
}

/** Up to BATCH_RECORDS_MAX records of one partition, decoded into columns. */
export interface SourceRecords {
  readonly columns: readonly Column[]
  /** Number of records in the columns (rejected ones are not among them). */
  readonly length: number
  /** Offset of each record, ascending. */
  readonly offsets: Float64Array
  /** When the log took each record, epoch microseconds, where the log sets that. */
  readonly appendTimes: Float64Array | undefined
  readonly rejected: readonly RejectedRecord[]
  /** The offset to go on from after these records. */
  readonly nextOffset: number
}

/**
 * Decodes the records of one partition. Stateful only in its dictionaries; made by the engine from
 * the topic's schema, format and policies, and used by one reader in one thread.
 */
export interface RecordDecoder {
  readonly schema: Schema<unknown>
  /**
   * Decodes newline-separated records from `bytes[start .. end)`, at most BATCH_RECORDS_MAX of them.
   * Stops before an unfinished last line unless `isLast`. Empty lines are skipped but counted in
   * offsets: the offset of a line is its ordinal from `firstOffset`.
   */
  decodeLines(
    bytes: Uint8Array,
    start: number,
    end: number,
    firstOffset: number,
    isLast: boolean,
  ): { readonly records: SourceRecords; readonly consumed: number }
  /** Decodes `count` records: record i is `bytes[starts[i] .. ends[i])` at `offsets[i]`. */
  decodeRecords(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    offsets: Float64Array,
    appendTimes: Float64Array | undefined,
  ): SourceRecords
}

/** Reads one partition in offset order. Used by one slot; `poll` never blocks on the network. */
export interface PartitionReader {
  /** The next records, or undefined when there is none at the moment. */
  poll(): SourceRecords | undefined
  /** Bounded sources: everything was given. */
  readonly isEnded: boolean
  /** Resolves when `poll` may give records again, and at the latest after a few milliseconds. */
  ready(): Promise<void>
  /** Records not read yet, where the log knows; for metrics. */
  readonly lag: number | undefined
  /**
   * What must be remembered to go on from `nextOffset` with the same input (a file: byte position,
   * length, CRC32C of what was consumed). Stored with the offsets.
   */
  bookmark(): Uint8Array | undefined
  close(): void
}

/** A topic bound to a place that records come from. */
export interface Source {
  readonly partitions: number
  /** First offset that can still be read; absent: 0. */
  earliest?(partition: number): number
  /** Offset after the last record; absent: the end is not known before it is read. */
  latest?(partition: number): number
  /**
   * @param offset where to go on: the `nextOffset` that was decided last, or 0 / the earliest
   * @param bookmark what `bookmark` gave with it
   * @throws ConfigError INPUT_CHANGED when the input is not what was consumed before
   */
  open(
    partition: number,
    decoder: RecordDecoder,
    offset: number,
    bookmark: Uint8Array | undefined,
  ): PartitionReader
}

/** The stores of the deciding transaction (embedded: one LMDB environment), inside of it. */
export interface DecisionStores {
  get(store: DecisionStore, key: Uint8Array): Uint8Array | undefined
  put(store: DecisionStore, key: Uint8Array, value: Uint8Array): void
  remove(store: DecisionStore, key: Uint8Array): void
  /** The greatest key below `key` with its value, or undefined. */
  before(
    store: DecisionStore,
    key: Uint8Array,
  ): { readonly key: Uint8Array; readonly value: Uint8Array } | undefined
}

export type DecisionStore = 'topics' | 'online' | 'marks'

/** Collects what a sink adds to the deciding transaction of an epoch. */
export interface DecisionWriter {
  readonly slot: number
  readonly term: number
  readonly epoch: number
  /** Runs inside the transaction, in the order given. Must be synchronous and must not throw. */
  during(step: (stores: DecisionStores) => void): void
}

/** Part of the deciding transaction: topics, files, the embedded online store. */
export interface DecisionSink {
  /** Only takes the batch; the loop awaits `ready()` between batches when it is given. */
  write(batch: RecordBatch): void
  ready(): Promise<void> | undefined
  /** Makes everything written durable but undecided, or adds it to the transaction. */
  flush(decision: DecisionWriter): Promise<void>
  /** Called once before the first write: goes back to what was decided (a file is cut). */
  recover(read: (store: DecisionStore, key: Uint8Array) => Uint8Array | undefined): Promise<void>
  close(): Promise<void>
}

/** Proof that an epoch was decided; only the commit protocol makes one. */
export interface CommitPermit {
  readonly slot: number
  readonly term: number
  readonly epoch: number
  /** Stable name of the history the epoch belongs to. */
  readonly lineage: string
}

/** Follows the decision: lake tables, remote stores. */
export interface FollowerSink {
  write(batch: RecordBatch): void
  ready(): Promise<void> | undefined
  /**
   * Closes and fsyncs the epoch's files; returns versioned bytes from which any process can deliver.
   * Undefined when the epoch wrote nothing.
   */
  prepare(epoch: number): Promise<Uint8Array | undefined>
  /** Idempotent. */
  deliver(committable: Uint8Array, permit: CommitPermit): Promise<void>
  /** Removes what no kept committable names and no delivered epoch owns. */
  sweep(keep: readonly Uint8Array[]): Promise<void>
  close(): Promise<void>
}

/** What a sink says of itself; shown by `explain` and the documentation. */
export interface SinkPromise {
  readonly delivery: 'exactly-once' | 'effectively-once' | 'at-least-once'
  readonly remark?: string
}
