import { describe, expect, expectTypeOf, it } from 'vitest'
import { col, lit } from '../../engine/expression/index.ts'
import { filter } from '../../operators/index.ts'
import { batch, deadLetters, ids, order, orders, results, stream, three } from './orders.ts'
import { rows, run, streamOf } from './rows.ts'

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
