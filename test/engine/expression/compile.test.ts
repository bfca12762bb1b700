import { describe, expect, test } from 'vitest'
import { type Column, Dictionary, recordBatch } from '../../../engine/batch/index.ts'
import {
  caseWhen,
  coalesce,
  col,
  compileExpression,
  concat,
  decimalLiteral,
  failureError,
  lit,
  RowFailures,
} from '../../../engine/expression/index.ts'
import { decimal, int32, schema, string } from '../../../engine/schema/index.ts'
import { base, failure, one, orders } from './orders.ts'
import { batchOf, evaluated, valuesOf } from './support.ts'

describe('failures of single rows', () => {
  test('the failing row is null and named, the others are computed', () => {
    const rows = [base, { ...base, items: 0 }, { ...base, items: null }, { ...base, items: -2 }]
    const result = evaluated(col('views').div(col('items')), orders, rows)
    expect(result).toEqual({ values: [1n, null, null, -2n], failures: ['1: DIVISION_BY_ZERO'] })
  })

  test('a failure says what was expected and found', () => {
    const failures = new RowFailures()
    const expression = col('user_id').cast(int32())
    compileExpression(expression.node, orders).evaluate(batchOf(orders, [base]), failures)
    expect(failures.list()).toEqual([
      {
        row: 0,
        code: 'CAST_FAILED',
        expression: 'CAST(user_id AS int32)',
        expected: 'int32',
        found: "'u1'",
      },
    ])
    expect(failures.list().map((failed) => failureError(failed).message)).toEqual([
      "CAST_FAILED: CAST(user_id AS int32) has no value; expected int32; found 'u1'",
    ])
  })

  test('overflow of every exact type is a failure', () => {
    expect(failure(col('items').add(1), { items: 2147483647 })).toBe('0: ARITHMETIC_OVERFLOW')
    expect(failure(col('items').neg(), { items: -2147483648 })).toBe('0: ARITHMETIC_OVERFLOW')
    expect(failure(col('views').add(1), { views: 2n ** 63n - 1n })).toBe('0: ARITHMETIC_OVERFLOW')
    const nines = `${'9'.repeat(36)}.99`
    expect(failure(col('huge').add(1), { huge: nines })).toBe('0: ARITHMETIC_OVERFLOW')
    expect(one(col('huge').sub(1), { huge: nines })).toBe(`${'9'.repeat(35)}8.99`)
  })

  test('a branch or side that is not taken can not fail the row', () => {
    const safe = col('items')
      .ne(0)
      .and(col('views').div(col('items')).gt(1))
    expect(one(safe, { items: 0 })).toBe(false)
    const guarded = caseWhen([[col('items').ne(0), col('views').div(col('items'))]], -1)
    expect(one(guarded, { items: 0 })).toBe(-1n)
    expect(one(coalesce(col('views'), col('views').div(0)))).toBe(4n)
    expect(failure(coalesce(col('views').div(0), 1n))).toBe('0: DIVISION_BY_ZERO')
  })

  test('a failed row is never selected by a filter, even by IS NULL', () => {
    const compiled = compileExpression(col('views').div(col('items')).isNull().node, orders)
    const rows = [base, { ...base, items: 0 }, { ...base, items: null }]
    const failures = new RowFailures()
    const out = new Int32Array(3)
    expect(compiled.evaluateFilter(batchOf(orders, rows), out, failures)).toBe(1)
    expect(out[0]).toBe(2)
    expect(failures.count).toBe(1)
  })
})

