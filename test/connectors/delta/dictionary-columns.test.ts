import { expect, test } from 'vitest'
import { dictionaryColumns } from '../../../connectors/delta/dictionary-columns.ts'
import { Dictionary, type RecordBatch, recordBatch } from '../../../engine/batch/index.ts'
import { schema, string, timestamp } from '../../../engine/schema/index.ts'

const orders = schema({ city: string(), user_id: string(), at: timestamp() })
const [cities, users] = [new Dictionary(), new Dictionary()]

function batchOf(first: number, rows: number): RecordBatch {
  const times = new Float64Array(rows)
  const idsOf = (dictionary: Dictionary, name: (row: number) => string) =>
    Int32Array.from(times, (_, row) => dictionary.internString(name(first + row)))
  return recordBatch({
    schema: orders,
    columns: [
      {
        kind: 'dictionary',
        ids: idsOf(cities, (row) => `city ${row % 12}`),
        dictionary: cities,
        nulls: undefined,
      },
      {
        kind: 'dictionary',
        ids: idsOf(users, (row) => `user ${row % 900}`),
        dictionary: users,
        nulls: undefined,
      },
      { kind: 'float64', values: times, nulls: undefined },
    ],
    eventTimes: times,
    watermarksBefore: times,
  })
}

test('texts of few values get a dictionary, other columns do not', () => {
  expect(dictionaryColumns([batchOf(0, 1000), batchOf(1000, 1000)])).toEqual(['city'])
})

test('with more rows of the same values, more columns get one', () => {
  const batches = Array.from({ length: 8 }, (_, i) => batchOf(i * 1000, 1000))
  expect(dictionaryColumns(batches)).toEqual(['city', 'user_id'])
})

test('a file of a few rows has none', () => {
  expect(dictionaryColumns([batchOf(0, 20)])).toEqual([])
  expect(dictionaryColumns([])).toEqual([])
})
