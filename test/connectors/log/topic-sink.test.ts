import { expect, onTestFinished, test } from 'vitest'
import {
  chunkAt,
  logSource,
  type RowEncoder,
  readRecords,
  topicHome,
  topicSink,
} from '../../../connectors/log/index.ts'
import { batchOfRows, Change, valueAt } from '../../../engine/batch/index.ts'
import { keyCodec } from '../../../engine/codec/index.ts'
import type { DecisionWriter } from '../../../engine/connector.ts'
import {
  MemoryStores,
  NUMBERED,
  numbered,
  numberedDecoder,
  numbersOf,
  TestClock,
} from '../../support/connectors.ts'

const encoder: RowEncoder = {
  encode(batch, row, out) {
    const column = batch.columns[0]
    if (column === undefined) throw new Error('no column')
    out.raw(Buffer.from(numbered(Number(valueAt(column, { kind: 'int32' }, row)))))
  },
}

const clock = new TestClock()

function sinkOf(options: { partitions?: number; upsert?: boolean; isKeyed?: boolean } = {}) {
  const columns = [1]
  const field = NUMBERED.fields[1]
  if (field === undefined) throw new Error('no field')
  const key = { columns, codec: keyCodec([field]) }
  return topicSink({
    topic: 'features',
    partitions: options.partitions ?? 1,
    format: 'json',
    encoder,
    slot: 2,
    lineage: 'L1',
    clock,
    ...(options.isKeyed === false ? {} : { key }),
    ...(options.upsert === true ? { upsert: true } : {}),
  })
}

function batch(numbers: readonly number[], changes?: readonly number[]) {
  return batchOfRows(
    NUMBERED,
    numbers.map((n) => ({ n, name: `name-${n % 10}` })),
    {
      eventTimes: numbers.map((n) => n * 1000),
      watermarksBefore: numbers.map(() => 0),
      changes: changes && Uint8Array.from(changes),
    },
  )
}

test('rows are seen after the decision, with offsets that go on from epoch to epoch', async () => {
  const stores = new MemoryStores()
  const sink = sinkOf()
  onTestFinished(() => sink.close())
  const home = topicHome(stores.view('topics'), clock)
  sink.write(batch([1, 2]))
  sink.write(batch([3]))
  const steps = await flushed(sink, 7)
  expect(() => home.topic('features')).toThrow(/TOPIC_UNKNOWN/)
  for (const step of steps) step(stores)
  sink.write(batch([4]))
  for (const step of await flushed(sink, 8)) step(stores)
  const records = readRecords(home.store, 'features', 0, 0, 100)
  expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
  expect(records.map(({ eventTime }) => eventTime)).toEqual([1000, 2000, 3000, 4000])
  expect(records.map(({ key }) => key && Buffer.from(key).toString())).toEqual([
    'name-1',
    'name-2',
    'name-3',
    'name-4',
  ])
  expect(records[2]?.origin).toEqual({ lineage: 'L1', slot: 2, term: 3, epoch: 7, seq: 2 })
  expect(records[3]?.origin).toEqual({ lineage: 'L1', slot: 2, term: 3, epoch: 8, seq: 0 })
  const reader = logSource(home, 'features').open(0, numberedDecoder(), 1, undefined)
  expect(numbersOf(reader.poll())).toEqual([2, 3, 4])
})

test('an epoch that was not decided leaves nothing', async () => {
  const stores = new MemoryStores()
  const lost = sinkOf()
  lost.write(batch([1, 2]))
  await flushed(lost, 1)
  const sink = sinkOf()
  sink.write(batch([1]))
  for (const step of await flushed(sink, 1)) step(stores)
  const { store } = topicHome(stores.view('topics'))
  expect(readRecords(store, 'features', 0, 0, 10)).toHaveLength(1)
})

test('keys decide the partition as Kafka does', async () => {
  const stores = new MemoryStores()
  const sink = sinkOf({ partitions: 4 })
  const numbers = Array.from({ length: 3000 }, (_, i) => i)
  for (let i = 0; i < 3000; i += 1000) sink.write(batch(numbers.slice(i, i + 1000)))
  for (const step of await flushed(sink, 1)) step(stores)
  const home = topicHome(stores.view('topics'))
  const seen: number[] = []
  const partitionOf = new Map<string, number>()
  for (let partition = 0; partition < 4; partition++) {
    for (const { key, value, offset } of readRecords(home.store, 'features', partition, 0, 9999)) {
      const name = Buffer.from(key ?? []).toString()
      expect(partitionOf.get(name) ?? partition).toBe(partition)
      partitionOf.set(name, partition)
      seen.push(JSON.parse(Buffer.from(value ?? []).toString()).n)
      expect(chunkAt(home.store, 'features', partition, offset)).toBeDefined()
    }
  }
  expect(seen.sort((a, b) => a - b)).toEqual(numbers)
  expect(home.topic('features').partitioner).toBe('murmur2')
})

test('a changelog topic carries the change, an upsert topic new rows and null values', async () => {
  const changes = [Change.insert, Change.updateBefore, Change.updateAfter, Change.delete]
  const seen = async (upsert: boolean) => {
    const stores = new MemoryStores()
    const sink = sinkOf({ upsert })
    sink.write(batch([1, 1, 11, 11], changes))
    for (const step of await flushed(sink, 1)) step(stores)
    const { store } = topicHome(stores.view('topics'))
    return readRecords(store, 'features', 0, 0, 10).map(({ op, value }) => [
      op,
      value !== undefined,
    ])
  }
  expect(await seen(false)).toEqual([
    ['+I', true],
    ['-U', true],
    ['+U', true],
    ['-D', true],
  ])
  expect(await seen(true)).toEqual([
    ['+I', true],
    ['+U', true],
    ['-D', false],
  ])
})

test('without a key the partition of the source is kept', async () => {
  const stores = new MemoryStores()
  const sink = sinkOf({ partitions: 3, isKeyed: false })
  sink.write({ ...batch([1]), source: { partition: 5, offsets: Float64Array.of(0) } })
  for (const step of await flushed(sink, 1)) step(stores)
  const { store } = topicHome(stores.view('topics'))
  expect(readRecords(store, 'features', 2, 0, 10)).toHaveLength(1)
})

test('another partition count than the stored one is refused', async () => {
  const stores = new MemoryStores()
  const sink = sinkOf({ partitions: 3 })
  await sink.recover((store, key) => stores.get(store, key))
  sink.write(batch([1]))
  for (const step of await flushed(sink, 1)) step(stores)
  const other = sinkOf({ partitions: 4 }).recover((store, key) => stores.get(store, key))
  await expect(other).rejects.toThrow(/TOPIC_CHANGED/)
})

async function flushed(sink: ReturnType<typeof topicSink>, epoch: number) {
  const steps: Parameters<DecisionWriter['during']>[0][] = []
  await sink.flush({ slot: 2, term: 3, epoch, during: (step) => steps.push(step) })
  return steps
}
