// Topics on the broker of a suite, filled by the producer of kafkajs: a client that is not ours.
import { type CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs'
import {
  type KafkaSource,
  type KafkaSourceOptions,
  kafkaSource,
} from '../../../../connectors/kafka/source/index.ts'
import { kafkaTransport } from '../../../../connectors/kafka/transport/cluster-transport.ts'
import { createTopics } from '../../../../connectors/kafka/transport/create-topics.ts'
import { parseBrokers } from '../../../../connectors/kafka/transport/kafka-settings.ts'
import { responseOf } from '../../../../connectors/kafka/transport/outcome.ts'
import { systemClock } from '../../../../engine/clock.ts'
import type { PartitionReader, SourceRecords } from '../../../../engine/connector.ts'
import { numbered } from '../../../support/decoders.ts'

const TIMEOUT_MS = 10_000

export interface TopicOptions {
  readonly partitions?: number
  readonly settings?: Readonly<Record<string, string>>
}

export interface SendOptions {
  readonly partition?: number
  readonly compression?: CompressionTypes
}

export class TopicFixture {
  readonly brokers: string
  readonly client: Kafka
  readonly #sources: KafkaSource[] = []
  readonly #producers: Producer[] = []
  #topics = 0

  constructor(brokers: string) {
    this.brokers = brokers
    const retry = { retries: 30, maxRetryTime: 500 }
    const addresses = brokers.split(',')
    this.client = new Kafka({ brokers: addresses, logLevel: logLevel.NOTHING, retry })
  }

  get settings() {
    return { brokers: parseBrokers(this.brokers), clientId: 'millrace-test' }
  }

  async createTopic(options: TopicOptions = {}): Promise<string> {
    const { partitions = 1, settings = {} } = options
    const topic = `source-${process.pid}-${this.#topics++}`
    const transport = kafkaTransport(this.settings, systemClock)
    const patience = { clock: systemClock, timeoutMs: TIMEOUT_MS }
    responseOf(await createTopics(transport, [{ topic, partitions, settings }], patience))
    transport.close()
    return topic
  }

  async producer(transactionalId?: string): Promise<Producer> {
    const options = transactionalId === undefined ? {} : { transactionalId, idempotent: true }
    const producer = this.client.producer({ ...options, maxInFlightRequests: 1 })
    await producer.connect()
    this.#producers.push(producer)
    return producer
  }

  /** Sends the numbered records [first, end) as one batch. */
  async send(topic: string, first: number, end: number, options: SendOptions = {}): Promise<void> {
    const [producer = await this.producer()] = this.#producers
    await producer.send({ topic, messages: numberedMessages(first, end, options), ...options })
  }

  async source(topic: string, options: Partial<KafkaSourceOptions> = {}): Promise<KafkaSource> {
    const { settings } = this
    const fixed = { settings, topic, clock: systemClock, ending: 'bounded' as const }
    const source = await kafkaSource({ ...fixed, ...options })
    this.#sources.push(source)
    return source
  }

  async close(): Promise<void> {
    for (const source of this.#sources) source.close()
    for (const producer of this.#producers) await producer.disconnect()
  }
}

export function numberedMessages(first: number, end: number, { partition = 0 }: SendOptions = {}) {
  return Array.from({ length: end - first }, (_, i) => ({ value: numbered(first + i), partition }))
}

/** The next records that are not empty. */
export async function nextRecords(reader: PartitionReader): Promise<SourceRecords> {
  for (;;) {
    const records = reader.poll()
    if (records !== undefined) return records
    await reader.ready()
  }
}

/** All batches to the end of a bounded reader. */
export async function readToEnd(reader: PartitionReader): Promise<SourceRecords[]> {
  const all: SourceRecords[] = []
  while (!reader.isEnded) {
    const records = reader.poll()
    if (records === undefined) await reader.ready()
    else all.push(records)
  }
  return all
}
