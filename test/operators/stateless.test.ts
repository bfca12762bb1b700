import { delay, mergeMap, of, filter as rxFilter, map as rxMap, timer } from 'rxjs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { errorCode } from '../../engine/errors.ts'
import { caseWhen, col, lit } from '../../engine/expression/index.ts'
import { KeyedStream, type Stream } from '../../engine/graph/index.ts'
import {
  decimal,
  float64,
  int32,
  int64,
  list,
  schema,
  schemaOf,
  string,
  timestamp,
} from '../../engine/schema/index.ts'
import {
  filter,
  flatMap,
  keyBy,
  map,
  rename,
  rx,
  select,
  split,
  union,
  withColumns,
  withPosition,
} from '../../operators/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

const orders = schema({
  id: string(),
  user: string().nullable(),
  count: int32(),
  total: decimal(10, 2),
  at: timestamp(),
})

const order = (id: string, count: number, total = '1.00', user: string | null = 'u'): Row => ({
  id,
  user,
  count,
  total,
  at: count * 10,
})

const batch = (...data: readonly Row[]): Input => ({
  batch: rows(orders, data, { time: 'at', partition: 3, firstOffset: 100 }),
})

const stream = streamOf(orders)
const three = [batch(order('a', 1), order('b', 2), order('c', 3))]

/** What arrives when a step runs over the inputs, in every way of cutting. */
function results(result: Stream<unknown>, inputs: readonly Input[], port = 0): Row[] {
  const ways: { rows: Row[]; dead: unknown[] }[] = []
  everyWay(result, inputs, (harness) => {
    const dead = harness.deadLetters.map(({ row, error }) => [row.id, errorCode(error)])
    ways.push({ rows: harness.rows(port), dead })
  })
  for (const way of ways) expect(way).toEqual(ways[0])
  return ways[0]?.rows ?? []
}

/** Ids and codes of the dead letters. */
function deadLetters(result: Stream<unknown>, inputs: readonly Input[]): unknown[] {
  return run(result, inputs).deadLetters.map(({ row, error }) => [row.id, errorCode(error)])
}

/** Its type has a column that it has not: what JavaScript, or a cast, may bring along. */
const claimed = schemaOf<{ readonly a: number; readonly c: number }>(
  schema({ a: int32(), b: int32() }).fields,
)

const ids = (found: readonly Row[]) => found.map((row) => row.id)

describe('filter', () => {
  it('keeps the rows for which an expression is true', () => {
    expect(ids(results(stream.pipe(filter(col('count').ge(2))), three))).toEqual(['b', 'c'])
  })

  it('keeps no row for which the expression is null', () => {
    const nobody = [batch(order('a', 1, '1.00', null), order('b', 1))]
    expect(ids(results(stream.pipe(filter(col('user').ne('x'))), nobody))).toEqual(['b'])
  })

  it('keeps the rows for which a function is true, and knows their type', () => {
    const odd = stream.pipe(filter((row) => row.count % 2 === 1))
    expectTypeOf(odd).toEqualTypeOf<typeof stream>()
    expect(ids(results(odd, three))).toEqual(['a', 'c'])
  })

  it('makes a dead letter of a row on which it throws, and of no other', () => {
    const throwing = stream.pipe(
      filter((row) => {
        if (row.id === 'b') throw new Error('no b')
        return true
      }),
    )
    expect(ids(results(throwing, three))).toEqual(['a', 'c'])
    expect(deadLetters(throwing, three)).toEqual([['b', 'UNKNOWN']])
    const dividing = stream.pipe(filter(lit(6).div(col<number>('count').sub(2)).ne(0)))
    expect(ids(results(dividing, three))).toEqual(['a', 'c'])
    expect(deadLetters(dividing, three)).toEqual([['b', 'DIVISION_BY_ZERO']])
  })

  it('keeps event time, watermark and position', () => {
    const { sent } = run(stream.pipe(filter(col('id').eq('b'))), three)
    expect(sent[0]).toMatchObject({
      batch: { eventTimes: Float64Array.of(20), source: { offsets: Float64Array.of(101) } },
    })
  })

  it('deletes a row of a changelog whose update no longer passes', () => {
    const changing = streamOf(orders, { isChangelog: true, keys: ['id'] })
    const data = [order('a', 5), order('a', 5), order('a', 1), order('b', 1)]
    const input = rows(orders, data, { ops: ['+I', '-U', '+U', '+I'] })
    const kept = changing.pipe(filter(col('count').gt(2)))
    const ops = results(kept, [{ batch: input }]).map((row) => [row.op, row.id, row.count])
    expect(ops).toEqual([
      ['+I', 'a', 5],
      ['-U', 'a', 5],
      ['-D', 'a', 1],
    ])
    expect(kept.output).toMatchObject({ isChangelog: true, keys: ['id'] })
  })

  it('refuses an expression that is no condition, and unknown columns', () => {
    expect(() => stream.pipe(filter(col('count')))).toThrow('EXPRESSION_TYPE')
    expect(() => stream.pipe(filter(col('nothing').gt(1)))).toThrow('COLUMN_UNKNOWN')
  })
})

