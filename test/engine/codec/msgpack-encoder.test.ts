import { decode as libraryDecode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOfRows, rowsOf } from '../../../engine/batch/index.ts'
import * as s from '../../../engine/schema/index.ts'
import { decodeAll, encodedRow, plain, rowsOfRecords } from './msgpack-records.ts'
import { batches } from './random-batch.ts'

test('every row comes back', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const records = rowsOf(batch).map((_, row) => encodedRow(batch, row))
      fc.pre(records.length > 0)
      const decoded = decodeAll(batch.schema, records)
      expect(decoded.rejected).toEqual([])
      expect(rowsOfRecords(batch.schema, decoded)).toEqual(rowsOf(batch))
      expect(decoded.nextOffset).toBe(10 + 2 * (records.length - 1) + 1)
      expect(decoded.appendTimes).toEqual(decoded.offsets)
    }),
    { numRuns: 500 },
  )
})

test('what is written is what another implementation reads', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      for (const [row, expected] of rowsOf(batch).entries()) {
        const read = libraryDecode(encodedRow(batch, row), { useBigInt64: true })
        expect(plain(read)).toEqual(plain(expected))
      }
    }),
    { numRuns: 300 },
  )
})

test('long names, lists, maps and texts use the wider heads', () => {
  const name = 'n'.repeat(40)
  const fields = Array.from({ length: 20 }, (_, i) => ({
    name: `${name}${i}`,
    type: s.list(s.int64()).type,
    nullable: false,
  }))
  const schema = s.schemaOf([...fields, { name: 't', type: s.bytes().type, nullable: false }])
  const long = Array.from({ length: 70_000 }, (_, i) => BigInt(i) - 35_000n)
  const row = {
    ...Object.fromEntries(fields.map((field) => [field.name, [1n]])),
    [`${name}3`]: long,
    t: new Uint8Array(70_000),
  }
  const times = { eventTimes: [0], watermarksBefore: [0] }
  const batch = batchOfRows(schema, [row], times)
  const bytes = encodedRow(batch, 0)
  expect(rowsOfRecords(schema, decodeAll(schema, [bytes]))).toEqual([row])
  expect(plain(libraryDecode(bytes, { useBigInt64: true }))).toEqual(plain(row))
})
