// Fetch v11, without fetch sessions: each request names all its partitions, so that an answer means
// the same whatever went before. Records come as the bytes of record batches, not copied.
import type { AbortedTransaction } from '../record-batch/index.ts'
import { type Api, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'
import type { ProtocolReader } from './protocol-reader.ts'
import type { ProtocolWriter } from './protocol-writer.ts'

export const FETCH: Api = { name: 'Fetch', key: 1, version: 11, lane: 'fetch' }

export interface FetchPartition {
  readonly partition: number
  readonly offset: number
  /** The broker gives at least one batch, however large. */
  readonly bytesMax: number
  /** The leader's epoch from metadata; another one is refused with FENCED_LEADER_EPOCH. */
  readonly leaderEpoch?: number
}

export interface FetchTopic {
  readonly topic: string
  readonly partitions: readonly FetchPartition[]
}

export interface FetchOptions {
  readonly topics: readonly FetchTopic[]
  /** How long the broker waits for `bytesMin`. */
  readonly waitMs: number
  readonly bytesMin: number
  readonly bytesMax: number
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly rack?: string
}

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** In the broker's order, which is none. */
  readonly aborted: readonly AbortedTransaction[]
  /** A replica to read from instead; -1: none. */
  readonly preferredReplica: number
  /** Record batches, the last one possibly cut off; a view into the response. */
  readonly records: Uint8Array
}

export interface FetchResponse {
  readonly throttleMs: number
  readonly errorCode: number
  readonly partitions: readonly FetchedPartition[]
}

export function fetchRequest(options: FetchOptions): KafkaRequest<FetchResponse> {
  return {
    api: FETCH,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => writeFetch(writer, options),
    read: readFetch,
    refusal: ({ errorCode }) => errorCode,
  }
}

function writeFetch(writer: ProtocolWriter, options: FetchOptions): void {
  writer.int32(-1)
  writer.int32(options.waitMs)
  writer.int32(options.bytesMin)
  writer.int32(options.bytesMax)
  writer.int8(options.isolation === 'read_committed' ? 1 : 0)
  // No session: id 0 in epoch -1.
  writer.int32(0)
  writer.int32(-1)
  writer.array(options.topics, ({ topic, partitions }) => {
    writer.text(topic)
    writer.array(partitions, (asked) => {
      writer.int32(asked.partition)
      writer.int32(asked.leaderEpoch ?? -1)
      writer.int64(asked.offset)
      writer.int64(-1)
      writer.int32(asked.bytesMax)
    })
  })
  writer.array([], () => undefined)
  writer.text(options.rack ?? '')
}

function readFetch(reader: ProtocolReader): FetchResponse {
  const throttleMs = reader.int32()
  const errorCode = reader.int16()
  reader.int32()
  const topics = reader.array(6, () => {
    const topic = reader.text()
    return reader.array(42, () => readPartition(reader, topic))
  })
  return { throttleMs, errorCode, partitions: topics.flat() }
}

function readPartition(reader: ProtocolReader, topic: string): FetchedPartition {
  return {
    topic,
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
    aborted: reader.array(16, () => ({
      producerId: reader.int64(),
      firstOffset: reader.int64(),
    })),
    preferredReplica: reader.int32(),
    records: reader.nullableBlock(),
  }
}
