// Columns, batches, dictionaries and byte buffers.
export { ByteReader, ByteWriter } from './byte-writer.ts'
export {
  type BoolColumn,
  type Column,
  columnLength,
  type DictionaryColumn,
  exactInteger,
  type Float64Column,
  type Int32Column,
  type IntegerColumn,
  isNull,
  type ListColumn,
  type PlainColumn,
  type StructColumn,
} from './column.ts'
export {
  type ColumnBuilder,
  columnBuilder,
  formatDecimal,
  integerColumn,
  parseDecimal,
} from './column-builder.ts'
export { concatColumns, gatherColumn, sliceColumn } from './column-operations.ts'
export { Dictionary } from './dictionary.ts'
export { hashBytes, hashInteger, mix32, murmur2, murmur2Partition } from './hash.ts'
export {
  Change,
  columnAt,
  concatBatches,
  gatherBatch,
  type RecordBatch,
  type RecordBatchParts,
  recordBatch,
  type SourcePosition,
  selectColumns,
  sliceBatch,
  splitBatch,
} from './record-batch.ts'
export { batchOfRows, type RowTimes, rowAt, rowsOf, valueAt } from './row-view.ts'
export { toPlain } from './to-plain.ts'
