// Metadata v7: brokers, and the leaders of the topics asked for. Never creates a topic.
import { type Api, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'
import type { ProtocolReader } from './protocol-reader.ts'

export const METADATA: Api = { name: 'Metadata', key: 3, version: 7, lane: 'admin' }

export interface BrokerNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
}

export interface PartitionNode {
  readonly errorCode: number
  readonly partition: number
  /** The broker that leads; -1: none at the moment. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export interface TopicNode {
  readonly errorCode: number
  readonly topic: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionNode[]
}

export interface MetadataResponse {
  readonly throttleMs: number
  readonly brokers: readonly BrokerNode[]
  readonly clusterId: string | undefined
  /** -1: none at the moment. */
  readonly controller: number
  readonly topics: readonly TopicNode[]
}

/** `undefined` asks for all topics, an empty list for none. */
export function metadataRequest(
  topics: readonly string[] | undefined,
): KafkaRequest<MetadataResponse> {
  return {
    api: METADATA,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      if (topics === undefined) writer.int32(-1)
      else writer.array(topics, (topic) => writer.text(topic))
      writer.boolean(false)
    },
    read: readMetadata,
    refusal: () => 0,
  }
}

function readMetadata(reader: ProtocolReader): MetadataResponse {
  return {
    throttleMs: reader.int32(),
    brokers: reader.array(12, () => ({
      id: reader.int32(),
      host: reader.text(),
      port: reader.int32(),
      rack: reader.nullableText(),
    })),
    clusterId: reader.nullableText(),
    controller: reader.int32(),
    topics: reader.array(9, () => ({
      errorCode: reader.int16(),
      topic: reader.text(),
      isInternal: reader.boolean(),
      partitions: reader.array(26, () => readPartition(reader)),
    })),
  }
}

function readPartition(reader: ProtocolReader): PartitionNode {
  const node = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leader: reader.int32(),
    leaderEpoch: reader.int32(),
    replicas: reader.array(4, () => reader.int32()),
    inSync: reader.array(4, () => reader.int32()),
  }
  reader.array(4, () => reader.int32())
  return node
}