describe('values', () => {
  test('decimals are exact and divide with rounding half away from zero', () => {
    expect(one(col('order_total').mul(decimalLiteral('1.19')))).toBe('14.8750')
    expect(one(col('order_total').div(3))).toBe('4.166667')
    expect(one(col('order_total').neg().div(3))).toBe('-4.166667')
    expect(one(col('order_total').mod(5))).toBe('2.50')
    expect(one(lit('0.1', decimal(2, 1)).add(lit('0.2', decimal(2, 1))))).toBe('0.3')
  })

  test('integers divide towards zero and the remainder has the sign of the dividend', () => {
    expect(one(col('items').div(2), { items: -7 })).toBe(-3)
    expect(one(col('items').mod(2), { items: -7 })).toBe(-1)
    expect(one(col('views').div(2n), { views: 2n ** 62n + 1n })).toBe(2n ** 61n)
  })

  test('floats follow IEEE 754; NaN is equal to itself and greater than all', () => {
    expect(one(col('score').div(0))).toBe(Number.POSITIVE_INFINITY)
    expect(one(col('score').eq(Number.NaN), { score: Number.NaN })).toBe(true)
    expect(one(col('score').gt(Number.POSITIVE_INFINITY), { score: Number.NaN })).toBe(true)
    expect(one(col('score').neg(), { score: 0 })).toBe(-0)
  })

  test('int64 beyond 2^53 compares exactly', () => {
    const views = 2n ** 53n
    expect(one(col('views').eq(2n ** 53n + 1n), { views })).toBe(false)
    expect(one(col('views').lt(2n ** 53n + 1n), { views })).toBe(true)
    expect(one(col('views').gt(1.5), { views: 2n })).toBe(true)
  })

  test('text orders by code points, not by UTF-16 units', () => {
    expect(one(col('user_id').lt('😀'), { user_id: '\uffee' })).toBe(true)
  })

  test('AND, OR and NOT follow three-valued logic', () => {
    const unknown = col<number>('items').gt(0)
    const row = { items: null }
    expect(one(unknown.and(false), row)).toBe(false)
    expect(one(unknown.and(true), row)).toBe(null)
    expect(one(unknown.or(true), row)).toBe(true)
    expect(one(unknown.or(false), row)).toBe(null)
    expect(one(unknown.not(), row)).toBe(null)
    expect(one(col('items').between(1, 3))).toBe(true)
    expect(one(col('items').in([1, 2]), row)).toBe(null)
  })

  test('structs and lists are reached into; outside of them is null', () => {
    expect(one(col('place').field('city'))).toBe('Berlin')
    expect(one(col('place').field('city'), { place: null })).toBe(null)
    expect(one(col('tags').element(-1))).toBe('b')
    expect(one(col('tags').element(2))).toBe(null)
    expect(one(col('tags').element(0), { tags: [] })).toBe(null)
    expect(one(col('tags').listLength(), { tags: null })).toBe(null)
    const rows = [base, { ...base, tags: null }, { ...base, tags: [] }, { ...base, tags: ['c'] }]
    expect(valuesOf(col('tags').element(0), orders, rows)).toEqual(['a', null, null, 'c'])
    expect(valuesOf(col('tags').listLength(), orders, rows)).toEqual([2, null, 0, 1])
  })

  test('a constant expression gives its value for every row of batches of any size', () => {
    const compiled = compileExpression(concat('a', lit('b')).node, orders)
    for (const count of [3, 1, 0, 1024]) {
      const batch = batchOf(orders, new Array(count).fill(base))
      expect(compiled.evaluate(batch, new RowFailures())).toMatchObject({ kind: 'plain' })
    }
  })
})

describe('dictionaries', () => {
  test('text functions run once per value, and follow a dictionary that grows', () => {
    const users = schema({ user_id: string().nullable() })
    const dictionary = new Dictionary()
    const upper = compileExpression(col('user_id').upper().node, users)
    const starts = compileExpression(col('user_id').startsWith('a').node, users)
    const evaluate = (texts: readonly (string | null)[]) => {
      const ids = Int32Array.from(texts, (t) => (t === null ? -1 : dictionary.internString(t)))
      const nulls = Uint8Array.from(texts, (t) => (t === null ? 1 : 0))
      const column: Column = { kind: 'dictionary', ids, dictionary, nulls }
      const times = new Float64Array(texts.length)
      const parts = { schema: users, eventTimes: times, watermarksBefore: times }
      const batch = recordBatch({ ...parts, columns: [column] })
      return [upper, starts].map((compiled) => compiled.evaluate(batch, new RowFailures()))
    }
    const [first] = evaluate(['ab', null, 'x', 'ab'])
    const many = Array.from({ length: 1000 }, (_, i) => `a${i}`)
    const [second, flags] = evaluate(many)
    expect(first).toMatchObject({ kind: 'dictionary', ids: Int32Array.of(0, -1, 1, 0) })
    if (second?.kind !== 'dictionary') throw new Error('a dictionary stays one')
    expect(second.dictionary.string(second.ids[999] ?? -1)).toBe('A999')
    expect(flags).toMatchObject({ values: new Uint8Array(1000).fill(1) })
  })
})
