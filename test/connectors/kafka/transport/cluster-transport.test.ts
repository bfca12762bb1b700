import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { brokerError, ErrorCode } from '../../../../connectors/kafka/protocol/error-code.ts'
import { fetchRequest } from '../../../../connectors/kafka/protocol/fetch.ts'
import { kafkaTransport } from '../../../../connectors/kafka/transport/cluster-transport.ts'
import { createTopics } from '../../../../connectors/kafka/transport/create-topics.ts'
import { parseBrokers } from '../../../../connectors/kafka/transport/kafka-settings.ts'
import type { KafkaTransport } from '../../../../connectors/kafka/transport/kafka-transport.ts'
import { nameOf, responseOf } from '../../../../connectors/kafka/transport/outcome.ts'
import { listOffsets } from '../../../../connectors/kafka/transport/topic-offsets.ts'
import { systemClock } from '../../../../engine/clock.ts'
import { requireKafka } from '../../../support/kafka/require-broker.ts'
import { produceValues, TIMEOUT_MS } from '../../../support/kafka/topic-values.ts'

const run = `t${process.pid}`

requireKafka('the transport on a broker', (brokers) => {
  let transport: KafkaTransport
  beforeAll(() => {
    const settings = { brokers: parseBrokers(brokers()), clientId: 'millrace-test' }
    transport = kafkaTransport(settings, systemClock)
  })
  afterAll(() => transport.close())

  async function createTopic(name: string, partitions = 1): Promise<string> {
    const topic = `${run}-${name}`
    const options = { clock: systemClock, timeoutMs: TIMEOUT_MS }
    const made = responseOf(await createTopics(transport, [{ topic, partitions }], options))
    expect(made).toEqual([{ topic, errorCode: 0, errorMessage: undefined }])
    return topic
  }

  function fetch(topic: string, offset: number) {
    return transport.send(
      { kind: 'leader', topic, partition: 0 },
      fetchRequest({
        topics: [{ topic, partitions: [{ partition: 0, offset, bytesMax: 1 << 20 }] }],
        waitMs: 100,
        bytesMin: 1,
        bytesMax: 1 << 20,
        isolation: 'read_committed',
      }),
      TIMEOUT_MS,
    )
  }

  it('fetches what a foreign client produced', async () => {
    const topic = await createTopic('fetched')
    const client = new Kafka({ brokers: brokers().split(','), logLevel: logLevel.NOTHING })
    const producer = client.producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ value: 'one' }, { value: 'two' }] })
    await producer.disconnect()
    const [found] = responseOf(await fetch(topic, 0)).partitions
    expect(found).toMatchObject({ errorCode: 0, highWatermark: 2, lastStableOffset: 2 })
    const text = Buffer.from(found?.records ?? []).toString('latin1')
    expect(text).toContain('one')
    expect(text).toContain('two')
  })

  it('lists the offsets of all partitions', async () => {
    const topic = await createTopic('listed', 3)
    const questions = [0, 1, 2].map((partition) => ({ partition, at: 'latest' as const }))
    const listed = responseOf(
      await listOffsets(transport, topic, questions, 'read_committed', TIMEOUT_MS),
    )
    expect(listed.map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ])
  })

  it('lists offsets by time, and the first one', async () => {
    const topic = await createTopic('timed')
    const timeMs = 1_700_000_000_000
    await produceValues(transport, { topic, values: ['a', 'b'] })
    const ask = [{ timeMs }, { timeMs: timeMs + 1 }, 'earliest' as const]
    const found: number[] = []
    for (const at of ask) {
      const questions = [{ partition: 0, at }]
      const outcome = await listOffsets(transport, topic, questions, 'read_committed', TIMEOUT_MS)
      found.push(...responseOf(outcome).map(({ offset }) => offset))
    }
    expect(found).toEqual([0, -1, 0])
  })

  it('gives the errors of partitions by name', async () => {
    const topic = await createTopic('errors')
    const broker = transport.leaderOf(topic, 0)?.broker ?? -1
    const part = { bytesMax: 1000, offset: 0 }
    const asked = [
      { ...part, partition: 0, offset: 99 },
      { ...part, partition: 7 },
      { ...part, partition: 0, leaderEpoch: 99 },
    ]
    const names: string[] = []
    for (const partition of asked) {
      const topics = [{ topic, partitions: [partition] }]
      const request = fetchRequest({
        topics,
        waitMs: 0,
        bytesMin: 1,
        bytesMax: 1000,
        isolation: 'read_committed',
      })
      const outcome = await transport.send({ kind: 'broker', broker }, request, TIMEOUT_MS)
      names.push(brokerError(responseOf(outcome).partitions[0]?.errorCode ?? 0).name)
    }
    expect(names).toEqual([
      'OFFSET_OUT_OF_RANGE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_LEADER_EPOCH',
    ])
  })

  it('tells a topic that exists already from one that was made', async () => {
    const topic = await createTopic('twice')
    const options = { clock: systemClock, timeoutMs: TIMEOUT_MS }
    const again = responseOf(await createTopics(transport, [{ topic, partitions: 1 }], options))
    expect(again[0]?.errorCode).toBe(ErrorCode.topicAlreadyExists)
  })

  it('asks the next broker where the first does not listen', async () => {
    const settings = {
      brokers: parseBrokers(`127.0.0.1:1,${brokers()}`),
      clientId: 'millrace-test',
    }
    const other = kafkaTransport(settings, systemClock)
    expect(nameOf(await other.refresh([], TIMEOUT_MS))).toBe('answered')
    other.close()
    expect(nameOf(await other.refresh([], TIMEOUT_MS))).toBe('closed')
  })

  it('names a topic that is not there, and sends nothing', async () => {
    const outcome = await fetch(`${run}-missing`, 0)
    expect([outcome.kind, nameOf(outcome)]).toEqual(['unsent', 'no-broker'])
  })
})
