import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type EmbeddedLog, openLog } from '../../../connectors/log/index.ts'
import type { Clock } from '../../../engine/clock.ts'
import { TestClock, temporaryFolder, utf8 } from '../../support/connectors.ts'

function freshLog(clock?: Clock): EmbeddedLog {
  const log = openLog(temporaryFolder(), clock === undefined ? {} : { clock })
  onTestFinished(() => log.close())
  return log
}

const texts = (log: EmbeddedLog, topic: string, partition = 0, offset = 0) =>
  log
    .read(topic, partition, offset, 1_000_000)
    .map(({ value }) => (value === undefined ? null : Buffer.from(value).toString()))

const records = (...values: string[]) => values.map((value) => ({ value: utf8(value) }))

test('an append gives contiguous offsets and the records come back as they were', async () => {
  const log = freshLog()
  log.create('orders', { partitions: 2 })
  const record = { key: utf8('k'), value: utf8('b'), eventTime: 5, change: 2 }
  expect(await log.append('orders', 1, [...records('a'), record])).toBe(0)
  expect(await log.append('orders', 1, [{ key: utf8('k'), value: undefined }])).toBe(2)
  const read = log.read('orders', 1, 0)
  expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2])
  expect(read.map(({ key }) => key && Buffer.from(key).toString())).toEqual([undefined, 'k', 'k'])
  expect(texts(log, 'orders', 1)).toEqual(['a', 'b', null])
  expect(read.map(({ eventTime }) => eventTime)).toEqual([undefined, 5, undefined])
  expect(read.map(({ op }) => op)).toEqual(['+I', '+U', '+I'])
  expect(log.latest('orders', 0)).toBe(0)
  expect(log.latest('orders', 1)).toBe(3)
})

test('appends that wait together share one chunk and one commit', async () => {
  const log = freshLog()
  log.create('orders', { partitions: 1 })
  const firsts = await Promise.all(
    Array.from({ length: 50 }, (_, i) => log.append('orders', 0, records(`${i}`, `${i}+`))),
  )
  expect(firsts).toEqual(Array.from({ length: 50 }, (_, i) => i * 2))
  const chunks = log.store.range(utf8('orders\0\0'), utf8('orders\u0001'), 100)
  expect(chunks).toHaveLength(1)
})

test('a large append is cut into chunks of at most 1,024 records', async () => {
  const log = freshLog()
  log.create('orders', { partitions: 1 })
  const values = Array.from({ length: 2500 }, (_, i) => `${i}`)
  await log.append('orders', 0, records(...values))
  expect(log.store.range(utf8('orders\0\0'), utf8('orders\u0001'), 100)).toHaveLength(3)
  expect(texts(log, 'orders')).toEqual(values)
  expect(texts(log, 'orders', 0, 2040)).toEqual(values.slice(2040))
})

test('keyed appends go to the partition of Kafka, keyless ones round-robin', async () => {
  const log = freshLog()
  log.create('orders', { partitions: 3 })
  const places = await log.appendKeyed('orders', [
    { key: utf8('21'), value: utf8('a') },
    { value: utf8('b') },
    { key: utf8('21'), value: utf8('c') },
    { value: utf8('d') },
  ])
  const partition = (-973932308 & 0x7fffffff) % 3
  expect(places[0]).toEqual({ partition, offset: 0 })
  expect(places[2]?.partition).toBe(partition)
  expect(places[1]?.partition).not.toBe(places[3]?.partition)
  for (const [i, place] of places.entries()) {
    const [found] = log.read('orders', place.partition, place.offset, 1)
    expect(found?.value && Buffer.from(found.value).toString()).toBe('abcd'[i])
  }
})

test('a topic without a partitioner refuses keys', async () => {
  const log = freshLog()
  log.create('foreign', { partitions: 2, partitioner: 'unknown' })
  const append = log.appendKeyed('foreign', [{ key: utf8('k'), value: utf8('v') }])
  await expect(append).rejects.toMatchObject({ code: 'PARTITIONER_UNKNOWN' })
})

test('creating a topic again changes nothing, with other options it is refused', () => {
  const log = freshLog()
  const first = log.create('orders', { partitions: 2 })
  expect(log.create('orders', { partitions: 2 })).toEqual(first)
  expect(() => log.create('orders', { partitions: 3 })).toThrow(/TOPIC_EXISTS/)
  log.create('orders.late', { partitions: 1, format: 'msgpack' })
  log.create('order', { partitions: 1 })
  expect(log.topics().map(({ topic }) => topic)).toEqual(['order', 'orders', 'orders.late'])
  expect(() => log.create('a/b', { partitions: 1 })).toThrow(/TOPIC_NAME_INVALID/)
  expect(() => log.create('none', { partitions: 0 })).toThrow(/TOPIC_INVALID/)
})

test('unknown topics, partitions and offsets are named errors', async () => {
  const log = freshLog()
  log.create('orders', { partitions: 1 })
  await expect(log.append('order', 0, [])).rejects.toThrow(/TOPIC_UNKNOWN.*one of orders/)
  await expect(log.append('orders', 1, [])).rejects.toThrow(/PARTITION_UNKNOWN/)
  expect(() => log.read('orders', 0, 1)).toThrow(/OFFSET_OUT_OF_RANGE/)
  expect(log.read('orders', 0, 0)).toEqual([])
})

