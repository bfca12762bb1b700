import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteWriter } from '../../../engine/batch/index.ts'
import {
  migratingRowCodec,
  type Row,
  type RowCodec,
  rowCodec,
} from '../../../engine/codec/index.ts'
import { BadRecordError, StateCorruptError, StateMismatchError } from '../../../engine/errors.ts'
import * as s from '../../../engine/schema/index.ts'
import { rowsOfSchema, schemas } from './random-batch.ts'

function encoded(codec: RowCodec, row: Row): Uint8Array {
  const writer = new ByteWriter(1)
  codec.encode(row, writer)
  return writer.toBytes()
}

const random = schemas.chain((schema) => fc.tuple(fc.constant(schema), rowsOfSchema(schema, 3)))

test('every row comes back', () => {
  fc.assert(
    fc.property(random, ([schema, rows]) => {
      const codec = rowCodec(schema)
      for (const row of rows) expect(codec.decode(encoded(codec, row))).toEqual(row)
    }),
    { numRuns: 500 },
  )
})

test('integers of every length come back in as few bytes as they need', () => {
  const codec = rowCodec(s.schema({ n: s.int64() }))
  for (let bits = 0n; bits <= 63n; bits++) {
    for (const n of [2n ** bits - 1n, -(2n ** bits), BigInt.asIntN(64, 2n ** bits)]) {
      const bytes = encoded(codec, { n })
      expect(codec.decode(bytes)).toEqual({ n })
      expect(bytes.length).toBeLessThanOrEqual(11)
    }
  }
  expect(encoded(codec, { n: 127n }).length).toBe(3)
  expect(encoded(codec, { n: 128n }).length).toBe(4)
  expect(encoded(codec, { n: 5 })).toEqual(encoded(codec, { n: 5n }))
})

test('decimals come back with the digits of their scale, whatever form they were given in', () => {
  const codec = rowCodec(s.schema({ d: s.decimal(20, 3) }))
  const forms = ['1', '-1.5', '0', '-0', '-0.001', '00012.30', '99999999999999999.999', '1.2300']
  const read = forms.map((d) => codec.decode(encoded(codec, { d })).d)
  expect(read).toEqual([
    ...['1.000', '-1.500', '0.000', '0.000', '-0.001', '12.300', '99999999999999999.999', '1.230'],
  ])
  for (const d of ['', '-', '.5', '5.', '1.2345', '1e3', '--1', '1.2.3', '123456789012345678']) {
    expect(() => encoded(codec, { d }), d).toThrow('VALUE_TYPE')
  }
})

test('an absent column counts as null, a column of the prototype does not count at all', () => {
  const specs = { toString: s.string().nullable(), n: s.int32().nullable() }
  const codec = rowCodec(s.schemaOf(s.schema(specs).fields))
  expect(codec.decode(encoded(codec, {}))).toEqual({ toString: null, n: null })
  const odd = rowCodec(
    s.schemaOf([{ name: '__proto__', type: { kind: 'int32' }, nullable: false }]),
  )
  const row = JSON.parse('{"__proto__": 7}')
  expect(Object.entries(odd.decode(encoded(odd, row)))).toEqual([['__proto__', 7]])
})

test.each([
  ['a number in a string column', { name: 1 }],
  ['null where null is not allowed', { name: null }],
  ['nothing where null is not allowed', {}],
])('%s is refused with the column', (_, row) => {
  const codec = rowCodec(s.schema({ name: s.string() }))
  expect(() => encoded(codec, row)).toThrow(BadRecordError)
  expect(() => encoded(codec, row)).toThrow('"name"')
})

test.each([
  [s.int32(), 2 ** 31],
  [s.int64(), 2n ** 63n],
  [s.int64(), 0.5],
  [s.timestamp(), 1.5],
  [s.decimal(3, 1), '100.0'],
  [s.bool(), 1],
  [s.bytes(), 'text'],
  [s.list(s.int32()), [null]],
  [s.struct({ a: s.int32() }), { a: 'x' }],
])('a value that does not fit its column is refused: case %#', (spec, value) => {
  const codec = rowCodec(s.schema({ v: spec }))
  expect(() => encoded(codec, { v: value })).toThrow('VALUE_TYPE')
})

