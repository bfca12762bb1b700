import { describe, expect, it } from 'vitest'
import { int32, schema, string } from '../../engine/schema/index.ts'
import { flatMap } from '../../operators/index.ts'
import { deadLetters, ids, results, stream, three } from './orders.ts'
import { run } from './rows.ts'

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
