import { describe, expect, test } from 'vitest'
import { type Column, Dictionary, recordBatch } from '../../../engine/batch/index.ts'
import {
  type AnyExpr,
  caseWhen,
  coalesce,
  col,
  compileExpression,
  concat,
  decimalLiteral,
  describeExpression,
  type Expression,
  expressionType,
  lit,
  RowFailures,
  referencedColumns,
} from '../../../engine/expression/index.ts'
import { failureError } from '../../../engine/expression/row-failures.ts'
import {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  schema,
  string,
  struct,
  timestamp,
  typeName,
} from '../../../engine/schema/index.ts'
import { batchOf, evaluated, valuesOf } from './support.ts'

const orders = schema({
  order_total: decimal(10, 2),
  rate: decimal(20, 10).nullable(),
  huge: decimal(38, 2),
  items: int32().nullable(),
  views: int64(),
  score: float64(),
  user_id: string().nullable(),
  paid: bool(),
  event_time: timestamp(),
  day: date(),
  raw: bytes(),
  tags: list(string()).nullable(),
  place: struct({ city: string(), floor: int32().nullable() }).nullable(),
})

const base = {
  order_total: '12.50',
  rate: '0.5',
  huge: '1.00',
  items: 3,
  views: 4n,
  score: 1.5,
  user_id: 'u1',
  paid: true,
  event_time: 1_700_000_000_000_000,
  day: 19_000,
  raw: new Uint8Array([104, 105]),
  tags: ['a', 'b'],
  place: { city: 'Berlin', floor: null },
}

function typeOf(expression: AnyExpr): string {
  const { type, nullable } = expressionType(expression.node, orders)
  return nullable ? `${typeName(type)}?` : typeName(type)
}

function one(expression: AnyExpr, row: Readonly<Record<string, unknown>> = {}): unknown {
  return valuesOf(expression, orders, [{ ...base, ...row }])[0]
}

function failure(expression: AnyExpr, row: Readonly<Record<string, unknown>> = {}): string {
  return evaluated(expression, orders, [{ ...base, ...row }]).failures.join()
}

describe('result types', () => {
  test.each([
    [col('items').add(1), 'int32?'],
    [col('views').add(1), 'int64'],
    [col('items').mul(col('views')), 'int64?'],
    [col('score').mul(col('items')), 'float64?'],
    [col('order_total').add(col('order_total')), 'decimal(11,2)'],
    [col('order_total').add(col('rate')), 'decimal(21,10)?'],
    [col('order_total').mul(col('order_total')), 'decimal(21,4)'],
    [col('order_total').div(col('order_total')), 'decimal(23,13)'],
    [col('order_total').mod(col('rate')), 'decimal(18,10)?'],
    [col('huge').mul(col('rate')), 'decimal(38,6)?'],
    [col('huge').add(col('huge')), 'decimal(38,2)'],
    [col('order_total').mul(2), 'decimal(12,2)'],
    [col('order_total').mul(1.19), 'decimal(14,4)'],
    [col('order_total').add(col('items')), 'decimal(13,2)?'],
    [col('items').neg(), 'int32?'],
    [coalesce(col('items'), 0), 'int32'],
    [coalesce(col('items'), col('views')), 'int64'],
    [caseWhen([[col('paid'), col('items')]], col('order_total')), 'decimal(12,2)?'],
    [caseWhen([[col('paid'), 'yes']]), 'string?'],
    [col('order_total').tryCast(int32()), 'int32?'],
    [col('user_id').length(), 'int32?'],
    [col('tags').element(0), 'string?'],
    [col('place').field('floor'), 'int32?'],
    [col('event_time').since(col('event_time')), 'int64'],
  ])('%#: %o', (expression, expected) => {
    expect(typeOf(expression)).toBe(expected)
  })
})

describe('refusals name the operand, what is expected and what was found', () => {
  test.each([
    [
      col('user_id').add(1),
      /EXPRESSION_TYPE: user_id can not stand in user_id \+ 1; expected int32/,
    ],
    [
      col('order_total').add(col('score')),
      /EXPRESSION_TYPE: score .*found float64\. Cast one side/,
    ],
    [col('order_total').gt(col('score')), /EXPRESSION_TYPE: score .*comparable with decimal/],
    [col('event_time').add(1), /EXPRESSION_TYPE.*addMicros/],
    [col('tags').eq('a'), /EXPRESSION_TYPE/],
    [col('paid').and(col('items')), /EXPRESSION_TYPE: items .*expected bool; found int32/],
    [col('nothing').eq(1), /COLUMN_UNKNOWN: .*"nothing"/],
    [col('place').field('street'), /EXPRESSION_INVALID: .*city, floor.*"street"/],
    [col('user_id').regexMatches('('), /EXPRESSION_INVALID/],
    [col('user_id').regexMatches('a'.repeat(1001)), /EXPRESSION_INVALID.*1000.*1001/],
    [col('user_id').substring(0), /EXPRESSION_INVALID.*at least 1/],
    [col('raw').cast(int32()), /EXPRESSION_TYPE/],
    [coalesce(col('items'), 'x'), /EXPRESSION_TYPE/],
    [col('items').in([]), /EXPRESSION_INVALID/],
    [caseWhen([], 1), /EXPRESSION_INVALID/],
  ])('%#', (expression, message) => {
    expect(() => typeOf(expression)).toThrow(message)
  })

  test('a filter must be a bool', () => {
    const compiled = compileExpression(col('items').node, orders)
    const batch = batchOf(orders, [base])
    expect(() => compiled.evaluateFilter(batch, new Int32Array(1), new RowFailures())).toThrow(
      /EXPRESSION_TYPE/,
    )
  })

  test('an expression of thousands of levels is refused, not a stack overflow', () => {
    let deep = col<number>('items')
    for (let i = 0; i < 5000; i++) deep = deep.add(1)
    expect(() => typeOf(deep)).toThrow(/EXPRESSION_INVALID.*500 levels/)
  })
})

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

