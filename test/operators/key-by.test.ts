import { describe, expect, expectTypeOf, it } from 'vitest'
import { KeyedStream } from '../../engine/graph/index.ts'
import { keyBy, withPosition } from '../../operators/index.ts'
import { claimed, results, stream, three } from './orders.ts'
import { streamOf } from './rows.ts'

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
