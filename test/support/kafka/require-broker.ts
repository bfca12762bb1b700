// A suite on a real broker: the one that KAFKA_BROKERS names, or one of its own, started before the
// first test and stopped after the last. Skipped by name where there is neither.
import { afterAll, beforeAll } from 'vitest'
import { requireOrSkip } from '../skip.ts'
import { findTools } from './broker-home.ts'
import { type BrokerOptions, KafkaBroker } from './kafka-broker.ts'

/** The first start downloads the broker. */
const START_TIMEOUT_MS = 300_000

const given = process.env.KAFKA_BROKERS
const tools = await findTools()
const remedy = 'set KAFKA_BROKERS, or install Java 17 and Maven'

/** `brokers()` is `host:port,host:port`; it may be called within tests. */
export function requireKafka(
  title: string,
  suite: (brokers: () => string) => void,
  options: BrokerOptions = {},
): void {
  const found = given ?? tools
  requireOrSkip(title, { name: 'a Kafka broker', found, remedy }, () => {
    if (given !== undefined) {
      suite(() => given)
      return
    }
    const broker = ownBroker(options)
    suite(() => broker().address)
  })
}

/** A broker that may be killed and stopped, so never one that somebody else uses. */
export function requireOwnBroker(
  title: string,
  suite: (broker: () => KafkaBroker) => void,
  options: BrokerOptions = {},
): void {
  const own = {
    name: 'a Kafka broker of its own',
    found: tools,
    remedy: 'install Java 17 and Maven',
  }
  requireOrSkip(title, own, () => suite(ownBroker(options)))
}

function ownBroker(options: BrokerOptions): () => KafkaBroker {
  let broker: KafkaBroker | undefined
  beforeAll(async () => {
    broker = await KafkaBroker.start(options)
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await broker?.stop()
  }, START_TIMEOUT_MS)
  return () => {
    if (broker === undefined) throw new Error('the broker is started before the first test')
    return broker
  }
}
