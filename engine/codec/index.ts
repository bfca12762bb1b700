// Codecs: batches, keys, rows and msgpack as bytes. Arrow has a folder of its own, `arrow/`.
export {
  BATCH_CODEC_VERSION,
  type BatchHeader,
  type DecodeBatchOptions,
  decodeBatch,
  encodeBatch,
  peekBatchHeader,
} from './batch-codec.ts'
export { type KeyCodec, keyCodec } from './key-codec.ts'
export { msgpackDecoder } from './msgpack-decoder.ts'
export { encodeMsgpackRow } from './msgpack-encoder.ts'
export {
  type MigratingRowCodec,
  migratingRowCodec,
  type Row,
  type RowCodec,
  rowCodec,
} from './row-codec.ts'
export { schemaFingerprint } from './schema-fingerprint.ts'
