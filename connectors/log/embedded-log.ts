// EmbeddedLog: topics in one LMDB environment, appended to by any process of one host. Offsets are
// assigned inside the write transaction, so they are contiguous however many processes append; an
// append that resolved is durable. It holds bytes: decoding belongs to readers.
import { type Clock, systemClock, yieldToEventLoop } from '../../engine/clock.ts'
import { ConfigError, MillraceError } from '../../engine/errors.ts'
import {
  checkedBytes,
  groupAppends,
  type PartitionAppends,
  PENDING_BYTES_MAX,
  type PendingAppend,
  resolveAppends,
} from './append-queue.ts'
import { ChunkBuilder, encodeChunk, type LogRecord, sealChunk } from './chunk-builder.ts'
import { type ChunkStore, checkPartition, chunkKey, definitionKey } from './chunk-store.ts'
import { type LogEnvironment, lmdbChunkStore, openEnvironment, writeFailed } from './lmdb-store.ts'
import type { LogOptions, RecordPlace, TopicOptions } from './log-options.ts'
import { earliestOffset, latestOffset, oldestChunks, partitionEnd } from './partition-cursor.ts'
import { RETENTION_CHUNKS_MAX, removableChunks } from './retention.ts'
import {
  checkDefinition,
  differs,
  encodeDefinition,
  partitionOfKey,
  readDefinition,
  readDefinitions,
  type TopicDefinition,
  topicExists,
} from './topic-definition.ts'
import { unknownTopic } from './topic-home.ts'
import { readRecords, type TopicRecord } from './topic-records.ts'

/** Milliseconds between two sweeps of retention in one process. */
const RETENTION_EVERY_MS = 10_000

/** @throws ConfigError LOG_MISSING, LOG_OPENED_READ_ONLY; StorageError LOG_UNREADABLE */
export function openLog(folder: string, options: LogOptions = {}): EmbeddedLog {
  const environment = openEnvironment(folder, options.readOnly === true)
  return new EmbeddedLog(environment, options.clock ?? systemClock)
}

export class EmbeddedLog {
  readonly path: string
  /** The reading side, for cursors and the CLI. */
  readonly store: ChunkStore
  readonly clock: Clock
  readonly #environment: LogEnvironment
  readonly #definitions = new Map<string, TopicDefinition>()
  #pending: PendingAppend[] = []
  #pendingBytes = 0
  #nextUnkeyed = 0
  readonly #builder = new ChunkBuilder()
  #sweptAtMs: number
  /** What a sweep between appends raised; the next append says so. */
  #sweepFailure: { readonly error: unknown } | undefined

  constructor(environment: LogEnvironment, clock: Clock) {
    this.path = environment.path
    this.store = lmdbChunkStore(environment.database)
    this.clock = clock
    this.#environment = environment
    this.#sweptAtMs = clock.elapsedMs()
  }