describe('casts', () => {
  test.each([
    [col('score').cast(int32()), 1],
    [col('order_total').cast(int64()), 12n],
    [col('order_total').cast(float64()), 12.5],
    [col('order_total').cast(decimal(4, 1)), '12.5'],
    [lit(0.125).cast(decimal(4, 2)), '0.13'],
    [lit('-1.005').cast(decimal(4, 2)), '-1.01'],
    [col('views').cast(string()), '4'],
    [col('order_total').cast(string()), '12.50'],
    [col('paid').cast(int32()), 1],
    [lit('TRUE').cast(bool()), true],
    [col('event_time').cast(string()), '2023-11-14T22:13:20.000Z'],
    [lit('2023-11-14T23:13:20.000001+01:00').cast(timestamp()), 1_700_000_000_000_001],
    [col('event_time').cast(date()), 19_675],
    [lit('2024-02-29').cast(date()), 19_782],
    [col('day').cast(string()), '2022-01-08'],
    [col('day').cast(timestamp()), 19_000 * 86_400_000_000],
    [col('event_time').cast(int64()), 1_700_000_000_000_000n],
    [col('raw').cast(string()), 'hi'],
    [lit('1e3').cast(float64()), 1000],
  ])('%#: %o', (expression, expected) => {
    expect(one(expression)).toEqual(expected)
  })

  test.each([
    [lit('2023-02-29').cast(date())],
    [lit('2023-02-28T10:00').cast(timestamp())],
    [lit(' 1').cast(int32())],
    [lit('').cast(float64())],
    [lit(3e9).cast(int32())],
    [lit(Number.NaN).cast(int64())],
    [lit(12345).cast(decimal(4, 0))],
    [lit(new Uint8Array([0xff])).cast(string())],
  ])('%#: a value that does not fit fails its row', (expression) => {
    expect(failure(expression)).toBe('0: CAST_FAILED')
  })

  test('tryCast gives null instead', () => {
    expect(one(col('user_id').tryCast(int32()))).toBe(null)
    expect(one(lit('2023-02-30').tryCast(date()))).toBe(null)
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

describe('plain data', () => {
  const rich = caseWhen(
    [[col('order_total').gt(10).and(col('user_id').like('u%')), lit(2n ** 60n)]],
    col('views'),
  )

  test('an expression survives JSON, with wide integers, bytes and odd floats', () => {
    const odd = col('raw')
      .eq(new Uint8Array([1, 255]))
      .or(col('score').eq(Number.NaN))
    for (const expression of [rich, odd]) {
      const copy: Expression = JSON.parse(JSON.stringify(expression.node))
      expect(copy).toEqual(expression.node)
      const batch = batchOf(orders, [base, { ...base, order_total: '1.00' }])
      const results = [copy, expression.node].map((node) =>
        compileExpression(node, orders).evaluate(batch, new RowFailures()),
      )
      expect(results[0]).toEqual(results[1])
    }
  })

  test('columns are listed once, in order of appearance', () => {
    expect(referencedColumns(rich.node)).toEqual(['order_total', 'user_id', 'views'])
  })

  test('the text reads like SQL', () => {
    expect(describeExpression(rich.node)).toBe(
      "CASE WHEN (order_total > 10) AND (user_id LIKE 'u%') THEN 1152921504606846976 ELSE views END",
    )
    expect(describeExpression(col('a').mul(2).add(1).node)).toBe('(a * 2) + 1')
    expect(describeExpression(col('t').truncate('day', 'Europe/Berlin').node)).toBe(
      "TRUNCATE(t TO DAY, 'Europe/Berlin')",
    )
    expect(describeExpression(col('x').isNotNull().node)).toBe('x IS NOT NULL')
  })

  test('damaged literals are refused', () => {
    const damaged: Expression = {
      kind: 'literal',
      type: { kind: 'int64' },
      value: { integer: 'x' },
    }
    expect(() => expressionType(damaged, orders)).toThrow(/LITERAL_TYPE/)
    expect(() => lit('1.234', decimal(4, 2))).toThrow(/LITERAL_TYPE/)
    expect(() => lit(2n ** 63n)).toThrow(/LITERAL_TYPE/)
  })
})
