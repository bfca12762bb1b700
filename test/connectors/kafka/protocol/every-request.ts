// One of each request, for the tests that hold for all of them.
import { fetchRequest } from '../../../../connectors/kafka/protocol/fetch.ts'
import { findCoordinatorRequest } from '../../../../connectors/kafka/protocol/find-coordinator.ts'
import { initProducerIdRequest } from '../../../../connectors/kafka/protocol/init-producer-id.ts'
import type { KafkaRequest } from '../../../../connectors/kafka/protocol/kafka-request.ts'
import { listOffsetsRequest } from '../../../../connectors/kafka/protocol/list-offsets.ts'
import { metadataRequest } from '../../../../connectors/kafka/protocol/metadata.ts'
import { offsetFetchRequest } from '../../../../connectors/kafka/protocol/offset-fetch.ts'
import { produceRequest } from '../../../../connectors/kafka/protocol/produce.ts'
import {
  createTopicsRequest,
  deleteTopicsRequest,
} from '../../../../connectors/kafka/protocol/topic-requests.ts'
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  endTxnRequest,
  txnOffsetCommitRequest,
} from '../../../../connectors/kafka/protocol/transaction-requests.ts'

const topics = [{ topic: 'orders', partitions: [0, 1] }]
const owner = { transactionalId: 'job.0', producerId: 7, producerEpoch: 1 }

export const everyRequest: readonly KafkaRequest<unknown>[] = [
  fetchRequest({
    topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: 5, bytesMax: 100 }] }],
    waitMs: 10,
    bytesMin: 1,
    bytesMax: 1000,
    isolation: 'read_committed',
  }),
  produceRequest({
    topics: [{ topic: 'orders', partitions: [{ partition: 0, records: new Uint8Array(70) }] }],
    transactionalId: 'job.0',
    timeoutMs: 100,
  }),
  listOffsetsRequest({
    topics: [{ topic: 'orders', partitions: [{ partition: 0, at: { timeMs: 1e12 } }] }],
    isolation: 'read_uncommitted',
  }),
  metadataRequest(['orders']),
  findCoordinatorRequest('transaction', 'job.0'),
  initProducerIdRequest({ transactionalId: 'job.0', transactionTimeoutMs: 1000 }),
  addPartitionsToTxnRequest(owner, topics),
  addOffsetsToTxnRequest(owner, 'job'),
  txnOffsetCommitRequest(owner, 'job', [
    { topic: 'orders', partitions: [{ partition: 0, offset: 9, metadata: 'epoch 3' }] },
  ]),
  endTxnRequest(owner, 'commit'),
  offsetFetchRequest('job', topics),
  createTopicsRequest([{ topic: 'orders', partitions: 2, settings: { a: 'b' } }], 100),
  deleteTopicsRequest(['orders'], 100),
]
