import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as s from '../../../engine/schema/index.ts'
import { dataTypes } from '../codec/random-batch.ts'

test('a type is the same as its copy', () => {
  fc.assert(
    fc.property(dataTypes(), (type) => {
      expect(s.sameType(type, structuredClone(type))).toBe(true)
    }),
  )
})

test('types are the same exactly when their parameters are', () => {
  fc.assert(
    fc.property(dataTypes(), dataTypes(), (a, b) => {
      expect(s.sameType(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      expect(s.sameType(a, b)).toBe(s.sameType(b, a))
    }),
    { numRuns: 500 },
  )
})

test.each<[s.ColumnSpec<unknown>, s.ColumnSpec<unknown>]>([
  [s.decimal(10, 2), s.decimal(11, 2)],
  [s.decimal(10, 2), s.decimal(10, 3)],
  [s.list(s.int32()), s.list(s.int32().nullable())],
  [s.struct({ a: s.int32() }), s.struct({ b: s.int32() })],
  [s.struct({ a: s.int32() }), s.struct({ a: s.int32(), b: s.int32() })],
  [s.struct({ a: s.int32(), b: s.int32() }), s.struct({ b: s.int32(), a: s.int32() })],
  [s.string(), s.bytes()],
])('types that differ in one parameter are not the same: case %#', (a, b) => {
  expect(s.sameType(a.type, b.type)).toBe(false)
  expect(s.sameType(a.type, a.type)).toBe(true)
})

test('the unit of a timestamp is how it is read, not another type', () => {
  expect(s.sameType(s.timestamp({ unit: 'ms' }).type, s.timestamp().type)).toBe(true)
})

test('names are what a person writes', () => {
  const place = s.struct({ at: s.timestamp(), tags: s.list(s.decimal(10, 2)) })
  expect(s.typeName(place.type)).toBe('struct<at: timestamp, tags: list<decimal(10,2)>>')
})
