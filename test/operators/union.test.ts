import { describe, expect, it } from 'vitest'
import type { Stream } from '../../engine/graph/index.ts'
import { int32, int64, schema, string } from '../../engine/schema/index.ts'
import { union } from '../../operators/index.ts'
import { results } from './orders.ts'
import { type Input, rows, streamOf } from './rows.ts'

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
