// OffsetFetch v7 with require-stable: the offsets that a group committed, refused with
// UNSTABLE_OFFSET_COMMIT while a transaction that writes them is open.
import { type Api, firstError, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'
import type { ProtocolReader } from './protocol-reader.ts'
import type { TopicPartitions } from './transaction-requests.ts'

export const OFFSET_FETCH: Api = {
  name: 'OffsetFetch',
  key: 9,
  version: 7,
  lane: 'admin',
  isFlexible: true,
}

export interface FetchedOffset {
  readonly topic: string
  readonly partition: number
  /** -1: none is committed, or its retention passed. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string | undefined
  readonly errorCode: number
}

export interface OffsetFetchResponse {
  readonly throttleMs: number
  readonly errorCode: number
  readonly partitions: readonly FetchedOffset[]
}

export function offsetFetchRequest(
  group: string,
  topics: readonly TopicPartitions[],
): KafkaRequest<OffsetFetchResponse> {
  return {
    api: OFFSET_FETCH,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.compactText(group)
      writer.compactArray(topics, ({ topic, partitions }) => {
        writer.compactText(topic)
        writer.compactArray(partitions, (partition) => writer.int32(partition))
        writer.noTags()
      })
      writer.boolean(true)
      writer.noTags()
    },
    read: readOffsetFetch,
    refusal: ({ errorCode, partitions }) =>
      firstError([errorCode, ...partitions.map((partition) => partition.errorCode)]),
  }
}

function readOffsetFetch(reader: ProtocolReader): OffsetFetchResponse {
  const throttleMs = reader.int32()
  const topics = reader.compactArray(3, () => {
    const topic = reader.compactText()
    const partitions = reader.compactArray(20, () => readOffset(reader, topic))
    reader.tags()
    return partitions
  })
  const errorCode = reader.int16()
  reader.tags()
  return { throttleMs, errorCode, partitions: topics.flat() }
}

function readOffset(reader: ProtocolReader, topic: string): FetchedOffset {
  const offset = {
    topic,
    partition: reader.int32(),
    offset: reader.int64(),
    leaderEpoch: reader.int32(),
    metadata: reader.compactNullableText(),
    errorCode: reader.int16(),
  }
  reader.tags()
  return offset
}
