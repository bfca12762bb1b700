import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { type EmbeddedLog, logSource, openLog } from '../../../connectors/log/index.ts'
import type { Clock } from '../../../engine/clock.ts'
import type { PartitionReader, SourceRecords } from '../../../engine/connector.ts'
import {
  numbered,
  numberedDecoder,
  numbersOf,
  TestClock,
  temporaryFolder,
  utf8,
} from '../../support/connectors.ts'

function freshLog(clock?: Clock): EmbeddedLog {
  const log = openLog(temporaryFolder(), clock === undefined ? {} : { clock })
  onTestFinished(() => log.close())
  log.create('orders', { partitions: 1, retention: { bytes: 1000 } })
  return log
}

function append(log: EmbeddedLog, from: number, count: number): Promise<number> {
  const records = Array.from({ length: count }, (_, i) => ({ value: utf8(numbered(from + i)) }))
  return log.append('orders', 0, records)
}

function drain(reader: PartitionReader): SourceRecords[] {
  const all: SourceRecords[] = []
  for (;;) {
    const records = reader.poll()
    if (records === undefined) return all
    all.push(records)
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test('records come decoded, in order, with offsets and append times', async () => {
  const clock = new TestClock()
  const log = freshLog(clock)
  await append(log, 0, 3)
  const reader = logSource(log, 'orders').open(0, numberedDecoder(), 0, undefined)
  const records = reader.poll()
  expect(numbersOf(records)).toEqual([0, 1, 2])
  expect([...(records?.offsets ?? [])]).toEqual([0, 1, 2])
  expect([...(records?.appendTimes ?? [])]).toEqual([clock.micros, clock.micros, clock.micros])
  expect(records?.nextOffset).toBe(3)
  expect(reader.poll()).toBeUndefined()
  expect(reader.isEnded).toBe(false)
  await append(log, 3, 1)
  expect(reader.lag).toBe(1)
  expect(numbersOf(reader.poll())).toEqual([3])
  expect(reader.lag).toBe(0)
})

test('any appends are read back from any offset, whatever the sizes of the chunks', async () => {
  const runs = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(runs, fc.double({ min: 0, max: 1, noNaN: true }), async (sizes, where) => {
      const log = openLog(temporaryFolder())
      log.create('orders', { partitions: 1 })
      let total = 0
      for (const size of sizes) {
        expect(await append(log, total, size)).toBe(total)
        total += size
      }
      const from = Math.floor(where * total)
      const reader = logSource(log, 'orders', { bounded: true }).open(
        0,
        numberedDecoder(),
        from,
        undefined,
      )
      const read = drain(reader)
      expect(read.flatMap(numbersOf)).toEqual(range(from, total))
      expect(read.flatMap(({ offsets }) => [...offsets])).toEqual(range(from, total))
      expect(Math.max(0, ...read.map(({ length }) => length))).toBeLessThanOrEqual(1024)
      expect(reader.isEnded).toBe(true)
      await log.close()
    }),
    { numRuns: 15 },
  )
})

test('many small chunks are joined into full batches', async () => {
  const log = freshLog()
  for (let i = 0; i < 600; i += 2) await append(log, i, 2)
  const reader = logSource(log, 'orders').open(0, numberedDecoder(), 1, undefined)
  const batches = drain(reader)
  expect(batches.map(({ length }) => length)).toEqual([513, 86])
  expect(batches.flatMap(numbersOf)).toEqual(range(1, 600))
})

test('a bounded reader ends where the topic ended when it was opened', async () => {
  const log = freshLog()
  await append(log, 0, 5)
  const reader = logSource(log, 'orders', { bounded: true }).open(
    0,
    numberedDecoder(),
    2,
    undefined,
  )
  await append(log, 5, 5)
  expect(reader.lag).toBe(3)
  expect(drain(reader).flatMap(numbersOf)).toEqual([2, 3, 4])
  expect(reader.isEnded).toBe(true)
  const empty = logSource(log, 'orders', { bounded: true }).open(
    0,
    numberedDecoder(),
    10,
    undefined,
  )
  expect(empty.isEnded).toBe(true)
})

test('a broken record is rejected with its offset and bytes, the others pass', async () => {
  const log = freshLog()
  await append(log, 0, 1)
  await log.append('orders', 0, [{ value: utf8('{"n":') }])
  await append(log, 2, 1)
  const reader = logSource(log, 'orders').open(0, numberedDecoder(), 0, undefined)
  const records = reader.poll()
  expect(numbersOf(records)).toEqual([0, 2])
  expect([...(records?.offsets ?? [])]).toEqual([0, 2])
  expect(records?.rejected.map(({ offset, raw }) => [offset, Buffer.from(raw).toString()])).toEqual(
    [[1, '{"n":']],
  )
})

test('a reader that retention overtakes is told, and never jumps', async () => {
  const log = freshLog()
  for (let i = 0; i < 10; i++) await append(log, i * 20, 20)
  const source = logSource(log, 'orders')
  const reader = source.open(0, numberedDecoder(), 0, undefined)
  expect(log.retain()).toBeGreaterThan(0)
  const earliest = source.earliest(0)
  expect(earliest).toBeGreaterThan(0)
  expect(() => reader.poll()).toThrow(/OFFSET_OUT_OF_RANGE/)
  expect(() => source.open(0, numberedDecoder(), 0, undefined)).toThrow(/OFFSET_OUT_OF_RANGE/)
  expect(() => source.open(0, numberedDecoder(), 201, undefined)).toThrow(/OFFSET_OUT_OF_RANGE/)
  const again = source.open(0, numberedDecoder(), earliest, undefined)
  expect(drain(again).flatMap(numbersOf)).toEqual(range(earliest, 200))
})

test('another topic of the same name is refused by its bookmark', async () => {
  const clock = new TestClock()
  const bookmark = logSource(freshLog(clock), 'orders')
    .open(0, numberedDecoder(), 0, undefined)
    .bookmark()
  clock.advance(1)
  const source = logSource(freshLog(clock), 'orders')
  expect(() => source.open(0, numberedDecoder(), 0, bookmark)).toThrow(/INPUT_CHANGED/)
})

test('an idle reader looks again after 1 to 4 ms', async () => {
  const clock = new TestClock()
  const log = freshLog(clock)
  const reader = logSource(log, 'orders').open(0, numberedDecoder(), 0, undefined)
  for (const ms of [1, 2, 3, 4, 4]) {
    expect(reader.poll()).toBeUndefined()
    let isReady = false
    const ready = reader.ready().then(() => {
      isReady = true
    })
    clock.advance(ms - 0.5)
    await Promise.resolve()
    expect(isReady).toBe(false)
    clock.advance(0.5)
    await ready
  }
})
