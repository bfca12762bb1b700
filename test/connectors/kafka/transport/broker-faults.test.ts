import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { kafkaTransport } from '../../../../connectors/kafka/transport/cluster-transport.ts'
import { createTopics } from '../../../../connectors/kafka/transport/create-topics.ts'
import { parseBrokers } from '../../../../connectors/kafka/transport/kafka-settings.ts'
import type { KafkaTransport } from '../../../../connectors/kafka/transport/kafka-transport.ts'
import { nameOf, responseOf } from '../../../../connectors/kafka/transport/outcome.ts'
import { systemClock } from '../../../../engine/clock.ts'
import { requireOwnBroker } from '../../../support/kafka/require-broker.ts'
import {
  committedValues,
  fetchOf,
  produceValues,
  TIMEOUT_MS,
} from '../../../support/kafka/topic-values.ts'

const LONG_MS = 30_000
const RESTART_TIMEOUT_MS = 120_000

requireOwnBroker('a transport whose broker fails', (broker) => {
  let transport: KafkaTransport
  let topics = 0

  beforeEach(() => {
    const settings = { brokers: parseBrokers(broker().address), clientId: 'millrace-test' }
    transport = kafkaTransport(settings, systemClock)
    const { close } = transport
    onTestFinished(() => close.call(transport))
  })

  async function topicWith(values: readonly string[]): Promise<string> {
    const topic = `faults-${topics++}`
    const options = { clock: systemClock, timeoutMs: TIMEOUT_MS }
    responseOf(await createTopics(transport, [{ topic, partitions: 1 }], options))
    const { errorCode } = await produceValues(transport, { topic, values })
    expect(errorCode).toBe(0)
    return topic
  }

  /** A fetch that waits at the broker, and the milliseconds that its outcome took. */
  async function longPoll(topic: string, timeoutMs: number) {
    const startMs = systemClock.elapsedMs()
    const target = { kind: 'leader', topic, partition: 0 } as const
    const outcome = await transport.send(target, fetchOf(topic, 1, LONG_MS), timeoutMs)
    return { outcome, elapsedMs: systemClock.elapsedMs() - startMs }
  }

  it(
    'tells at once that the connection was lost when the broker is killed under a request',
    async () => {
      const topic = await topicWith(['kept'])
      const polling = longPoll(topic, LONG_MS)
      // Answered behind the long poll by the same broker: by then the poll has arrived, too.
      await committedValuesOnOwnConnection(topic)
      await broker().kill()
      const { outcome, elapsedMs } = await polling
      expect([outcome.kind, nameOf(outcome)]).toEqual(['unknown', 'connection-lost'])
      expect(elapsedMs).toBeLessThan(LONG_MS / 3)
      const after = await transport.send({ kind: 'any' }, fetchOf(topic, 0), 1000)
      expect([after.kind, nameOf(after)]).toEqual(['unsent', 'unreachable'])
      await broker().restart()
      await untilServed(topic)
      expect(await committedValues(transport, topic)).toEqual(['kept'])
    },
    RESTART_TIMEOUT_MS,
  )

  it('gives up at the deadline when the broker stands still, and goes on with it', async () => {
    const topic = await topicWith(['kept'])
    broker().signal('SIGSTOP')
    onTestFinished(() => broker().signal('SIGCONT'))
    const { outcome, elapsedMs } = await longPoll(topic, 500)
    // The connection of fetches was not open yet: nothing but its opening may have reached anybody.
    expect(['unsent', 'unknown']).toContain(outcome.kind)
    expect(elapsedMs).toBeGreaterThanOrEqual(490)
    expect(elapsedMs).toBeLessThan(3000)
    broker().signal('SIGCONT')
    expect(await committedValues(transport, topic)).toEqual(['kept'])
  })

  it('does not know what became of a request that a broker standing still was sent', async () => {
    const topic = await topicWith(['kept'])
    expect(await committedValues(transport, topic)).toEqual(['kept'])
    broker().signal('SIGSTOP')
    onTestFinished(() => broker().signal('SIGCONT'))
    const { outcome } = await longPoll(topic, 300)
    expect([outcome.kind, nameOf(outcome)]).toEqual(['unknown', 'timed-out'])
  })

  async function committedValuesOnOwnConnection(topic: string): Promise<void> {
    const settings = { brokers: parseBrokers(broker().address), clientId: 'millrace-test' }
    const other = kafkaTransport(settings, systemClock)
    await committedValues(other, topic)
    other.close()
  }

  async function untilServed(topic: string): Promise<void> {
    const options = { clock: systemClock, timeoutMs: RESTART_TIMEOUT_MS }
    responseOf(await createTopics(transport, [{ topic, partitions: 1 }], options))
  }
})
