import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  batchOfRows,
  columnAt,
  concatBatches,
  gatherBatch,
  type RecordBatch,
  recordBatch,
  rowsOf,
  selectColumns,
  sliceBatch,
  splitBatch,
} from '../../../engine/batch/index.ts'
import { BadRecordError, InvariantError } from '../../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../../engine/limits.ts'
import * as s from '../../../engine/schema/index.ts'
import { batches, batchesOf, schemas } from '../codec/random-batch.ts'

/** Everything a batch says of each record. */
function records(batch: RecordBatch): unknown[] {
  return rowsOf(batch).map((row, i) => ({
    row,
    eventTime: batch.eventTimes[i],
    watermarkBefore: batch.watermarksBefore[i],
    change: batch.changes?.[i] ?? 0,
  }))
}

test('a slice and its rest joined are the batch', () => {
  fc.assert(
    fc.property(batches, fc.nat(), (batch, cut) => {
      const at = cut % (batch.length + 1)
      const parts = [sliceBatch(batch, 0, at), sliceBatch(batch, at, batch.length)]
      expect(parts.flatMap(records)).toEqual(records(batch))
      const joined = concatBatches(parts)
      expect(records(joined)).toEqual(records(batch))
      expect(joined.source).toEqual(batch.source)
    }),
    { numRuns: 200 },
  )
})

test('a batch split by partition keeps each record once, in its order', () => {
  const cases = fc.tuple(batches, fc.array(fc.nat(4), { minLength: 20, maxLength: 20 }))
  fc.assert(
    fc.property(cases, ([batch, partitions]) => {
      const partitionOf = Int32Array.from(partitions.slice(0, batch.length))
      const parts = splitBatch(batch, partitionOf, 5)
      const all = records(batch)
      for (const [partition, part] of parts.entries()) {
        const expected = all.filter((_, row) => partitionOf[row] === partition)
        expect(part === undefined ? [] : records(part)).toEqual(expected)
        expect(part?.length).not.toBe(0)
      }
    }),
    { numRuns: 200 },
  )
})

test('gathered rows carry their times, changes and positions', () => {
  const rows = [{ n: 0 }, { n: 1 }, { n: 2 }]
  const batch = batchOfRows(s.schema({ n: s.int32() }), rows, {
    eventTimes: [10, 11, 12],
    watermarksBefore: [-Infinity, 5, 6],
    changes: Uint8Array.of(0, 1, 2),
    source: { partition: 4, offsets: Float64Array.of(100, 102, 104) },
  })
  const picked = gatherBatch(batch, Int32Array.of(2, 0, 7), 2)
  expect(records(picked)).toEqual([
    { row: { n: 2 }, eventTime: 12, watermarkBefore: 6, change: 2 },
    { row: { n: 0 }, eventTime: 10, watermarkBefore: -Infinity, change: 0 },
  ])
  expect(picked.source).toEqual({ partition: 4, offsets: Float64Array.of(104, 100) })
})

test('batches of different sources join without a position', () => {
  const schema = s.schema({ n: s.int32() })
  const one = (partition: number) =>
    batchOfRows(schema, [{ n: partition }], {
      eventTimes: [0],
      watermarksBefore: [0],
      source: { partition, offsets: Float64Array.of(9) },
    })
  expect(concatBatches([one(1), one(2)]).source).toBeUndefined()
  expect(concatBatches([one(1), one(1)]).source?.offsets).toEqual(Float64Array.of(9, 9))
  const made = { ...one(1), source: undefined }
  expect(concatBatches([one(1), made]).source).toBeUndefined()
})

test('selected columns are not copied', () => {
  const wide = schemas.chain((schema) => batchesOf(schema))
  fc.assert(
    fc.property(wide, (batch) => {
      const last = batch.columns.length - 1
      const field = s.fieldAt(batch.schema, last)
      const picked = selectColumns(batch, [last], { fields: [field] })
      expect(columnAt(picked, 0)).toBe(columnAt(batch, last))
      expect(picked.eventTimes).toBe(batch.eventTimes)
    }),
  )
})

describe('a batch is refused', () => {
  const schema = s.schema({ n: s.int32() })
  const column = (length: number) =>
    ({ kind: 'int32', values: new Int32Array(length), nulls: undefined }) as const
  const times = (length: number) => new Float64Array(length)

  test.each([
    ['with more records than a batch may have', BATCH_RECORDS_MAX + 1, BATCH_RECORDS_MAX + 1, 1],
    ['with a column of another length', 2, 3, 1],
    ['with too few columns', 2, 2, 0],
  ])('%s', (_, length, columnLength, columns) => {
    const make = () =>
      recordBatch({
        schema,
        columns: Array.from({ length: columns }, () => column(columnLength)),
        eventTimes: times(length),
        watermarksBefore: times(length),
      })
    expect(make).toThrow(InvariantError)
  })

  test('with a watermark too few', () => {
    const make = () =>
      recordBatch({
        schema,
        columns: [column(2)],
        eventTimes: times(2),
        watermarksBefore: times(1),
      })
    expect(make).toThrow('one watermark a record')
  })

  test('of rows that do not fit the schema', () => {
    const make = () => batchOfRows(schema, [{ n: 'x' }], { eventTimes: [0], watermarksBefore: [0] })
    expect(make).toThrow(BadRecordError)
  })
})
