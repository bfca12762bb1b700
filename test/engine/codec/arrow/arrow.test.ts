import * as arrow from 'apache-arrow'
import fc from 'fast-check'
import * as parquet from 'parquet-wasm'
import { expect, test } from 'vitest'
import {
  batchOfRows,
  concatBatches,
  recordBatch,
  rowsOf,
  sliceBatch,
} from '../../../../engine/batch/index.ts'
import {
  type ArrowColumns,
  arrowSchema,
  fromArrow,
  toArrow,
  toArrowIpc,
} from '../../../../engine/codec/arrow/index.ts'
import * as s from '../../../../engine/schema/index.ts'
import { batches } from '../random-batch.ts'

function rowsOfColumns(read: ArrowColumns, schema: s.Schema<unknown>) {
  const times = new Float64Array(read.length)
  return rowsOf(
    recordBatch({ schema, columns: read.columns, eventTimes: times, watermarksBefore: times }),
  )
}

const untimed = (length: number) => ({
  eventTimes: Array.from({ length }, (_, i) => 1000 + i),
  watermarksBefore: new Float64Array(length),
})

test('a batch comes back from an Arrow table with the same rows', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const read = fromArrow(toArrow(batch), batch.schema)
      expect(rowsOfColumns(read, batch.schema)).toEqual(rowsOf(batch))
    }),
    { numRuns: 300 },
  )
})

test('batches come back from an IPC stream with the same rows', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const half = batch.length >> 1
      const parts = [sliceBatch(batch, 0, half), sliceBatch(batch, half, batch.length)]
      const table = arrow.tableFromIPC(toArrowIpc(parts))
      expect(table.schema.toString()).toBe(arrowSchema(batch.schema).toString())
      expect(rowsOfColumns(fromArrow(table, batch.schema), batch.schema)).toEqual(rowsOf(batch))
    }),
    { numRuns: 300 },
  )
})

test('a batch comes back from a Parquet file with the same rows', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const table = parquet.Table.fromIPCStream(toArrowIpc([batch]))
      const file = parquet.writeParquet(table)
      const read = arrow.tableFromIPC(parquet.readParquet(file).intoIPCStream())
      expect(rowsOfColumns(fromArrow(read, batch.schema), batch.schema)).toEqual(rowsOf(batch))
    }),
    { numRuns: 200 },
  )
})

test('a typed array that two columns share does not break the stream', () => {
  const schema = s.schema({ a: s.float64(), b: s.float64(), c: s.string(), d: s.string() })
  const values = Float64Array.of(1, 2, 3)
  const bytes = new TextEncoder().encode('xyz')
  const number = { kind: 'float64', values, nulls: undefined } as const
  const text = {
    kind: 'plain',
    offsets: Int32Array.of(0, 1, 2, 3),
    bytes,
    nulls: undefined,
  } as const
  const batch = recordBatch({
    schema,
    columns: [number, number, text, text],
    eventTimes: values,
    watermarksBefore: values,
  })
  const table = arrow.tableFromIPC(toArrowIpc([batch]))
  expect(rowsOfColumns(fromArrow(table, schema), schema)).toEqual(rowsOf(batch))
})

test('many batches become few Arrow batches in an IPC stream', () => {
  const schema = s.schema({ n: s.int32() })
  const rows = Array.from({ length: 1000 }, (_, n) => ({ n }))
  const batch = batchOfRows(schema, rows, untimed(1000))
  const table = arrow.tableFromIPC(toArrowIpc(Array.from({ length: 100 }, () => batch)))
  expect(table.batches.map((part) => part.numRows)).toEqual([65_000, 35_000])
  expect(toArrow([batch, batch]).batches.map((part) => part.numRows)).toEqual([1000, 1000])
})

test('float64 and int32 columns are wrapped, not copied', () => {
  const schema = s.schema({ f: s.float64(), i: s.int32() })
  const batch = batchOfRows(schema, [{ f: 1.5, i: 2 }], untimed(1))
  const table = toArrow(batch)
  expect(table.getChild('f')?.data[0]?.values).toBe(
    batch.columns[0]?.kind === 'float64' && batch.columns[0].values,
  )
  expect(table.getChild('i')?.data[0]?.values).toBe(
    batch.columns[1]?.kind === 'int32' && batch.columns[1].values,
  )
})

test('system columns are present only when asked for', () => {
  const schema = s.schema({ n: s.int32() })
  const rows = [{ n: 1 }, { n: 2 }]
  const sourced = batchOfRows(schema, rows, {
    ...untimed(2),
    changes: Uint8Array.of(1, 3),
    source: { partition: 7, offsets: Float64Array.of(40, -1) },
  })
  const made = batchOfRows(schema, rows, untimed(2))
  expect(toArrow(sourced).schema.names).toEqual(['n'])
  const systemColumns = ['_event_time', '_change', '_partition', '_offset'] as const
  const table = toArrow([sourced, made], { systemColumns })
  const read = s.schema({
    _event_time: s.timestamp(),
    _change: s.string(),
    _partition: s.int32().nullable(),
    _offset: s.int64().nullable(),
  })
  expect(rowsOfColumns(fromArrow(table, read), read)).toEqual([
    { _event_time: 1000, _change: '-U', _partition: 7, _offset: 40n },
    { _event_time: 1001, _change: '-D', _partition: 7, _offset: null },
    { _event_time: 1000, _change: '+I', _partition: null, _offset: null },
    { _event_time: 1001, _change: '+I', _partition: null, _offset: null },
  ])
})

test('forms that other writers choose are read', () => {
  const table = new arrow.Table({
    small: arrow.vectorFromArray([1, 2, null], new arrow.Uint8()),
    word: arrow.vectorFromArray(
      ['a', null, 'a'],
      new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
    ),
    large: arrow.vectorFromArray(['x', 'yz', ''], new arrow.LargeUtf8()),
    millis: arrow.vectorFromArray([1n, 2n, 3n], new arrow.Timestamp(arrow.TimeUnit.MILLISECOND)),
    single: arrow.vectorFromArray([0.5, null, 1.5], new arrow.Float32()),
  })
  const schema = s.schema({
    small: s.int64().nullable(),
    word: s.string().nullable(),
    large: s.string(),
    single: s.float64().nullable(),
    absent: s.string().nullable(),
  })
  expect(rowsOfColumns(fromArrow(table, schema), schema)).toEqual([
    { small: 1n, word: 'a', large: 'x', single: 0.5, absent: null },
    { small: 2n, word: null, large: 'yz', single: null, absent: null },
    { small: null, word: 'a', large: '', single: 1.5, absent: null },
  ])
})

test.each([
  ['a missing column', { b: s.int32() }, 'none'],
  ['a null in a column that allows none', { a: s.int32() }, 'null values'],
  ['another type', { a: s.string().nullable() }, 'Int32'],
])('%s is refused with both types', (_, specs, found) => {
  const table = new arrow.Table({ a: arrow.vectorFromArray([1, null], new arrow.Int32()) })
  expect(() => fromArrow(table, s.schema(specs))).toThrow(found)
})

test('a table of no rows has columns of no rows', () => {
  const schema = s.schema({ a: s.list(s.string()), b: s.decimal(38, 3).nullable() })
  const empty = batchOfRows(schema, [], untimed(0))
  const table = arrow.tableFromIPC(toArrowIpc([empty]))
  expect(fromArrow(table, schema).length).toBe(0)
  expect(rowsOfColumns(fromArrow(table, schema), schema)).toEqual([])
  expect(rowsOf(concatBatches([empty, empty]))).toEqual([])
})
