// Batches that Kafka's own classes wrote (java-batches.java says how).
import { readFileSync } from 'node:fs'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { batchOf, concat, type PlainRecord, readAll, values } from './batch-fixture.ts'

const records: PlainRecord[] = Array.from({ length: 40 }, (_, i) => {
  const note = 'ab'.repeat(i)
  const json = `{"order_id":${i},"amount_cents":${(i * 37) % 1000},"note":"${note}"}`
  return {
    key: i % 5 === 4 ? null : `key-${i % 7}`,
    value: i % 9 === 8 ? null : i === 7 ? '' : json,
    timeMs: 1_700_000_000_000 + i * 7 - (i % 4) * 100,
    headers:
      i % 3 === 0
        ? [
            ['mr-op', '+U'],
            ['none', null],
          ]
        : [],
  }
})

function expected(baseOffset: number) {
  return records.map((plain, i) => ({ ...plain, offset: baseOffset + i, isAppendTime: false }))
}

describe('batches of a Java client', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4'])('give their records (%s)', (name) => {
    const read = readAll(written(name), { fetchOffset: 1000 })
    expect(read.records).toEqual(expected(1000))
    expect(read.nextOffset).toBe(1040)
  })

  const hasZstd = 'zstdDecompressSync' in zlib

  it.skipIf(!hasZstd)('give their records where Node reads zstd', () => {
    expect(readAll(written('zstd'), { fetchOffset: 1000 }).records).toEqual(expected(1000))
  })

  it.skipIf(hasZstd)('name the Node that reads zstd where this one does not', () => {
    const message = /KAFKA_COMPRESSION_UNKNOWN.*zstd.*Node 22\.15/
    expect(() => readAll(written('zstd'), { fetchOffset: 1000 })).toThrow(message)
  })

  it('have the time of their append where the broker set it', () => {
    const { records: read } = readAll(written('append-time'), { fetchOffset: 1000 })
    const times = new Set(read.map(({ timeMs, isAppendTime }) => `${timeMs} ${isAppendTime}`))
    expect([...times]).toEqual(['1700000009999 true'])
  })

  it('are left out from the first record to the abort mark', () => {
    const aborted = [{ producerId: 4000, firstOffset: 50 }]
    const after = batchOf([{ key: null, value: 'after', timeMs: 0 }], {
      baseOffset: 91,
      producer: { id: 4000, epoch: 3, baseSequence: 32, isTransactional: true },
    })
    const bytes = concat(written('transactional'), written('abort'), after)
    expect(values(bytes, { fetchOffset: 50, aborted })).toEqual(['after'])
  })

  it('are given where they were committed', () => {
    const bytes = concat(written('transactional'), written('commit'))
    const read = readAll(bytes, { fetchOffset: 50, aborted: [] })
    expect(read.records).toEqual(expected(50))
    expect(read.nextOffset).toBe(91)
  })

  it.each([0, 1])('are refused by name in format %i', (format) => {
    const message = new RegExp(`KAFKA_BATCH_FORMAT.*found format ${format}`)
    expect(() => readAll(written(`format-${format}`))).toThrow(message)
  })

  it('are the same bytes when we write them without compression', () => {
    const ours = batchOf(records, { baseOffset: 1000 })
    // Sequence and epoch of a batch without a producer are -1 on both sides.
    expect(Buffer.from(ours).equals(written('none'))).toBe(true)
  })
})

function written(name: string): Uint8Array {
  const texts: unknown = JSON.parse(
    readFileSync(new URL('java-batches.json', import.meta.url), 'utf8'),
  )
  const text: unknown =
    typeof texts === 'object' && texts !== null ? Reflect.get(texts, name) : undefined
  if (typeof text !== 'string') throw new Error(`no batch ${name}`)
  return new Uint8Array(Buffer.from(text, 'base64'))
}
