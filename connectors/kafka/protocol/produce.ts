// Produce v7: record batches that are encoded already, always acknowledged by all in-sync replicas.
// Partitions answer one by one; a lost answer means that nobody knows.
import type { Api, KafkaRequest } from './kafka-request.ts'
import { SMALL_REQUEST_BYTES } from './kafka-request.ts'
import type { ProtocolReader } from './protocol-reader.ts'

export const PRODUCE: Api = { name: 'Produce', key: 0, version: 7, lane: 'write' }

export interface ProducePartition {
  readonly partition: number
  /** One record batch (format 2); copied before the request leaves. */
  readonly records: Uint8Array
}

export interface ProduceTopic {
  readonly topic: string
  readonly partitions: readonly ProducePartition[]
}

export interface ProduceOptions {
  readonly topics: readonly ProduceTopic[]
  readonly transactionalId: string | undefined
  /** How long the leader waits for its replicas. */
  readonly timeoutMs: number
}

export interface ProducedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** The offset of the batch's first record; -1 with an error, or for a duplicate too long ago. */
  readonly baseOffset: number
  /** Milliseconds since 1970 where the topic keeps append times, or -1. */
  readonly appendTimeMs: number
  readonly logStartOffset: number
}

export interface ProduceResponse {
  readonly throttleMs: number
  readonly partitions: readonly ProducedPartition[]
}

export function produceRequest(options: ProduceOptions): KafkaRequest<ProduceResponse> {
  return {
    api: PRODUCE,
    bytesHint: bytesOf(options.topics),
    write: (writer) => {
      writer.nullableText(options.transactionalId)
      writer.int16(-1)
      writer.int32(options.timeoutMs)
      writer.array(options.topics, ({ topic, partitions }) => {
        writer.text(topic)
        writer.array(partitions, ({ partition, records }) => {
          writer.int32(partition)
          writer.block(records)
        })
      })
    },
    read: readProduce,
    refusal: () => 0,
  }
}

function bytesOf(topics: readonly ProduceTopic[]): number {
  let bytes = SMALL_REQUEST_BYTES
  for (const { topic, partitions } of topics) {
    bytes += 6 + 3 * topic.length
    for (const { records } of partitions) bytes += 8 + records.length
  }
  return bytes
}

function readProduce(reader: ProtocolReader): ProduceResponse {
  const topics = reader.array(6, () => {
    const topic = reader.text()
    return reader.array(30, () => ({
      topic,
      partition: reader.int32(),
      errorCode: reader.int16(),
      baseOffset: reader.int64(),
      appendTimeMs: reader.int64(),
      logStartOffset: reader.int64(),
    }))
  })
  return { throttleMs: reader.int32(), partitions: topics.flat() }
}
