// ListOffsets v5: the first offset, the end, or the first offset at or after a time.
import { type Api, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'

export const LIST_OFFSETS: Api = { name: 'ListOffsets', key: 2, version: 5, lane: 'admin' }

/**
 * Where in a partition: its first record, its end, or the first record with at least this time. The
 * end of read_committed is the last stable offset.
 */
export type OffsetQuery = 'earliest' | 'latest' | { readonly timeMs: number }

export interface ListOffsetsPartition {
  readonly partition: number
  readonly at: OffsetQuery
  readonly leaderEpoch?: number
}

export interface ListOffsetsTopic {
  readonly topic: string
  readonly partitions: readonly ListOffsetsPartition[]
}

export interface ListOffsetsOptions {
  readonly topics: readonly ListOffsetsTopic[]
  readonly isolation: 'read_committed' | 'read_uncommitted'
}

export interface ListedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** -1 where nothing is that late, and for `earliest` and `latest`. */
  readonly timeMs: number
  /** -1 where no record is that late. */
  readonly offset: number
  readonly leaderEpoch: number
}

export interface ListOffsetsResponse {
  readonly throttleMs: number
  readonly partitions: readonly ListedPartition[]
}

export function listOffsetsRequest(options: ListOffsetsOptions): KafkaRequest<ListOffsetsResponse> {
  return {
    api: LIST_OFFSETS,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.int32(-1)
      writer.int8(options.isolation === 'read_committed' ? 1 : 0)
      writer.array(options.topics, ({ topic, partitions }) => {
        writer.text(topic)
        writer.array(partitions, ({ partition, at, leaderEpoch }) => {
          writer.int32(partition)
          writer.int32(leaderEpoch ?? -1)
          writer.int64(timeOf(at))
        })
      })
    },
    read: (reader) => {
      const throttleMs = reader.int32()
      const topics = reader.array(6, () => {
        const topic = reader.text()
        return reader.array(26, () => ({
          topic,
          partition: reader.int32(),
          errorCode: reader.int16(),
          timeMs: reader.int64(),
          offset: reader.int64(),
          leaderEpoch: reader.int32(),
        }))
      })
      return { throttleMs, partitions: topics.flat() }
    },
    refusal: () => 0,
  }
}

function timeOf(at: OffsetQuery): number {
  if (at === 'earliest') return -2
  return at === 'latest' ? -1 : at.timeMs
}
