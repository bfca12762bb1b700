import { expect, it, onTestFinished } from 'vitest'
import { kafkaTransport } from '../../../../connectors/kafka/transport/cluster-transport.ts'
import {
  describeSettings,
  type KafkaSettings,
  type LoginSettings,
  parseBrokers,
} from '../../../../connectors/kafka/transport/kafka-settings.ts'
import { nameOf } from '../../../../connectors/kafka/transport/outcome.ts'
import { systemClock } from '../../../../engine/clock.ts'
import { requireOwnBroker } from '../../../support/kafka/require-broker.ts'
import { TIMEOUT_MS } from '../../../support/kafka/topic-values.ts'

/** How long the broker lets a login last. */
const SESSION_MS = 1500
const module = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
const users = 'username="broker" password="b" user_broker="b" user_millrace="right"'

const settings = {
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
  'sasl.enabled.mechanisms': 'PLAIN',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.plaintext.plain.sasl.jaas.config': `${module} ${users};`,
  'connections.max.reauth.ms': String(SESSION_MS),
}

requireOwnBroker(
  'a broker that wants a login',
  (broker) => {
    function transportOf(login: LoginSettings | undefined) {
      const kafka: KafkaSettings = {
        brokers: parseBrokers(broker().address),
        clientId: 'millrace-test',
        ...(login === undefined ? {} : { login }),
      }
      expect(describeSettings(kafka)).not.toContain('right')
      const transport = kafkaTransport(kafka, systemClock)
      onTestFinished(() => transport.close())
      return transport
    }

    it('is asked by who has the right password', async () => {
      const transport = transportOf({ mechanism: 'plain', username: 'millrace', password: 'right' })
      expect((await transport.refresh([], TIMEOUT_MS)).kind).toBe('answered')
      expect(transport.brokers).toHaveLength(1)
    })

    it('denies a wrong password, and a mechanism that it does not know', async () => {
      for (const mechanism of ['plain', 'scram-sha-512'] as const) {
        const transport = transportOf({ mechanism, username: 'millrace', password: 'wrong' })
        const outcome = await transport.refresh([], TIMEOUT_MS)
        expect([outcome.kind, nameOf(outcome)]).toEqual(['unsent', 'denied'])
        expect(JSON.stringify(outcome)).not.toContain('wrong')
      }
    })

    it('does not answer who does not log in', async () => {
      const outcome = await transportOf(undefined).refresh([], TIMEOUT_MS)
      expect([outcome.kind, nameOf(outcome)]).toEqual(['unknown', 'connection-lost'])
    })

    it('loses no request when a login grows old: it is made anew in time', async () => {
      const transport = transportOf({ mechanism: 'plain', username: 'millrace', password: 'right' })
      const startMs = systemClock.elapsedMs()
      const kinds = new Set<string>()
      while (systemClock.elapsedMs() - startMs < 3 * SESSION_MS) {
        const outcomes = [transport.refresh([], TIMEOUT_MS), transport.refresh([], TIMEOUT_MS)]
        for (const outcome of await Promise.all(outcomes)) kinds.add(nameOf(outcome))
        await systemClock.delay(10)
      }
      expect([...kinds]).toEqual(['answered'])
    })
  },
  { settings },
)