describe('map', () => {
  it('computes columns by expressions', () => {
    const mapped = stream.pipe(map({ key: col('id'), double: col('count').mul(2) }))
    expect(results(mapped, three)).toEqual([
      { key: 'a', double: 2 },
      { key: 'b', double: 4 },
      { key: 'c', double: 6 },
    ])
    expect(mapped.reference.operator.preserves).toEqual([])
  })

  it('makes a dead letter of a row that an expression fails on, once', () => {
    const failing = stream.pipe(
      map({
        id: col('id'),
        x: lit(1).div(col<number>('count').sub(2)),
        y: lit(1).mod(col<number>('count').sub(2)),
      }),
    )
    expect(ids(results(failing, three))).toEqual(['a', 'c'])
    expect(deadLetters(failing, three)).toEqual([['b', 'DIVISION_BY_ZERO']])
  })

  it('knows which keys of a changelog leave unchanged', () => {
    const changing = streamOf(orders, {
      isChangelog: true,
      keys: ['id', 'at'],
      settledAfterMicros: 9,
    })
    const renamed = changing.pipe(map({ key: col('id'), at: col('at') }))
    expect(renamed.output).toMatchObject({ isChangelog: true, keys: ['key', 'at'] })
    expect(renamed.output.settledAfterMicros).toBe(9)
    expect(changing.pipe(map({ at: col('at') })).output.keys).toBeUndefined()
    expect(renamed.reference.operator.preserves).toEqual(['at'])
  })

  it('maps by a function into a schema, and keeps time and position', () => {
    const short = schema({ id: string(), cost: float64() })
    const mapped = stream.pipe(map(short, (row) => ({ id: row.id, cost: Number(row.total) })))
    expectTypeOf(mapped).toEqualTypeOf<Stream<{ readonly id: string; readonly cost: number }>>()
    expect(results(mapped, three)[1]).toEqual({ id: 'b', cost: 1 })
    expect(run(mapped, three).sent[0]).toMatchObject({
      batch: {
        eventTimes: Float64Array.of(10, 20, 30),
        source: { partition: 3, offsets: Float64Array.of(100, 101, 102) },
      },
    })
  })

  it('makes a dead letter of a row whose result does not fit the schema', () => {
    const short = schema({ id: string(), count: int32() })
    const mapped = stream.pipe(
      map(short, (row) => ({ id: row.id, count: row.count === 2 ? 2 ** 40 : row.count })),
    )
    expect(ids(results(mapped, three))).toEqual(['a', 'c'])
    expect(deadLetters(mapped, three)).toEqual([['b', 'VALUE_TYPE']])
  })

  it('refuses a changelog for a function, which can not know what a row replaces', () => {
    const changing = streamOf(orders, { isChangelog: true })
    expect(() => changing.pipe(map(orders, (row) => row))).toThrow('CHANGELOG_INPUT')
  })
})