  /**
   * Creates a topic; durable on return. An equal definition that is there already is left alone.
   * @throws ConfigError TOPIC_EXISTS when it is there with other options, TOPIC_INVALID
   */
  create(topic: string, options: TopicOptions): TopicDefinition {
    const definition: TopicDefinition = {
      topic,
      partitions: options.partitions,
      format: options.format ?? 'json',
      partitioner: options.partitioner ?? 'murmur2',
      retention: options.retention ?? {},
      createdMicros: this.clock.nowMicros(),
    }
    checkDefinition(definition)
    const found = this.#write(() => {
      const known = readDefinition(this.store, topic)
      if (known !== undefined) return known
      this.#environment.database.putSync(definitionKey(topic), encodeDefinition(definition))
      return definition
    })
    if (differs(found, definition)) throw topicExists(found, definition)
    return found
  }

  /** All topics by name. */
  topics(): TopicDefinition[] {
    return readDefinitions(this.store)
  }

  /** @throws ConfigError TOPIC_UNKNOWN that lists the topics there are */
  topic(topic: string): TopicDefinition {
    const known =
      this.#definitions.get(topic) ??
      readDefinition(this.store, topic) ??
      unknownTopic(this.store, topic)
    this.#definitions.set(topic, known)
    return known
  }

  /**
   * Appends records in order; resolves with the offset of the first once all are durable. Calls
   * that are made before the event loop turns share one commit.
   * @throws ConfigError TOPIC_UNKNOWN, PARTITION_UNKNOWN, RECORD_TOO_LONG, LOG_READ_ONLY
   * @throws StorageError DISK_FULL, LOG_WRITE_FAILED: nothing of the commit was kept
   */
  append(topic: string, partition: number, records: readonly LogRecord[]): Promise<number> {
    return new Promise((resolve, reject) => {
      checkPartition(topic, partition, this.topic(topic).partitions)
      this.#refuseReadOnly()
      this.#raiseSweepFailure()
      for (const record of records) this.#pendingBytes += checkedBytes(topic, record)
      this.#pending.push({ topic, partition, records, resolve, reject })
      if (this.#pendingBytes >= PENDING_BYTES_MAX) this.#commit()
      else if (this.#pending.length === 1) void yieldToEventLoop().then(() => this.#commit())
    })
  }

  /**
   * Appends each record to the partition of its key as the topic's partitioner says; records
   * without a key go round-robin. Resolves with the places, in the order given.
   */
  async appendKeyed(topic: string, records: readonly LogRecord[]): Promise<RecordPlace[]> {
    const definition = this.topic(topic)
    const groups = new Map<number, LogRecord[]>()
    const places = records.map((record) => {
      const partition =
        record.key === undefined
          ? this.#nextUnkeyed++ % definition.partitions
          : partitionOfKey(definition, record.key)
      const group = groups.get(partition) ?? []
      groups.set(partition, group)
      return { partition, ordinal: group.push(record) - 1 }
    })
    const firsts = new Map<number, number>()
    await Promise.all(
      Array.from(groups, async ([partition, group]) => {
        firsts.set(partition, await this.append(topic, partition, group))
      }),
    )
    return places.map(({ partition, ordinal }) => ({
      partition,
      offset: (firsts.get(partition) ?? 0) + ordinal,
    }))
  }

  /**
   * At most `limit` records from `offset` on; an empty array at the latest offset.
   * @throws ConfigError OFFSET_OUT_OF_RANGE
   */
  read(topic: string, partition: number, offset: number, limit = 1024): TopicRecord[] {
    checkPartition(topic, partition, this.topic(topic).partitions)
    return readRecords(this.store, topic, partition, offset, limit)
  }

  earliest(topic: string, partition: number): number {
    checkPartition(topic, partition, this.topic(topic).partitions)
    return earliestOffset(this.store, topic, partition)
  }

  latest(topic: string, partition: number): number {
    checkPartition(topic, partition, this.topic(topic).partitions)
    return latestOffset(this.store, topic, partition)
  }

  /**
   * Removes what the topics' retention lets go, at most RETENTION_CHUNKS_MAX chunks a partition,
   * and says how many. Appends call it now and then; `earliest` moves with it.
   */
  retain(): number {
    this.#sweptAtMs = this.clock.elapsedMs()
    let removed = 0
    for (const definition of this.topics()) {
      const { timeMs, bytes } = definition.retention
      if (timeMs === undefined && bytes === undefined) continue
      for (let partition = 0; partition < definition.partitions; partition++) {
        removed += this.#retainPartition(definition, partition)
      }
    }
    return removed
  }

  /** Commits what waits and closes. */
  async close(): Promise<void> {
    if (this.#pending.length > 0) this.#commit()
    await this.#environment.release()
  }

  #commit(): void {
    const pending = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    if (pending.length === 0) return
    try {
      const groups = groupAppends(pending)
      const encoded = groups.map((group) =>
        group.chunks.map((records) => encodeChunk(records, this.#builder)),
      )
      const firsts = this.#write(() => groups.map((g, i) => this.#putChunks(g, encoded[i] ?? [])))
      groups.forEach((group, i) => {
        resolveAppends(group, firsts[i] ?? 0)
      })
    } catch (error) {
      for (const append of pending) append.reject(error)
      return
    }
    this.#sweepWhenDue()
  }

  #sweepWhenDue(): void {
    if (this.clock.elapsedMs() - this.#sweptAtMs < RETENTION_EVERY_MS) return
    try {
      this.retain()
    } catch (error) {
      this.#sweepFailure = { error }
    }
  }

  /** Inside the transaction: gives the chunks their offsets. Returns the first one. */
  #putChunks(group: PartitionAppends, encoded: readonly Uint8Array[]): number {
    const end = partitionEnd(this.store, group.topic, group.partition)
    const appendTime = Math.max(this.clock.nowMicros(), end.appendTime)
    let offset = end.nextOffset
    let bytesBefore = end.bytesBefore
    encoded.forEach((bytes, i) => {
      const key = chunkKey(group.topic, group.partition, offset)
      sealChunk(bytes, { key, appendTime, bytesBefore })
      this.#environment.database.putSync(key, bytes)
      offset += group.chunks[i]?.length ?? 0
      bytesBefore += bytes.length
    })
    return end.nextOffset
  }

  #retainPartition(definition: TopicDefinition, partition: number): number {
    const { topic, retention } = definition
    const now = this.clock.nowMicros()
    return this.#write(() => {
      const end = partitionEnd(this.store, topic, partition)
      const chunks = oldestChunks(this.store, topic, partition, RETENTION_CHUNKS_MAX)
      const count = removableChunks(chunks, retention, end.bytesBefore, now)
      const last = chunks[count - 1]
      for (const chunk of chunks.slice(0, count)) {
        this.#environment.database.removeSync(chunkKey(topic, partition, chunk.offset))
      }
      if (last !== undefined && last.offset + last.count === end.nextOffset) {
        // Nothing is left: an empty chunk keeps the place, so that offsets go on.
        const key = chunkKey(topic, partition, end.nextOffset)
        const bytes = encodeChunk([])
        sealChunk(bytes, { key, appendTime: end.appendTime, bytesBefore: end.bytesBefore })
        this.#environment.database.putSync(key, bytes)
      }
      return count
    })
  }

  #write<T>(step: () => T): T {
    this.#refuseReadOnly()
    try {
      return this.#environment.database.transactionSync(step)
    } catch (error) {
      if (error instanceof MillraceError) throw error
      throw writeFailed(this.path, error)
    }
  }

  #raiseSweepFailure(): void {
    const failure = this.#sweepFailure
    this.#sweepFailure = undefined
    if (failure !== undefined) throw failure.error
  }

  #refuseReadOnly(): void {
    if (!this.#environment.isReadOnly) return
    throw new ConfigError({
      code: 'LOG_READ_ONLY',
      message: `the log in ${this.path} was opened read-only`,
      remedy: 'Open it without readOnly to write.',
    })
  }
}
