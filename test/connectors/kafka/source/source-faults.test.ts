import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { kafkaSource } from '../../../../connectors/kafka/source/index.ts'
import { systemClock } from '../../../../engine/clock.ts'
import type { PartitionReader } from '../../../../engine/connector.ts'
import { ConfigError, errorCode, RetryableError } from '../../../../engine/errors.ts'
import { numberedDecoder, numbersOf } from '../../../support/decoders.ts'
import type { KafkaBroker } from '../../../support/kafka/kafka-broker.ts'
import { requireOwnBroker } from '../../../support/kafka/require-broker.ts'
import { nextRecords, readToEnd, TopicFixture } from './topic-fixture.ts'

// Brokers that come back and transactions of a foreign client take their time.
vi.setConfig({ testTimeout: 60_000 })

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i)
}

/** Reads until so many records came. */
async function take(reader: PartitionReader, count: number): Promise<unknown[]> {
  const found: unknown[] = []
  while (found.length < count) found.push(...numbersOf(await nextRecords(reader)))
  return found
}

/** What a call, or the promise that it gives, throws. */
async function thrown(run: () => unknown): Promise<unknown> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error
  }
}

requireOwnBroker('a topic of a broker in trouble', (broker: () => KafkaBroker) => {
  let fixture: TopicFixture
  beforeAll(() => {
    fixture = new TopicFixture(broker().address)
  })
  afterAll(() => fixture.close())

  it('names a topic that is not there', async () => {
    const error = await thrown(() => fixture.source('missing'))
    expect(error).toBeInstanceOf(ConfigError)
    expect(errorCode(error)).toBe('TOPIC_UNKNOWN')
  })

  it('says that no broker can be reached', async () => {
    const settings = { brokers: [{ host: '127.0.0.1', port: 1 }], clientId: 'millrace-test' }
    const place = { settings, topic: 'any', clock: systemClock, ending: 'live' as const }
    const error = await thrown(() => kafkaSource(place))
    expect(error).toBeInstanceOf(RetryableError)
    expect(errorCode(error)).toBe('KAFKA_UNREACHABLE')
  })

  it('refuses a position of another cluster, and one after the end', async () => {
    const topic = await fixture.createTopic()
    await fixture.send(topic, 0, 5)
    const source = await fixture.source(topic)
    const other = new TextEncoder().encode('other')
    const changed = await thrown(() => source.open(0, numberedDecoder(), 0, other))
    expect(errorCode(changed)).toBe('INPUT_CHANGED')
    const behind = await thrown(() => source.open(0, numberedDecoder(), 6, undefined))
    expect(errorCode(behind)).toBe('OFFSET_OUT_OF_RANGE')
    const live = await fixture.source(topic, { ending: 'live' })
    const reader = live.open(0, numberedDecoder(), 6, undefined)
    const found = await thrown(() => nextRecords(reader))
    expect(errorCode(found)).toBe('OFFSET_OUT_OF_RANGE')
  })

  it('refuses a position that retention removed, before and while it is read', async () => {
    const topic = await fixture.createTopic()
    await fixture.send(topic, 0, 50)
    const early = await fixture.source(topic, { ending: 'live' })
    const admin = fixture.client.admin()
    await admin.connect()
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '20' }] })
    await admin.disconnect()
    const reading = early.open(0, numberedDecoder(), 10, undefined)
    const during = await thrown(() => nextRecords(reading))
    expect(during).toBeInstanceOf(ConfigError)
    expect(String(during)).toContain('expected 20 to 50; found 10')
    const source = await fixture.source(topic)
    expect(source.earliest(0)).toBe(20)
    const before = await thrown(() => source.open(0, numberedDecoder(), 10, undefined))
    expect(errorCode(before)).toBe('OFFSET_OUT_OF_RANGE')
    const rest = await readToEnd(source.open(0, numberedDecoder(), 20, undefined))
    expect(rest.flatMap(numbersOf)).toEqual(numbers(20, 50))
  })

  it('reads batches that are larger than a fetch, in every partition', async () => {
    const topic = await fixture.createTopic({ partitions: 3 })
    for (const partition of [0, 1, 2]) await fixture.send(topic, 0, 4000, { partition })
    const source = await fixture.source(topic, { fetchBytes: 1000, bufferBytes: 1000 })
    const readers = [0, 1, 2].map((partition) =>
      source.open(partition, numberedDecoder(), 0, undefined),
    )
    const found = await Promise.all(readers.map(readToEnd))
    for (const batches of found) expect(batches.flatMap(numbersOf)).toEqual(numbers(0, 4000))
  })

  it('fetches no more than a partition has room for', async () => {
    const topic = await fixture.createTopic({ partitions: 2 })
    for (let first = 0; first < 1000; first += 100) await fixture.send(topic, first, first + 100)
    await fixture.send(topic, 0, 100, { partition: 1 })
    const limits = { fetchBytes: 4000, bufferBytes: 4000, ending: 'live' as const }
    const source = await fixture.source(topic, limits)
    const full = source.open(0, numberedDecoder(), 0, undefined)
    const other = source.open(1, numberedDecoder(), 0, undefined)
    for (let first = 0; first < 1000; first += 100) {
      expect(await take(other, 100)).toEqual(numbers(first, first + 100))
      await fixture.send(topic, first + 100, first + 200, { partition: 1 })
    }
    expect(await take(full, 1000)).toEqual(numbers(0, 1000))
  })

  it('goes on after its broker was killed and came back', async () => {
    const topic = await fixture.createTopic()
    await fixture.send(topic, 0, 2000)
    const source = await fixture.source(topic, { ending: 'live' })
    const reader = source.open(0, numberedDecoder(), 0, undefined)
    expect(await take(reader, 2000)).toEqual(numbers(0, 2000))
    await broker().kill()
    expect(reader.poll()).toBeUndefined()
    await broker().restart()
    await fixture.send(topic, 2000, 2100)
    expect(await take(reader, 100)).toEqual(numbers(2000, 2100))
  })

  it('gives up when its broker stays away, after what it had fetched', async () => {
    const topic = await fixture.createTopic()
    await fixture.send(topic, 0, 100)
    const source = await fixture.source(topic, { ending: 'live', retryMs: 500 })
    const reader = source.open(0, numberedDecoder(), 0, undefined)
    await reader.ready()
    expect(await take(reader, 100)).toEqual(numbers(0, 100))
    await broker().kill()
    const error = await thrown(() => nextRecords(reader))
    expect(error).toBeInstanceOf(RetryableError)
    expect(errorCode(error)).toBe('KAFKA_UNREADABLE')
    await broker().restart()
  })
})