describe('flatMap', () => {
  const item = schema({ id: string(), n: int32() })
  const copies = stream.pipe(
    flatMap(item, (row) => Array.from({ length: row.count - 1 }, (_, n) => ({ id: row.id, n }))),
  )

  it('makes none, one or several rows of one, at its time', () => {
    expect(results(copies, three)).toEqual([
      { id: 'b', n: 0 },
      { id: 'c', n: 0 },
      { id: 'c', n: 1 },
    ])
    const { sent } = run(copies, three)
    expect(sent[0]).toMatchObject({ batch: { eventTimes: Float64Array.of(20, 30, 30) } })
  })

  it('lets nothing leave of a row one of whose results does not fit', () => {
    const half = stream.pipe(
      flatMap(item, (row) => [
        { id: row.id, n: 1 },
        { id: row.id, n: row.id === 'b' ? 0.5 : 2 },
      ]),
    )
    expect(ids(results(half, three))).toEqual(['a', 'a', 'c', 'c'])
    expect(deadLetters(half, three)).toEqual([['b', 'VALUE_TYPE']])
  })

  it('cuts what one batch becomes into batches that are not too long', () => {
    const many = stream.pipe(
      flatMap(item, (row) => Array.from({ length: 900 }, (_, n) => ({ id: row.id, n }))),
    )
    const { sent } = run(many, three)
    const lengths = sent.flatMap((each) => (each.kind === 'batch' ? [each.batch.length] : []))
    expect(lengths).toEqual([1024, 1024, 652])
  })
})

describe('select, rename, withColumns', () => {
  it('keeps and names columns, and says which leave unchanged', () => {
    const short = stream.pipe(select('count', 'id'))
    expectTypeOf(short).toEqualTypeOf<Stream<{ readonly count: number; readonly id: string }>>()
    expect(Object.keys(results(short, three)[0] ?? {})).toEqual(['count', 'id'])
    const renamed = short.pipe(rename({ count: 'n' }))
    expect(results(renamed, [{ batch: rows(short.schema, [{ count: 1, id: 'a' }]) }])).toEqual([
      { n: 1, id: 'a' },
    ])
    expect(renamed.reference.operator.preserves).toEqual(['id'])
    expect(short.reference.operator.preserves).toEqual(['count', 'id'])
  })

  it('adds columns to those there are, or in their place', () => {
    const more = stream.pipe(
      withColumns({
        count: col('count').add(1),
        size: caseWhen([[col('count').gt(2), 'large']], 'small'),
      }),
    )
    expect(results(more, three)[2]).toEqual({ ...order('c', 3), count: 4, size: 'large' })
    expect(more.reference.operator.preserves).toEqual(['id', 'user', 'total', 'at'])
  })

  it('refuses unknown columns and two of one name', () => {
    const loose = streamOf(claimed)
    expect(() => loose.pipe(select('c'))).toThrow('COLUMN_UNKNOWN')
    expect(() => loose.pipe(rename({ c: 'd' }))).toThrow('COLUMN_UNKNOWN')
    expect(() => loose.pipe(rename({ a: 'b' }))).toThrow('SCHEMA_INVALID')
  })
})

describe('split', () => {
  const parts = stream.pipe(
    split({ one: col('count').eq(1), high: (row) => row.count > 1 && row.id !== 'x' }),
  )

  it('sends each row to the first output whose condition is true, or to rest', () => {
    expectTypeOf(parts.high).toEqualTypeOf<typeof stream>()
    const inputs = [...three, batch(order('x', 7))]
    expect([0, 1, 2].map((port) => ids(results(parts.one, inputs, port)))).toEqual([
      ['a'],
      ['b', 'c'],
      ['x'],
    ])
    expect([parts.one, parts.high, parts.rest].map((part) => part.output.name)).toEqual([
      'one',
      'high',
      'rest',
    ])
  })

  it('sends a row that a condition fails on nowhere', () => {
    const failing = stream.pipe(
      split({ zero: lit(1).div(col<number>('count').sub(2)).gt(100), all: () => false }),
    )
    expect(ids(results(failing.rest, three, 2))).toEqual(['a', 'c'])
    expect(deadLetters(failing.rest, three)).toEqual([['b', 'DIVISION_BY_ZERO']])
  })

  it('refuses no outputs, and one called rest', () => {
    expect(() => stream.pipe(split({}))).toThrow('SPLIT_NAMES')
    expect(() => stream.pipe(split({ rest: col('count').eq(1) }))).toThrow('SPLIT_NAMES')
  })
})

