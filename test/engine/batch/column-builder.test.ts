import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnBuilder, formatDecimal, parseDecimal, valueAt } from '../../../engine/batch/index.ts'
import { BadRecordError } from '../../../engine/errors.ts'
import * as s from '../../../engine/schema/index.ts'
import { rowsOfSchema, schemas } from '../codec/random-batch.ts'

test('every value comes back from the column that was built of it', () => {
  const random = schemas.chain((schema) => fc.tuple(fc.constant(schema), rowsOfSchema(schema)))
  fc.assert(
    fc.property(random, ([schema, rows]) => {
      for (const field of schema.fields) {
        const builder = columnBuilder(field)
        for (const row of rows) builder.append(row[field.name])
        const column = builder.finish()
        const values = rows.map((_, i) => valueAt(column, field.type, i))
        expect(values).toEqual(rows.map((row) => row[field.name]))
        const hasNull = rows.some((row) => row[field.name] === null)
        expect(column.nulls !== undefined).toBe(hasNull)
      }
    }),
    { numRuns: 300 },
  )
})

test('integers are wide only where one lies beyond 2^53 - 1', () => {
  const wideOf = (...values: bigint[]) => {
    const builder = columnBuilder({ name: 'n', type: { kind: 'int64' }, nullable: false })
    for (const value of values) builder.append(value)
    const column = builder.finish()
    return column.kind === 'integer' ? column.wide : 'no integers'
  }
  expect(wideOf(2n ** 53n - 1n, -(2n ** 53n) + 1n)).toBeUndefined()
  expect(wideOf(1n, 2n ** 53n)).toEqual([1n, 2n ** 53n])
})

describe('a value that the column can not hold is refused', () => {
  test.each<[s.ColumnSpec<unknown>, unknown]>([
    [s.bool(), 0],
    [s.int32(), 2 ** 31],
    [s.int32(), 0.5],
    [s.int64(), 2n ** 63n],
    [s.int64(), 2 ** 53],
    [s.float64(), '1'],
    [s.timestamp(), 1.5],
    [s.timestamp(), Number.NaN],
    [s.decimal(3, 1), '100'],
    [s.decimal(3, 1), '1.55'],
    [s.decimal(3, 1), 1],
    [s.string(), Uint8Array.of(1)],
    [s.bytes(), 'a'],
    [s.list(s.int32()), 'ab'],
    [s.list(s.int32()), [null]],
    [s.struct({ a: s.int32() }), {}],
    [s.struct({ a: s.int32() }), null],
    [s.string(), undefined],
  ])('case %#', (spec, value) => {
    const field = { name: 'v', type: spec.type, nullable: false }
    const put = () => {
      const builder = columnBuilder(field)
      builder.append(value)
      builder.finish()
    }
    expect(put).toThrow(BadRecordError)
    expect(put).toThrow('VALUE_TYPE')
  })
})

describe('decimals', () => {
  test('text and scaled integer are two forms of one number', () => {
    const cases = fc
      .integer({ min: 1, max: 38 })
      .chain((precision) =>
        fc.tuple(
          fc.constant(precision),
          fc.integer({ min: 0, max: precision }),
          fc.bigInt({ min: 1n - 10n ** BigInt(precision), max: 10n ** BigInt(precision) - 1n }),
        ),
      )
    fc.assert(
      fc.property(cases, ([precision, scale, unscaled]) => {
        expect(parseDecimal(formatDecimal(unscaled, scale), precision, scale)).toBe(unscaled)
      }),
    )
  })

  test.each([
    ['12.5', 4, 2, 1250n],
    ['-0.05', 4, 2, -5n],
    ['007', 1, 0, 7n],
    ['1.500', 3, 1, 15n],
    ['-0', 1, 0, 0n],
  ])('%s as decimal(%i, %i)', (text, precision, scale, unscaled) => {
    expect(parseDecimal(text, precision, scale)).toBe(unscaled)
  })

  test.each(['', '.5', '1.', '+1', '1e3', ' 1', '1,5', '--1', 'NaN', '0x1', '1\n'])(
    '"%s" is no decimal',
    (text) => {
      expect(() => parseDecimal(text, 10, 2)).toThrow(BadRecordError)
    },
  )

  test('all digits of the scale are written', () => {
    expect([1250n, -5n, 0n, 100n].map((value) => formatDecimal(value, 2))).toEqual([
      '12.50',
      '-0.05',
      '0.00',
      '1.00',
    ])
    expect(formatDecimal(-7n, 0)).toBe('-7')
  })
})
