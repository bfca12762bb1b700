// StateTable: what checkpoints need of a table of an operator. The live rows are in memory, in
// whatever layout the operator computes on; a checkpoint takes the rows that changed since the last
// one as encoded bytes, in ascending order of their encoded keys; a restore hands rows back.
import type { ByteWriter } from '../batch/index.ts'
import type { Field } from '../schema/index.ts'

/** Describes the bytes of a table, so that a changed definition migrates or is refused. */
export interface TableFormat {
  /** Version of the layout; a table restores its own and (if `migrate` says so) older ones. */
  readonly version: number
  /** Fields by name where rows are encoded by schema: such rows migrate by field name. */
  readonly fields?: readonly Field[]
  /** Free text that must be equal, e.g. the aggregates of a window: `count,sum(int64)`. */
  readonly layout?: string
}

/** Receives one table's changes of one epoch. Keys ascend (unsigned bytes); each key comes once. */
export interface SegmentWriter {
  /** The buffer to write into between `beginKey` and `end`. */
  readonly bytes: ByteWriter
  beginKey(): void
  beginValue(): void
  end(): void
  /** The key is gone. */
  delete(key: Uint8Array): void
  /** All keys k with from ≤ k < to that earlier epochs wrote are gone. Comes before any put. */
  deleteRange(from: Uint8Array, to: Uint8Array): void
}

export interface StateTable {
  /** Unique within the operator; kebab-case. */
  readonly name: string
  readonly format: TableFormat
  /** Live rows, for metrics. */
  readonly rows: number
  /** Estimate of the memory held, in bytes. */
  readonly sizeBytes: number
  /** Writes what changed since the last snapshot; afterwards the table counts as clean. */
  snapshot(segment: SegmentWriter): void
  /** One live row of the restored state, in ascending key order. The views are valid in the call. */
  restore(key: Uint8Array, value: Uint8Array): void
}
