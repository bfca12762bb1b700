import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Compression } from '../../../../connectors/kafka/record-batch/index.ts'
import { batchOf, concat, type PlainRecord, readAll } from './batch-fixture.ts'

const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4']

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.tuple(fc.string({ maxLength: 9 }), fc.nat(400)).map(([part, times]) => part.repeat(times)),
)
const nullable = fc.option(text, { nil: null, freq: 4 })
const records: fc.Arbitrary<PlainRecord[]> = fc.array(
  fc.record({
    key: nullable,
    value: nullable,
    timeMs: fc.oneof(
      fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
      fc.integer({ min: -1, max: 9_007_199_254_740 }),
    ),
    headers: fc.array(fc.tuple(fc.string({ maxLength: 9 }), nullable), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 60 },
)

describe('batches that are written and read again', () => {
  it.each(compressions)('give the same records (%s)', (compression) => {
    const property = fc.property(records, fc.nat(2 ** 40), (list, baseOffset) => {
      const batch = batchOf(list, { baseOffset, compression })
      const read = readAll(batch, { fetchOffset: baseOffset })
      const expected = list.map((plain, i) => ({
        ...plain,
        offset: baseOffset + i,
        isAppendTime: false,
      }))
      expect(read.records).toEqual(expected)
      expect(read.nextOffset).toBe(baseOffset + list.length)
    })
    fc.assert(property)
  })

  it('follow one another in one response, whatever their compression', () => {
    const batches = fc.array(fc.tuple(records, fc.constantFrom(...compressions)), { maxLength: 6 })
    const property = fc.property(batches, fc.nat(300), (list, fetchOffset) => {
      let baseOffset = 0
      const expected: (string | null)[] = []
      const parts = list.map(([plain, compression]) => {
        const part = batchOf(plain, { baseOffset, compression })
        plain.forEach(({ value }, i) => {
          if (baseOffset + i >= fetchOffset) expected.push(value)
        })
        baseOffset += plain.length
        return part
      })
      const read = readAll(concat(...parts), { fetchOffset })
      expect(read.records.map(({ value }) => value)).toEqual(expected)
      expect(read.nextOffset).toBe(Math.max(fetchOffset, baseOffset))
    })
    fc.assert(property)
  })

  it('fill reads up to the limit over uncompressed batches', () => {
    const parts = Array.from({ length: 3 }, (_, part) =>
      batchOf(
        Array.from({ length: 700 }, (_, i) => ({ key: null, value: `${part}-${i}`, timeMs: i })),
        { baseOffset: part * 700 },
      ),
    )
    const { records, lengths } = readAll(concat(...parts))
    expect(lengths).toEqual([1024, 1024, 52])
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 2100 }, (_, i) => i))
    expect(records[2099]?.value).toBe('2-699')
  })
})
