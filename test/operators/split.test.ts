import { describe, expect, expectTypeOf, it } from 'vitest'
import { col, lit } from '../../engine/expression/index.ts'
import { split } from '../../operators/index.ts'
import { batch, deadLetters, ids, order, results, stream, three } from './orders.ts'

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