describe('union', () => {
  it('gives the rows of all inputs under one schema, columns by name', () => {
    const left = streamOf(schema({ id: string(), n: int32().nullable() }))
    const right = streamOf(schema({ n: int32(), id: string() }))
    const both = left.pipe(union<{ id: string; n: number | null }>(right))
    const inputs: Input[] = [
      { batch: rows(left.schema, [{ id: 'a', n: null }]) },
      { batch: rows(right.schema, [{ n: 1, id: 'b' }]), port: 1 },
    ]
    expect(results(both, inputs)).toEqual([
      { id: 'a', n: null },
      { id: 'b', n: 1 },
    ])
    expect(both.schema.fields.map((field) => field.nullable)).toEqual([false, true])
    const reversed = right.pipe(union<{ id: string; n: number | null }>(left))
    expect(reversed.schema.fields.map((field) => field.nullable)).toEqual([true, false])
  })

  it('refuses columns that differ', () => {
    const one = streamOf(schema({ id: string() }))
    const other: Stream<{ readonly id: string }> = streamOf(schema({ id: string(), n: int64() }))
    expect(() => one.pipe(union(other))).toThrow('UNION_COLUMNS')
  })
})

describe('keyBy and withPosition', () => {
  it('names the columns by which state is kept, and refuses unknown ones', () => {
    const keyed = stream.pipe(keyBy('user', 'id'))
    expectTypeOf(keyed).toExtend<KeyedStream<'user' | 'id', unknown>>()
    expect(keyed).toBeInstanceOf(KeyedStream)
    expect(keyed.keys).toEqual(['user', 'id'])
    const loose = streamOf(claimed)
    expect(() => loose.pipe(keyBy('c'))).toThrow('COLUMN_UNKNOWN')
  })

  it('adds partition and offset of each record', () => {
    const placed = results(stream.pipe(withPosition()), three)
    expect(placed.map((row) => [row._partition, row._offset])).toEqual([
      [3, 100n],
      [3, 101n],
      [3, 102n],
    ])
  })
})

describe('rx', () => {
  const out = schema({ id: string(), parts: list(int32()) })

  it('applies an RxJS operator to each row', () => {
    const result = stream.pipe(
      rx(
        (each) =>
          each.pipe(
            rxFilter((row) => row.count !== 2),
            mergeMap((row) => of(row, row)),
            rxMap((row, index) => ({ id: row.id, parts: [index] })),
          ),
        { schema: out },
      ),
    )
    expect(results(result, three)).toEqual([
      { id: 'a', parts: [0] },
      { id: 'a', parts: [1] },
      { id: 'c', parts: [0] },
      { id: 'c', parts: [1] },
    ])
  })

  it('makes a dead letter of a row on which it fails', () => {
    const result = stream.pipe(
      rx(
        (each) =>
          each.pipe(
            rxMap((row) => {
              if (row.id === 'b') throw new Error('no b')
              return { id: row.id, parts: [] }
            }),
          ),
        { schema: out },
      ),
    )
    expect(ids(results(result, three))).toEqual(['a', 'c'])
    expect(deadLetters(result, three)).toEqual([['b', 'UNKNOWN']])
  })

  it('stops the job when it does not complete within the record', () => {
    const late = stream.pipe(rx((each) => each.pipe(delay(1)), { schema: orders }))
    expect(() => run(late, three)).toThrow('RX_NOT_SYNCHRONOUS')
    const never = stream.pipe(
      rx((each) => each.pipe(mergeMap((row) => timer(0, 1).pipe(rxMap(() => row)))), {
        schema: orders,
      }),
    )
    expect(() => run(never, three)).toThrow('RX_NOT_SYNCHRONOUS')
  })
})
