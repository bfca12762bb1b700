import { describe, expect, expectTypeOf, it } from 'vitest'
import { col, lit } from '../../engine/expression/index.ts'
import type { Stream } from '../../engine/graph/index.ts'
import { float64, int32, schema, string } from '../../engine/schema/index.ts'
import { map } from '../../operators/index.ts'
import { deadLetters, ids, orders, results, stream, three } from './orders.ts'
import { run, streamOf } from './rows.ts'

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
