import { delay, mergeMap, of, filter as rxFilter, map as rxMap, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { int32, list, schema, string } from '../../engine/schema/index.ts'
import { rx } from '../../operators/index.ts'
import { deadLetters, ids, orders, results, stream, three } from './orders.ts'
import { run } from './rows.ts'

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
