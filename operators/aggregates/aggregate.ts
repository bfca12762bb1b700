// The contract of aggregates. A descriptor is plain data; resolved against a schema it is an
// `Aggregate`, which makes `Accumulators`: columns of partial results, addressed by row number.
// The owner hands out row numbers; an aggregate knows neither keys nor windows.
import type { ByteReader, ByteWriter, Column, RecordBatch } from '../../engine/batch/index.ts'
import type { Field, Schema } from '../../engine/schema/index.ts'

/** An aggregate as data. `Kind` and `Column` stay literal types, so that row types infer. */
export interface AggregateDescriptor<
  Kind extends string = string,
  Input extends string | undefined = string | undefined,
> {
  readonly kind: Kind
  /** The input column; absent for a count of rows. */
  readonly column?: Input
}

/** Aggregates by the name of their output column. */
export type AggregateDescriptors = Readonly<Record<string, AggregateDescriptor>>

/**
 * Partial results in rows 0, 1, 2, …; a row that nothing was added to is empty. Adding and merging
 * are commutative and associative, so that neither order nor batches show in a result. Nulls are
 * skipped. All methods run tight loops; none keeps its arguments.
 */
export interface Accumulators {
  /** Makes rows [0, count) addressable; new ones are empty. Rows never shrink. */
  ensureRows(count: number): void
  /** Makes rows [from, to) empty and frees what they held. */
  clear(from: number, to: number): void
  /** Record i of the batch goes into `rows[i]`, for i in [from, to). */
  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void
  /** `targets[i]` takes in row `sources[i]` of `source`, made by the same Aggregate; i < count. */
  merge(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void
  /** Undoes `merge` exactly. Present where the Aggregate is invertible. */
  retract?(targets: Int32Array, source: Accumulators, sources: Int32Array, count: number): void
  /** The results of `rows[0 .. count)` in new memory. @throws ConfigError SUM_OVERFLOW */
  result(rows: Int32Array, count: number): Column
  /** Versioned bytes of one row's partial. */
  encode(row: number, writer: ByteWriter): void
  /**
   * The same for `rows[from .. to)`, one after another; the bytes of `rows[i]` end where
   * `ends[i - from]` says. Present where a loop of its own is worth it.
   */
  encodeRows?(
    rows: Int32Array,
    from: number,
    to: number,
    writer: ByteWriter,
    ends: Int32Array,
  ): void
  /** Reads into an empty row what any version of `encode` wrote. @throws StateCorruptError */
  decode(row: number, reader: ByteReader): void
  /** Estimate of the memory held. */
  readonly sizeBytes: number
}

/** An aggregate bound to the columns of a schema. */
export interface Aggregate {
  /** Type of the result; the name is the output column's. */
  readonly field: Field
  /**
   * Names what the bytes mean, e.g. `sum(decimal(10,2))`: equal layouts read each other's bytes.
   */
  readonly layout: string
  /** `retract` is present. */
  readonly invertible: boolean
  /** @param use what the rows are for; a hint for their layout only */
  create(use?: AccumulatorUse): Accumulators
}

/** Rows of panes hold few values each; a row of a running window holds those of many panes. */
export type AccumulatorUse = 'panes' | 'running'

/** One kind of aggregate: its type rule and its instances. Registered by kind in `index.ts`. */
export interface AggregateKind {
  /** @throws ConfigError AGGREGATE_TYPE when the input column's type does not fit. */
  resultField(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>): Field
  instantiate(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>): Aggregate
}
