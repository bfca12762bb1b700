import { describe, expect, expectTypeOf, it } from 'vitest'
import { caseWhen, col } from '../../engine/expression/index.ts'
import type { Stream } from '../../engine/graph/index.ts'
import { rename, select, withColumns } from '../../operators/index.ts'
import { claimed, order, results, stream, three } from './orders.ts'
import { rows, streamOf } from './rows.ts'

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
