// Topics made and removed: CreateTopics v4 and DeleteTopics v3. Topics answer one by one: one that
// exists already (TOPIC_ALREADY_EXISTS) does not keep the others from being made.
import { type Api, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'

export const CREATE_TOPICS: Api = { name: 'CreateTopics', key: 19, version: 4, lane: 'admin' }
export const DELETE_TOPICS: Api = { name: 'DeleteTopics', key: 20, version: 3, lane: 'admin' }

export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  /** Absent: the cluster's own. */
  readonly replicationFactor?: number
  /** For example `{ 'cleanup.policy': 'compact' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface TopicResult {
  readonly topic: string
  readonly errorCode: number
  readonly errorMessage: string | undefined
}

export interface TopicsResponse {
  readonly throttleMs: number
  readonly topics: readonly TopicResult[]
}

/** @param timeoutMs how long the controller waits until the topics are known everywhere */
export function createTopicsRequest(
  topics: readonly NewTopic[],
  timeoutMs: number,
): KafkaRequest<TopicsResponse> {
  return {
    api: CREATE_TOPICS,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.array(topics, ({ topic, partitions, replicationFactor, settings }) => {
        writer.text(topic)
        writer.int32(partitions)
        writer.int16(replicationFactor ?? -1)
        writer.array([], () => undefined)
        writer.array(Object.entries(settings ?? {}), ([name, value]) => {
          writer.text(name)
          writer.nullableText(value)
        })
      })
      writer.int32(timeoutMs)
      writer.boolean(false)
    },
    read: (reader) => ({
      throttleMs: reader.int32(),
      topics: reader.array(6, () => ({
        topic: reader.text(),
        errorCode: reader.int16(),
        errorMessage: reader.nullableText(),
      })),
    }),
    refusal: () => 0,
  }
}

export function deleteTopicsRequest(
  topics: readonly string[],
  timeoutMs: number,
): KafkaRequest<TopicsResponse> {
  return {
    api: DELETE_TOPICS,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.array(topics, (topic) => writer.text(topic))
      writer.int32(timeoutMs)
    },
    read: (reader) => ({
      throttleMs: reader.int32(),
      topics: reader.array(4, () => ({
        topic: reader.text(),
        errorCode: reader.int16(),
        errorMessage: undefined,
      })),
    }),
    refusal: () => 0,
  }
}
