// RecordBatch: up to BATCH_RECORDS_MAX records of one channel as columns, with what event time
// needs to know of each: its event time and the channel's watermark just before it.
import { assert, InvariantError } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { Schema } from '../schema/index.ts'
import { type Column, columnLength } from './column.ts'
import { concatColumns, gatherColumn, sliceColumn } from './column-operations.ts'

/** What a record of a changelog does. Batches without `changes` hold inserts only. */
export const Change = { insert: 0, updateBefore: 1, updateAfter: 2, delete: 3 } as const
export type Change = (typeof Change)[keyof typeof Change]

/** Where the records of a batch came from; -1 when made by an operator (a window's row). */
export interface SourcePosition {
  /** Partition of the source topic. */
  readonly partition: number
  /** Offset of each record in that partition, ascending. */
  readonly offsets: Float64Array
}

export interface RecordBatch {
  readonly kind: 'batch'
  readonly schema: Schema<unknown>
  readonly length: number
  /** One column a field, in the schema's order, each `length` long. */
  readonly columns: readonly Column[]
  /** Event time of each record, epoch microseconds. */
  readonly eventTimes: Float64Array
  /** The channel's watermark just before each record, epoch microseconds, never falling. */
  readonly watermarksBefore: Float64Array
  /** `Change` of each record; absent: all are inserts. */
  readonly changes: Uint8Array | undefined
  readonly source: SourcePosition | undefined
}

export type RecordBatchParts = Omit<RecordBatch, 'kind' | 'length' | 'changes' | 'source'> & {
  readonly changes?: Uint8Array | undefined
  readonly source?: SourcePosition | undefined
}

/** Makes a batch; the lengths of all parts must agree and lie within BATCH_RECORDS_MAX. */
export function recordBatch(parts: RecordBatchParts): RecordBatch {
  const length = parts.eventTimes.length
  const { columns, schema } = parts
  assert(length <= BATCH_RECORDS_MAX, `a batch of ${length} > ${BATCH_RECORDS_MAX} records`)
  assert(columns.length === schema.fields.length, 'a batch has one column a field')
  assert(parts.watermarksBefore.length === length, 'a batch has one watermark a record')
  for (const column of columns) {
    assert(columnLength(column) === length, `a column of ${columnLength(column)}, not ${length}`)
  }
  return {
    kind: 'batch',
    schema,
    length,
    columns,
    eventTimes: parts.eventTimes,
    watermarksBefore: parts.watermarksBefore,
    changes: parts.changes,
    source: parts.source,
  }
}

/** The column at a position that the plan checked. */
export function columnAt(batch: RecordBatch, index: number): Column {
  const column = batch.columns[index]
  // Called for each value: the message is made only when it is needed.
  if (column === undefined) throw noColumn(batch, index)
  return column
}

function noColumn({ columns }: RecordBatch, index: number): InvariantError {
  return new InvariantError({ code: 'INVARIANT', message: `column ${index} of ${columns.length}` })
}

/** The rows [from, to), without copying. */
export function sliceBatch(batch: RecordBatch, from: number, to: number): RecordBatch {
  if (from === 0 && to === batch.length) return batch
  return recordBatch({
    schema: batch.schema,
    columns: batch.columns.map((column) => sliceColumn(column, from, to)),
    eventTimes: batch.eventTimes.subarray(from, to),
    watermarksBefore: batch.watermarksBefore.subarray(from, to),
    changes: batch.changes?.subarray(from, to),
    source: batch.source && {
      partition: batch.source.partition,
      offsets: batch.source.offsets.subarray(from, to),
    },
  })
}

/** The rows at `rows[0 .. count)`, in that order. */
export function gatherBatch(batch: RecordBatch, rows: Int32Array, count = rows.length) {
  const picked = rows.length === count ? rows : rows.subarray(0, count)
  return recordBatch({
    schema: batch.schema,
    columns: batch.columns.map((column) => gatherColumn(column, picked)),
    eventTimes: gatherFloat64(batch.eventTimes, picked),
    watermarksBefore: gatherFloat64(batch.watermarksBefore, picked),
    changes: batch.changes && gatherUint8(batch.changes, picked),
    source: batch.source && {
      partition: batch.source.partition,
      offsets: gatherFloat64(batch.source.offsets, picked),
    },
  })
}

/** Some of the columns, in the order of `indexes`, under `schema`. Nothing is copied. */
export function selectColumns(
  batch: RecordBatch,
  indexes: readonly number[],
  schema: Schema<unknown>,
): RecordBatch {
  return { ...batch, schema, columns: indexes.map((index) => columnAt(batch, index)) }
}

/** One batch from several of one schema, in order; together at most BATCH_RECORDS_MAX records. */
export function concatBatches(batches: readonly RecordBatch[]): RecordBatch {
  const [first] = batches
  assert(first !== undefined, 'nothing to join')
  if (batches.length === 1) return first
  const anyChanges = batches.some((batch) => batch.changes !== undefined)
  const partition = first.source?.partition
  const oneSource = batches.every((batch) => batch.source?.partition === partition)
  return recordBatch({
    schema: first.schema,
    columns: first.columns.map((_, i) => concatColumns(batches.map((b) => columnAt(b, i)))),
    eventTimes: joinFloat64(batches.map((batch) => batch.eventTimes)),
    watermarksBefore: joinFloat64(batches.map((batch) => batch.watermarksBefore)),
    changes: anyChanges ? joinChanges(batches) : undefined,
    source:
      oneSource && partition !== undefined
        ? { partition, offsets: joinFloat64(batches.map(sourceOffsets)) }
        : undefined,
  })
}

/**
 * Splits a batch by `partitionOf[row]`: entry p holds the rows of partition p in their order, or is
 * undefined where there is none.
 */
export function splitBatch(
  batch: RecordBatch,
  partitionOf: Int32Array,
  count: number,
): (RecordBatch | undefined)[] {
  const sizes = new Int32Array(count)
  for (let i = 0; i < batch.length; i++) sizes[partitionOf[i]!]!++
  const rows = Array.from(sizes, (size) => new Int32Array(size))
  sizes.fill(0)
  for (let i = 0; i < batch.length; i++) {
    const partition = partitionOf[i]!
    const target = rows[partition]
    assert(target !== undefined, `partition ${partition} of ${count}`)
    target[sizes[partition]!++] = i
  }
  return rows.map((picked) => (picked.length === 0 ? undefined : gatherBatch(batch, picked)))
}

function sourceOffsets(batch: RecordBatch): Float64Array {
  return batch.source?.offsets ?? new Float64Array(batch.length).fill(-1)
}

function joinChanges(batches: readonly RecordBatch[]): Uint8Array {
  const joined = new Uint8Array(batches.reduce((sum, batch) => sum + batch.length, 0))
  let at = 0
  for (const batch of batches) {
    if (batch.changes !== undefined) joined.set(batch.changes, at)
    at += batch.length
  }
  return joined
}

function joinFloat64(arrays: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(arrays.reduce((sum, array) => sum + array.length, 0))
  let at = 0
  for (const array of arrays) {
    joined.set(array, at)
    at += array.length
  }
  return joined
}

function gatherFloat64(values: Float64Array, rows: Int32Array): Float64Array {
  const picked = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!
  return picked
}

function gatherUint8(values: Uint8Array, rows: Int32Array): Uint8Array {
  const picked = new Uint8Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!
  return picked
}
