import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOfRows, rowAt, rowsOf, valueAt } from '../../../engine/batch/index.ts'
import * as s from '../../../engine/schema/index.ts'
import { rowsOfSchema, schemas } from '../codec/random-batch.ts'

const untimed = (length: number) => ({
  eventTimes: new Float64Array(length),
  watermarksBefore: new Float64Array(length),
})

test('rows of a batch are the rows it was made of', () => {
  const random = schemas.chain((schema) => fc.tuple(fc.constant(schema), rowsOfSchema(schema)))
  fc.assert(
    fc.property(random, ([schema, rows]) => {
      const batch = batchOfRows(schema, rows, untimed(rows.length))
      expect(rowsOf(batch)).toEqual(rows)
      for (const [i, row] of rows.entries()) expect(rowAt(batch, i)).toEqual(row)
    }),
    { numRuns: 200 },
  )
})

test('columns are in declared order, "__proto__" is a column like others', () => {
  const fields = ['z', '__proto__', 'a'].map((name) => {
    return { name, type: { kind: 'int32' }, nullable: false } as const
  })
  const row = JSON.parse('{"a": 1, "__proto__": 2, "z": 3}')
  const batch = batchOfRows(s.schemaOf(fields), [row], untimed(1))
  expect(Object.entries(rowAt(batch, 0))).toEqual([
    ['z', 3],
    ['__proto__', 2],
    ['a', 1],
  ])
})

test('a column named like a property of every object is null where the row has none', () => {
  const fields = ['toString', 'constructor', '__proto__'].map((name) => {
    return { name, type: { kind: 'string' }, nullable: true } as const
  })
  const batch = batchOfRows(s.schemaOf(fields), [{}], untimed(1))
  expect(Object.values(rowAt(batch, 0))).toEqual([null, null, null])
})

test('bytes of a row are a copy', () => {
  const schema = s.schema({ raw: s.bytes() })
  const batch = batchOfRows(schema, [{ raw: Uint8Array.of(1, 2) }], untimed(1))
  const [column] = batch.columns
  const value = column && valueAt(column, { kind: 'bytes' }, 0)
  if (value instanceof Uint8Array) value.fill(0)
  expect(rowsOf(batch)).toEqual([{ raw: Uint8Array.of(1, 2) }])
})
