// The requests of a transaction to its coordinators: AddPartitionsToTxn v2, AddOffsetsToTxn v2,
// TxnOffsetCommit v2 (to the coordinator of the group) and EndTxn v2. Each is refused as a whole when
// any part is: a transaction with a part missing is never ended by a commit.
import type { ProducerIdentity } from './init-producer-id.ts'
import { type Api, firstError, type KafkaRequest, SMALL_REQUEST_BYTES } from './kafka-request.ts'
import type { ProtocolReader } from './protocol-reader.ts'

export const ADD_PARTITIONS_TO_TXN: Api = {
  name: 'AddPartitionsToTxn',
  key: 24,
  version: 2,
  lane: 'write',
}
export const ADD_OFFSETS_TO_TXN: Api = {
  name: 'AddOffsetsToTxn',
  key: 25,
  version: 2,
  lane: 'write',
}
export const END_TXN: Api = { name: 'EndTxn', key: 26, version: 2, lane: 'write' }
export const TXN_OFFSET_COMMIT: Api = {
  name: 'TxnOffsetCommit',
  key: 28,
  version: 2,
  lane: 'write',
}

/** Whose transaction it is. */
export interface TransactionOwner extends ProducerIdentity {
  readonly transactionalId: string
}

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface CommittedOffset {
  readonly partition: number
  readonly offset: number
  /** At most 4,096 bytes, or OFFSET_METADATA_TOO_LARGE. */
  readonly metadata: string
}

export interface CommittedTopic {
  readonly topic: string
  readonly partitions: readonly CommittedOffset[]
}

export interface PartitionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
}

export interface PartitionsResponse {
  readonly throttleMs: number
  readonly partitions: readonly PartitionResult[]
}

export interface PlainResponse {
  readonly throttleMs: number
  readonly errorCode: number
}

export function addPartitionsToTxnRequest(
  owner: TransactionOwner,
  topics: readonly TopicPartitions[],
): KafkaRequest<PartitionsResponse> {
  return {
    api: ADD_PARTITIONS_TO_TXN,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.text(owner.transactionalId)
      writer.int64(owner.producerId)
      writer.int16(owner.producerEpoch)
      writer.array(topics, ({ topic, partitions }) => {
        writer.text(topic)
        writer.array(partitions, (partition) => writer.int32(partition))
      })
    },
    read: readPartitions,
    refusal: refusalOfPartitions,
  }
}

export function addOffsetsToTxnRequest(
  owner: TransactionOwner,
  group: string,
): KafkaRequest<PlainResponse> {
  return {
    api: ADD_OFFSETS_TO_TXN,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.text(owner.transactionalId)
      writer.int64(owner.producerId)
      writer.int16(owner.producerEpoch)
      writer.text(group)
    },
    read: readPlain,
    refusal: ({ errorCode }) => errorCode,
  }
}

export function txnOffsetCommitRequest(
  owner: TransactionOwner,
  group: string,
  topics: readonly CommittedTopic[],
): KafkaRequest<PartitionsResponse> {
  return {
    api: TXN_OFFSET_COMMIT,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.text(owner.transactionalId)
      writer.text(group)
      writer.int64(owner.producerId)
      writer.int16(owner.producerEpoch)
      writer.array(topics, ({ topic, partitions }) => {
        writer.text(topic)
        writer.array(partitions, ({ partition, offset, metadata }) => {
          writer.int32(partition)
          writer.int64(offset)
          writer.int32(-1)
          writer.nullableText(metadata)
        })
      })
    },
    read: readPartitions,
    refusal: refusalOfPartitions,
  }
}

export function endTxnRequest(
  owner: TransactionOwner,
  end: 'commit' | 'abort',
): KafkaRequest<PlainResponse> {
  return {
    api: END_TXN,
    bytesHint: SMALL_REQUEST_BYTES,
    write: (writer) => {
      writer.text(owner.transactionalId)
      writer.int64(owner.producerId)
      writer.int16(owner.producerEpoch)
      writer.boolean(end === 'commit')
    },
    read: readPlain,
    refusal: ({ errorCode }) => errorCode,
  }
}

function readPlain(reader: ProtocolReader): PlainResponse {
  return { throttleMs: reader.int32(), errorCode: reader.int16() }
}

function readPartitions(reader: ProtocolReader): PartitionsResponse {
  const throttleMs = reader.int32()
  const topics = reader.array(6, () => {
    const topic = reader.text()
    return reader.array(6, () => ({
      topic,
      partition: reader.int32(),
      errorCode: reader.int16(),
    }))
  })
  return { throttleMs, partitions: topics.flat() }
}

function refusalOfPartitions({ partitions }: PartitionsResponse): number {
  return firstError(partitions.map(({ errorCode }) => errorCode))
}
