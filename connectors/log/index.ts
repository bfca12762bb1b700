// The embedded log: topics in LMDB, their source, the sink for topics that a job writes.
export { type Catalog, readCatalog, registerTopics, type TopicPlace } from './catalog.ts'
export type { LogRecord } from './chunk-builder.ts'
export {
  CHUNK_RECORDS_MAX,
  type Chunk,
  type ChunkOrigin,
  decodeChunk,
} from './chunk-format.ts'
export { type ChunkStore, type StoreEntry, topicNames } from './chunk-store.ts'
export { EmbeddedLog, openLog } from './embedded-log.ts'
export { lmdbChunkStore } from './lmdb-store.ts'
export type { LogOptions, RecordPlace, TopicOptions } from './log-options.ts'
export { type LogSource, type LogSourceOptions, logSource } from './log-source.ts'
export { chunkAt, earliestOffset, latestOffset, type PlacedChunk } from './partition-cursor.ts'
export { rowEncoder } from './row-encoder.ts'
export {
  type Partitioner,
  type Retention,
  readDefinition,
  readDefinitions,
  type TopicDefinition,
  type TopicFormat,
} from './topic-definition.ts'
export { type IterableStore, type TopicHome, topicHome } from './topic-home.ts'
export { readRecords, type TopicRecord, valuesOf } from './topic-records.ts'
export { type OpenedTopic, openTopicSchemas, readTopicSchemas } from './topic-schemas.ts'
export { type RowEncoder, type TopicSinkOptions, topicSink } from './topic-sink.ts'
