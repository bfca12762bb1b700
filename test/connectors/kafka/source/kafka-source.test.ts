import { CompressionTypes } from 'kafkajs'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { numberedDecoder, numbersOf } from '../../../support/decoders.ts'
import { requireKafka } from '../../../support/kafka/require-broker.ts'
import { nextRecords, numberedMessages, readToEnd, TopicFixture } from './topic-fixture.ts'

// Brokers that come back and transactions of a foreign client take their time.
vi.setConfig({ testTimeout: 60_000 })

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i)
}

requireKafka('a topic of a broker as a source', (brokers) => {
  let fixture: TopicFixture
  beforeAll(() => {
    fixture = new TopicFixture(brokers())
  })
  afterAll(() => fixture.close())

  it('gives what a foreign client produced, plain and compressed, up to its end', async () => {
    const topic = await fixture.createTopic()
    await fixture.send(topic, 0, 3000)
    await fixture.send(topic, 3000, 5000, { compression: CompressionTypes.GZIP })
    const source = await fixture.source(topic)
    expect([source.partitions, source.earliest(0), source.latest(0)]).toEqual([1, 0, 5000])
    const reader = source.open(0, numberedDecoder(), 0, undefined)
    await fixture.send(topic, 5000, 5010)
    const batches = await readToEnd(reader)
    expect(batches.flatMap(numbersOf)).toEqual(numbers(0, 5000))
    expect(batches.flatMap(({ offsets }) => [...offsets])).toEqual(numbers(0, 5000))
    expect(batches.at(-1)?.nextOffset).toBe(5000)
    expect(reader.lag).toBe(0)
    expect(batches.every(({ length }) => length <= 1024)).toBe(true)
    expect(batches.every(({ appendTimes }) => appendTimes === undefined)).toBe(true)
  })

  it('goes on from any offset, within a batch, too', async () => {
    const topic = await fixture.createTopic()
    await fixture.send(topic, 0, 100)
    const source = await fixture.source(topic)
    for (const offset of [0, 1, 57, 99, 100]) {
      const reader = source.open(0, numberedDecoder(), offset, undefined)
      expect((await readToEnd(reader)).flatMap(numbersOf)).toEqual(numbers(offset, 100))
      reader.close()
    }
  })

  it('reads all partitions, each in its order', async () => {
    const topic = await fixture.createTopic({ partitions: 3 })
    for (const partition of [0, 1, 2]) {
      await fixture.send(topic, partition * 1000, partition * 1000 + 700, { partition })
    }
    const source = await fixture.source(topic)
    const readers = [0, 1, 2].map((partition) =>
      source.open(partition, numberedDecoder(), 0, undefined),
    )
    const found = await Promise.all(readers.map(readToEnd))
    const expected = [0, 1, 2].map((partition) => numbers(partition * 1000, partition * 1000 + 700))
    expect(found.map((batches) => batches.flatMap(numbersOf))).toEqual(expected)
  })

  it('leaves out what transactions aborted, and moves over their marks', async () => {
    const topic = await fixture.createTopic()
    const producer = await fixture.producer(`aborting-${process.pid}`)
    for (const [first, isKept] of [
      [0, true],
      [10, false],
      [20, true],
      [30, false],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: numberedMessages(first, first + 10) })
      await (isKept ? transaction.commit() : transaction.abort())
    }
    const source = await fixture.source(topic)
    const batches = await readToEnd(source.open(0, numberedDecoder(), 0, undefined))
    expect(batches.flatMap(numbersOf)).toEqual([...numbers(0, 10), ...numbers(20, 30)])
    expect(batches.at(-1)?.nextOffset).toBe(44)
    const dirty = await fixture.source(topic, { isolation: 'read_uncommitted' })
    const all = await readToEnd(dirty.open(0, numberedDecoder(), 0, undefined))
    expect(all.flatMap(numbersOf)).toEqual(numbers(0, 40))
  })

  it('goes on with what comes later when it is live', async () => {
    const topic = await fixture.createTopic()
    const source = await fixture.source(topic, { ending: 'live' })
    const reader = source.open(0, numberedDecoder(), 0, undefined)
    for (const first of [0, 5, 10]) {
      await fixture.send(topic, first, first + 5)
      expect(numbersOf(await nextRecords(reader))).toEqual(numbers(first, first + 5))
    }
    expect(reader.isEnded).toBe(false)
  })

  it('gives the times of the log only where the topic sets them', async () => {
    const settings = { 'message.timestamp.type': 'LogAppendTime' }
    const topic = await fixture.createTopic({ settings })
    await fixture.send(topic, 0, 3)
    const source = await fixture.source(topic)
    const [records] = await readToEnd(source.open(0, numberedDecoder(), 0, undefined))
    expect(records?.appendTimes).toHaveLength(3)
    expect(records?.appendTimes?.[0]).toBeGreaterThan(1.6e15)
  })

  it('rejects records without a value, or leaves them out when told so', async () => {
    const topic = await fixture.createTopic()
    const producer = await fixture.producer()
    const [one, two] = numberedMessages(1, 3)
    const gone = { key: 'gone', value: null }
    const broken = { value: '{"n":' }
    await producer.send({ topic, messages: [gone, one, broken, gone, two].flatMap((m) => m ?? []) })
    const source = await fixture.source(topic)
    const [records] = await readToEnd(source.open(0, numberedDecoder(), 0, undefined))
    expect(numbersOf(records)).toEqual([1, 2])
    expect([...(records?.offsets ?? [])]).toEqual([1, 4])
    expect(records?.rejected.map(({ offset, code }) => [offset, code])).toEqual([
      [0, 'TOMBSTONE'],
      [2, 'JSON_SYNTAX'],
      [3, 'TOMBSTONE'],
    ])
    const silent = await fixture.source(topic, { tombstones: 'skip' })
    const [without] = await readToEnd(silent.open(0, numberedDecoder(), 0, undefined))
    expect(without?.rejected.map(({ offset }) => offset)).toEqual([2])
  })
})
