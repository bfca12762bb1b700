// The embedded log: topics in LMDB, their source, the sink for topics that a job writes.
export {
  CHUNK_RECORDS_MAX,
  type Chunk,
  type ChunkOrigin,
  decodeChunk,
  type LogRecord,
} from './chunk-format.ts'
export { type ChunkStore, type StoreEntry, topicNames } from './chunk-store.ts'
export {
  EmbeddedLog,
  type LogOptions,
  openLog,
  type RecordPlace,
  type TopicOptions,
} from './embedded-log.ts'
export { lmdbChunkStore } from './lmdb-store.ts'
export { type LogSource, type LogSourceOptions, logSource, type TopicHome } from './log-source.ts'
export { chunkAt, earliestOffset, latestOffset, type PlacedChunk } from './partition-cursor.ts'
export {
  type Partitioner,
  type Retention,
  readDefinition,
  readDefinitions,
  type TopicDefinition,
  type TopicFormat,
} from './topic-definition.ts'
export { readRecords, type TopicRecord } from './topic-records.ts'
