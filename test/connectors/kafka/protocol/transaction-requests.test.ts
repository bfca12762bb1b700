import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerError, ErrorCode } from '../../../../connectors/kafka/protocol/error-code.ts'
import { kafkaTransport } from '../../../../connectors/kafka/transport/cluster-transport.ts'
import { createTopics } from '../../../../connectors/kafka/transport/create-topics.ts'
import { parseBrokers } from '../../../../connectors/kafka/transport/kafka-settings.ts'
import type { KafkaTransport } from '../../../../connectors/kafka/transport/kafka-transport.ts'
import { nameOf, responseOf } from '../../../../connectors/kafka/transport/outcome.ts'
import { systemClock } from '../../../../engine/clock.ts'
import { requireKafka } from '../../../support/kafka/require-broker.ts'
import {
  committedValues,
  fetchOf,
  produceValues,
  TIMEOUT_MS,
} from '../../../support/kafka/topic-values.ts'
import { TransactionSteps } from '../../../support/kafka/transaction-steps.ts'

const run = `txn-${process.pid}`

requireKafka('transactions on a broker', (brokers) => {
  let transport: KafkaTransport
  let steps: TransactionSteps
  let names = 0

  beforeAll(() => {
    const settings = { brokers: parseBrokers(brokers()), clientId: 'millrace-test' }
    transport = kafkaTransport(settings, systemClock)
    steps = new TransactionSteps(transport)
  })
  afterAll(() => transport.close())

  async function newTopic(): Promise<string> {
    const topic = `${run}-${names++}`
    const options = { clock: systemClock, timeoutMs: TIMEOUT_MS }
    responseOf(await createTopics(transport, [{ topic, partitions: 1 }], options))
    return topic
  }

  describe('a transaction', () => {
    it('shows its records and its offsets when it is committed, foreign clients too', async () => {
      const topic = await newTopic()
      const owner = await steps.begin(`${topic}-job`)
      await steps.add(owner, topic)
      await produceValues(transport, { topic, values: ['a', 'b'], owner })
      await produceValues(transport, { topic, values: ['c'], owner, baseSequence: 2 })
      responseOf(await steps.offsetCommit(owner, topic, 'epoch 7'))
      expect(await committedValues(transport, topic)).toEqual([])
      const open = await steps.offsetFetch(owner.transactionalId, topic)
      expect(nameOf(open)).toBe('UNSTABLE_OFFSET_COMMIT')
      responseOf(await steps.end(owner, 'commit'))
      await steps.begin(owner.transactionalId)
      expect(await committedValues(transport, topic)).toEqual(['a', 'b', 'c'])
      const [own] = responseOf(await steps.offsetFetch(owner.transactionalId, topic)).partitions
      expect(own).toMatchObject({ offset: 42, metadata: 'epoch 7', errorCode: 0 })
      const client = new Kafka({ brokers: brokers().split(','), logLevel: logLevel.NOTHING })
      const admin = client.admin()
      await admin.connect()
      const offsets = await admin.fetchOffsets({ groupId: owner.transactionalId, topics: [topic] })
      await admin.disconnect()
      expect(offsets[0]?.partitions[0]).toMatchObject({ offset: '42', metadata: 'epoch 7' })
    })

    it('shows nothing when it is aborted, and the fetch says whose records those are', async () => {
      const topic = await newTopic()
      const owner = await steps.begin(`${topic}-job`)
      await steps.add(owner, topic)
      await produceValues(transport, { topic, values: ['aborted'], owner })
      responseOf(await steps.end(owner, 'abort'))
      await steps.begin(owner.transactionalId)
      await produceValues(transport, { topic, values: ['plain'] })
      expect(await committedValues(transport, topic)).toEqual(['plain'])
      const target = { kind: 'leader', topic, partition: 0 } as const
      const fetched = responseOf(await transport.send(target, fetchOf(topic, 0), TIMEOUT_MS))
      const { aborted } = fetched.partitions[0] ?? {}
      expect(aborted).toEqual([{ producerId: owner.producerId, firstOffset: 0 }])
    })

    it('of an older epoch is fenced: it can neither be ended nor added to', async () => {
      const topic = await newTopic()
      const old = await steps.begin(`${topic}-job`)
      await steps.add(old, topic)
      await produceValues(transport, { topic, values: ['zombie'], owner: old })
      const owner = await steps.begin(old.transactionalId)
      expect(owner.producerEpoch).toBeGreaterThan(old.producerEpoch)
      const ended = await steps.end(old, 'commit')
      expect(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']).toContain(nameOf(ended))
      const late = await produceValues(transport, {
        topic,
        values: ['late'],
        owner: old,
        baseSequence: 1,
      })
      expect(brokerError(late.errorCode).name).toBe('INVALID_PRODUCER_EPOCH')
      expect(await committedValues(transport, topic)).toEqual([])
    })

    it('is refused a batch out of sequence, and one for a partition it has not added', async () => {
      const topic = await newTopic()
      const owner = await steps.begin(`${topic}-job`)
      const alone = await produceValues(transport, { topic, values: ['alone'], owner })
      expect(alone.errorCode).not.toBe(0)
      await steps.add(owner, topic)
      await produceValues(transport, { topic, values: ['a'], owner })
      const gap = { topic, values: ['c'], owner, baseSequence: 2 }
      const { errorCode } = await produceValues(transport, gap)
      expect(errorCode).toBe(ErrorCode.outOfOrderSequence)
      responseOf(await steps.end(owner, 'abort'))
    })

    it('is refused offsets whose metadata is too long', async () => {
      const topic = await newTopic()
      const owner = await steps.begin(`${topic}-job`)
      const refused = await steps.offsetCommit(owner, topic, 'x'.repeat(4097))
      expect(nameOf(refused)).toBe('OFFSET_METADATA_TOO_LARGE')
      responseOf(await steps.offsetCommit(owner, topic, 'x'.repeat(4096)))
      responseOf(await steps.end(owner, 'commit'))
    })

    it('is refused a partition of a topic that is not there, as a whole', async () => {
      const topic = await newTopic()
      const owner = await steps.begin(`${topic}-job`)
      const outcome = await steps.tryAdd(owner, [topic, `${topic}-missing`])
      expect([outcome.kind, nameOf(outcome)]).toEqual(['refused', 'UNKNOWN_TOPIC_OR_PARTITION'])
    })
  })
})
