import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  columnSource,
  type GeneratorOptions,
  generatorSource,
  RecordRandom,
} from '../../../connectors/generate/index.ts'
import type { PartitionReader, Source } from '../../../engine/connector.ts'
import { numberedDecoder, numbersOf, TestClock } from '../../support/connectors.ts'

const encoder = new TextEncoder()

function randoms(options: Partial<GeneratorOptions>): Source {
  return generatorSource({
    seed: 1,
    partitions: 1,
    ...options,
    make(record, random, out) {
      const n = Math.floor(random() * 1_000_000)
      out.raw(encoder.encode(`{"n":${n},"name":"${record.partition}-${record.ordinal}"}`))
    },
  })
}

function drain(reader: PartitionReader): unknown[] {
  const all: unknown[] = []
  for (let r = reader.poll(); r !== undefined; r = reader.poll()) all.push(...numbersOf(r))
  return all
}

const open = (source: Source, partition = 0, offset = 0) =>
  source.open(partition, numberedDecoder(), offset, undefined)

test('the same seed gives the same records from any offset on, another seed others', () => {
  const all = drain(open(randoms({ total: 5000 })))
  expect(all).toHaveLength(5000)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (offset) => {
      expect(drain(open(randoms({ total: 5000 }), 0, offset))).toEqual(all.slice(offset))
    }),
    { numRuns: 20 },
  )
  expect(drain(open(randoms({ total: 5000, seed: 2 })))).not.toEqual(all)
  const mean = all.reduce<number>((sum, n) => sum + Number(n), 0) / all.length
  expect(mean).toBeGreaterThan(480_000)
  expect(mean).toBeLessThan(520_000)
})

test('partitions differ and share the total', () => {
  const source = randoms({ partitions: 3, total: 10 })
  const parts = [0, 1, 2].map((partition) => drain(open(source, partition)))
  expect(parts.map((part) => part.length)).toEqual([4, 3, 3])
  expect(new Set(parts.flat()).size).toBe(10)
  expect(open(source, 0, 4).isEnded).toBe(true)
})

test('a paced generator gives what is due by the clock, and waits for the rest', async () => {
  const clock = new TestClock()
  const reader = open(randoms({ partitions: 2, ratePerSecond: 2000, clock }), 0, 7)
  expect(reader.poll()).toBeUndefined()
  let isReady = false
  const ready = reader.ready().then(() => {
    isReady = true
  })
  await Promise.resolve()
  expect(isReady).toBe(false)
  clock.advance(3)
  await ready
  expect(reader.lag).toBe(3)
  const records = reader.poll()
  expect([...(records?.offsets ?? [])]).toEqual([7, 8, 9])
  expect(reader.poll()).toBeUndefined()
  clock.advance(1_000_000)
  expect(reader.poll()?.length).toBe(1024)
})

test('columns can be made without bytes', () => {
  const source = columnSource({
    seed: 3,
    partitions: 1,
    total: 1500,
    make({ first, count }, random) {
      const values = new Int32Array(count)
      for (let i = 0; i < count; i++) {
        random.at(first + i)
        values[i] = Math.floor(random.next() * 1000)
      }
      return [{ kind: 'int32', values, nulls: undefined }]
    },
  })
  const all = drain(open(source))
  expect(all).toHaveLength(1500)
  expect(drain(open(source, 0, 1200))).toEqual(all.slice(1200))
})

test('records near one another have unlike chance', () => {
  const random = new RecordRandom(42, 0)
  const firsts = Array.from({ length: 10_000 }, (_, i) => {
    random.at(i)
    return random.next()
  })
  const buckets = new Array<number>(10).fill(0)
  for (const value of firsts) buckets[Math.floor(value * 10)]! += 1
  for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150)
  expect(new Set(firsts).size).toBeGreaterThan(9_990)
})

test('impossible options are refused', () => {
  expect(() => randoms({ partitions: 0 })).toThrow(/GENERATOR_INVALID/)
  expect(() => randoms({ ratePerSecond: 0 })).toThrow(/GENERATOR_INVALID/)
})
