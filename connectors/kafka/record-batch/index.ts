// Record batches of Kafka (format 2): reading and writing them, without any network.
export type { AbortedTransaction } from './aborted-transactions.ts'
export { BATCH_BYTES_MAX, HEADERS_MAX, PAYLOAD_BYTES_MAX } from './batch-limits.ts'
export type { Compression } from './compression.ts'
export {
  type FetchedRecords,
  RecordBatchReader,
  type RecordBatchReaderOptions,
} from './record-batch-reader.ts'
export {
  type AppendOutcome,
  type BatchProducer,
  NO_PRODUCER,
  RecordBatchWriter,
  type RecordBatchWriterOptions,
  sequenceAfter,
} from './record-batch-writer.ts'
export { HeaderBlock, HeaderScanner } from './record-headers.ts'
export { isNullRange, RecordRanges } from './record-ranges.ts'