test('a read-only log reads, does not write, and must exist', async () => {
  const folder = temporaryFolder()
  expect(() => openLog(`${folder}/none`, { readOnly: true })).toThrow(/LOG_MISSING/)
  const writer = openLog(folder)
  writer.create('orders', { partitions: 1 })
  await writer.append('orders', 0, records('a'))
  await writer.close()
  const reader = openLog(folder, { readOnly: true })
  onTestFinished(() => reader.close())
  expect(texts(reader, 'orders')).toEqual(['a'])
  await expect(reader.append('orders', 0, records('b'))).rejects.toThrow(/LOG_READ_ONLY/)
  expect(() => openLog(folder)).toThrow(/LOG_OPENED_READ_ONLY/)
})

test('retention by time removes whole chunks and readers below the earliest are told', async () => {
  const clock = new TestClock()
  const log = freshLog(clock)
  log.create('orders', { partitions: 1, retention: { timeMs: 1000 } })
  await log.append('orders', 0, records('a', 'b'))
  clock.advance(600)
  await log.append('orders', 0, records('c'))
  clock.advance(600)
  expect(log.retain()).toBe(1)
  expect(log.earliest('orders', 0)).toBe(2)
  expect(() => log.read('orders', 0, 1)).toThrow(/OFFSET_OUT_OF_RANGE.*expected 2 to 3; found 1/)
  expect(texts(log, 'orders', 0, 2)).toEqual(['c'])
})

test('offsets go on after retention removed everything', async () => {
  const clock = new TestClock()
  const log = freshLog(clock)
  log.create('orders', { partitions: 1, retention: { timeMs: 1000 } })
  await log.append('orders', 0, records('a', 'b'))
  clock.advance(2000)
  expect(log.retain()).toBe(1)
  expect([log.earliest('orders', 0), log.latest('orders', 0)]).toEqual([2, 2])
  expect(log.read('orders', 0, 2)).toEqual([])
  expect(() => log.read('orders', 0, 0)).toThrow(/OFFSET_OUT_OF_RANGE/)
  expect(log.retain()).toBe(0)
  expect(await log.append('orders', 0, records('c'))).toBe(2)
  expect(texts(log, 'orders', 0, 2)).toEqual(['c'])
})

test('retention by size keeps at least the bytes it names', async () => {
  const log = freshLog(new TestClock())
  log.create('orders', { partitions: 1, retention: { bytes: 3000 } })
  for (let i = 0; i < 10; i++) await log.append('orders', 0, records('x'.repeat(963)))
  // Each chunk is 32 + 4 + 1 + 963 = 1,000 bytes.
  expect(log.retain()).toBe(7)
  expect([log.earliest('orders', 0), log.latest('orders', 0)]).toEqual([7, 10])
})

test('a damaged chunk is refused, never read', async () => {
  const log = freshLog()
  log.create('orders', { partitions: 1 })
  await log.append('orders', 0, records('a'))
  const [entry] = log.store.range(utf8('orders\0\0'), utf8('orders\u0001'), 1)
  if (entry === undefined) throw new Error('no chunk')
  const { decodeChunk } = await import('../../../connectors/log/index.ts')
  for (let i = 0; i < entry.value.length; i++) {
    const damaged = entry.value.slice()
    damaged[i] = (damaged[i] ?? 0) ^ 0x10
    expect(() => decodeChunk(damaged, entry.key)).toThrow(/CHUNK_CORRUPT/)
  }
  expect(() => decodeChunk(entry.value, utf8('elsewhere'))).toThrow(/CHUNK_CORRUPT/)
})

test('appends of three processes, one of them killed, are contiguous and whole', async () => {
  const folder = temporaryFolder()
  const log = openLog(folder)
  onTestFinished(() => log.close())
  log.create('shared', { partitions: 1 })
  const program = fileURLToPath(new URL('append-process.ts', import.meta.url))
  const acknowledged = new Map<string, Map<number, number>>()
  const start = (name: string, count: number) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', program, folder, name, `${count}`, '3'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const seen = new Map<number, number>()
    acknowledged.set(name, seen)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [ordinal, first] = line.split(' ').map(Number)
      if (first === undefined || ordinal === undefined) return
      seen.set(ordinal, first)
      if (name === 'victim' && seen.size === 20) child.kill('SIGKILL')
    })
    return once(child, 'close')
  }
  const ends = await Promise.all([start('a', 300), start('b', 300), start('victim', 1_000_000)])
  expect(ends.map(([code, signal]) => code ?? signal)).toEqual([0, 0, 'SIGKILL'])
  const values = texts(log, 'shared')
  expect(values).toHaveLength(log.latest('shared', 0))
  for (const [name, seen] of acknowledged) {
    expect(seen.size).toBeGreaterThanOrEqual(name === 'victim' ? 20 : 100)
    for (const [ordinal, first] of seen) {
      const run = [0, 1, 2].map((k) => `${name}-${ordinal + k}`)
      expect(values.slice(first, first + 3)).toEqual(run)
    }
  }
  expect(new Set(values).size).toBe(values.length)
  // The lock of the dead process is free.
  expect(await log.append('shared', 0, records('after'))).toBe(values.length)
})
