// Values of one partition written and read through the transport, for tests that are about something
// else than the encoding of records.
import { fetchRequest } from '../../../connectors/kafka/protocol/fetch.ts'
import {
  type ProducedPartition,
  produceRequest,
} from '../../../connectors/kafka/protocol/produce.ts'
import type { TransactionOwner } from '../../../connectors/kafka/protocol/transaction-requests.ts'
import {
  NO_PRODUCER,
  RecordBatchReader,
  RecordBatchWriter,
} from '../../../connectors/kafka/record-batch/index.ts'
import type { KafkaTransport } from '../../../connectors/kafka/transport/kafka-transport.ts'
import { responseOf } from '../../../connectors/kafka/transport/outcome.ts'

export const TIMEOUT_MS = 10_000
const BYTES_MAX = 1024 * 1024
const encoder = new TextEncoder()
const none = new Uint8Array(0)

/** One place in a topic, and what is written there. */
export interface Values {
  readonly topic: string
  readonly partition?: number
  readonly values: readonly string[]
  /** Of a transaction; absent: a producer without identity. */
  readonly owner?: TransactionOwner
  readonly baseSequence?: number
}

/** Writes one batch. */
export async function produceValues(
  transport: KafkaTransport,
  { topic, partition = 0, values, owner, baseSequence = 0 }: Values,
): Promise<ProducedPartition> {
  const writer = new RecordBatchWriter()
  for (const text of values) {
    const value = encoder.encode(text)
    writer.append(1_700_000_000_000, none, 0, -1, value, 0, value.length)
  }
  const producer =
    owner === undefined
      ? NO_PRODUCER
      : {
          id: owner.producerId,
          epoch: owner.producerEpoch,
          baseSequence,
          isTransactional: true,
        }
  const request = produceRequest({
    topics: [{ topic, partitions: [{ partition, records: writer.finish(producer) }] }],
    transactionalId: owner?.transactionalId,
    timeoutMs: TIMEOUT_MS,
  })
  const target = { kind: 'leader', topic, partition } as const
  const [produced] = responseOf(await transport.send(target, request, TIMEOUT_MS)).partitions
  if (produced === undefined) throw new Error('the partition is missing in the answer')
  return produced
}

/** A request for the records of partition 0 from `offset` on. */
export function fetchOf(topic: string, offset: number, waitMs = 100) {
  return fetchRequest({
    topics: [{ topic, partitions: [{ partition: 0, offset, bytesMax: BYTES_MAX }] }],
    waitMs,
    bytesMin: 1,
    bytesMax: BYTES_MAX,
    isolation: 'read_committed',
  })
}

/** The committed values of partition 0 up to its last stable offset. */
export async function committedValues(transport: KafkaTransport, topic: string): Promise<string[]> {
  const values: string[] = []
  const reader = new RecordBatchReader({ partition: `${topic}-0` })
  for (let offset = 0; ; ) {
    const target = { kind: 'leader', topic, partition: 0 } as const
    const outcome = await transport.send(target, fetchOf(topic, offset), TIMEOUT_MS)
    const [found] = responseOf(outcome).partitions
    if (found === undefined || found.errorCode !== 0) throw new Error(JSON.stringify(found))
    reader.open(found.records, 0, found.records.length, offset, found.aborted)
    for (let rows = reader.read(); rows !== undefined; rows = reader.read()) {
      for (let i = 0; i < rows.length; i++) {
        const bytes = rows.bytes.subarray(rows.valueStarts[i], rows.valueEnds[i])
        values.push(Buffer.from(bytes).toString())
      }
    }
    offset = Math.max(offset, reader.nextOffset)
    if (offset >= found.lastStableOffset) return values
  }
}