describe('damage', () => {
  test('truncated, longer and random bytes are named and never over-allocate', () => {
    fc.assert(
      fc.property(random, fc.uint8Array({ maxLength: 40 }), ([schema, rows], noise) => {
        const codec = rowCodec(schema)
        for (const row of rows) {
          const bytes = encoded(codec, row)
          for (let i = 0; i < bytes.length; i++) {
            expect(() => codec.decode(bytes.subarray(0, i))).toThrow(StateCorruptError)
          }
          expect(() => codec.decode(Uint8Array.of(...bytes, 0))).toThrow(StateCorruptError)
        }
        try {
          codec.decode(Uint8Array.of(1, ...noise))
        } catch (error) {
          expect(error).toBeInstanceOf(StateCorruptError)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a list that claims more items than bytes is refused before it is made', () => {
    const codec = rowCodec(s.schema({ v: s.list(s.string()) }))
    expect(() => codec.decode(Uint8Array.of(1, 255, 255, 255, 255, 15, 0))).toThrow('at most')
  })

  test('an unknown version is refused', () => {
    expect(() => rowCodec(s.schema({ v: s.bool() })).decode(Uint8Array.of(2, 1))).toThrow('version')
  })
})

describe('migration', () => {
  const migrated = (from: s.Schema<unknown>, to: s.Schema<unknown>, row: Row) => {
    const codec = migratingRowCodec(from.fields, to.fields)
    const old = encoded(rowCodec(from), row)
    const writer = new ByteWriter()
    codec.migrate(old, writer)
    expect(rowCodec(to).decode(writer.toBytes())).toEqual(codec.decode(old))
    return codec.decode(old)
  }

  test('goes by name: added columns are null, removed ones dropped, numbers widened', () => {
    const from = s.schema({
      a: s.int32(),
      b: s.int32(),
      gone: s.string(),
      total: s.decimal(10, 2),
      note: s.string(),
    })
    const to = s.schema({
      note: s.string().nullable(),
      total: s.decimal(20, 2),
      added: s.float64().nullable(),
      b: s.float64(),
      a: s.int64(),
    })
    const row = { a: -7, b: 3, gone: 'x', total: '-1.05', note: 'n' }
    expect(migrated(from, to, row)).toEqual({
      note: 'n',
      total: '-1.05',
      added: null,
      b: 3,
      a: -7n,
    })
  })

  test('reaches into lists and structs', () => {
    const from = s.schema({ l: s.list(s.struct({ n: s.int32(), old: s.bool() }).nullable()) })
    const to = s.schema({
      l: s.list(s.struct({ m: s.string().nullable(), n: s.int64() }).nullable()),
    })
    const row = { l: [null, { n: 1, old: true }] }
    expect(migrated(from, to, row)).toEqual({ l: [null, { m: null, n: 1n }] })
  })

  test('to the same fields changes no byte', () => {
    fc.assert(
      fc.property(random, ([schema, rows]) => {
        const codec = migratingRowCodec(schema.fields, schema.fields)
        for (const row of rows) {
          const bytes = encoded(codec, row)
          const writer = new ByteWriter()
          codec.migrate(bytes, writer)
          expect(writer.toBytes()).toEqual(bytes)
        }
      }),
    )
  })

  test.each([
    [
      'a new column that takes no null',
      { a: s.int32(), b: s.int32() },
      '"b" (int32, not null) was added',
    ],
    ['a narrower type', { a: s.bool() }, '"a" is written as int32 and can not be read as bool'],
    ['a rename', { c: s.int32() }, 'a rename is a removal and an addition'],
  ])('%s is refused with the difference in words', (_, specs, words) => {
    const from = s.schema({ a: s.int32() })
    const migrate = () => migratingRowCodec(from.fields, s.schema(specs).fields)
    expect(migrate).toThrow(StateMismatchError)
    expect(migrate).toThrow(words)
  })

  test('does not care how timestamps are read from JSON', () => {
    const from = s.schema({ t: s.timestamp({ unit: 's' }) })
    expect(migrated(from, s.schema({ t: s.timestamp() }), { t: 5 })).toEqual({ t: 5 })
  })
})
