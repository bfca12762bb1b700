import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal, float64, schema, string, timestamp } from '../../engine/schema/index.ts'
import { count, countDistinct, keyBy, max, runningAggregate, sum } from '../../operators/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

const orders = schema({
  user: string(),
  shop: string().nullable(),
  total: decimal(10, 2),
  at: timestamp(),
})

const stream = streamOf(orders)
const running = stream.pipe(
  keyBy('user'),
  runningAggregate({ orders: count(), spend: sum('total'), shops: countDistinct('shop') }),
)

function order(user: string, at: number, total = '1.00', shop: string | null = 's'): Row {
  return { user, at, total, shop }
}

function batch(data: readonly Row[], watermarkBefore?: number): Input {
  const options = { time: 'at', ...(watermarkBefore === undefined ? {} : { watermarkBefore }) }
  return { batch: rows(orders, data, options) }
}

describe('runningAggregate', () => {
  it('sends an insert for a new key, then the result before and after each row', () => {
    const inputs = [
      batch([
        order('a', 1, '1.50'),
        order('b', 1),
        order('a', 2, '2.00', 't'),
        order('a', 3, '0.25', null),
      ]),
    ]
    everyWay(running, inputs, (harness, way) => {
      expect(harness.rows(), way).toEqual([
        { op: '+I', user: 'a', orders: 1n, spend: '1.50', shops: 1n },
        { op: '+I', user: 'b', orders: 1n, spend: '1.00', shops: 1n },
        { op: '-U', user: 'a', orders: 1n, spend: '1.50', shops: 1n },
        { op: '+U', user: 'a', orders: 2n, spend: '3.50', shops: 2n },
        { op: '-U', user: 'a', orders: 2n, spend: '3.50', shops: 2n },
        { op: '+U', user: 'a', orders: 3n, spend: '3.75', shops: 2n },
      ])
    })
  })

  it('gives rows the time and watermark of the record that changed them', () => {
    const { sent } = run(running, [batch([order('a', 5), order('a', 7)], 3)])
    expect(sent[0]).toMatchObject({
      batch: { eventTimes: Float64Array.of(5, 7, 7), watermarksBefore: Float64Array.of(3, 3, 3) },
    })
  })

  it('cuts the changes of a full batch into batches of whole pairs', () => {
    const data = Array.from({ length: 1024 }, (_, i) => order('a', i))
    const { sent } = run(running, [batch(data)])
    const lengths = sent.flatMap((each) => (each.kind === 'batch' ? [each.batch.length] : []))
    expect(lengths).toEqual([1023, 1024])
  })

  it('begins a key anew once the watermark passed its last row by the ttl', () => {
    const short = stream.pipe(
      keyBy('user'),
      runningAggregate({ orders: count() }, { ttl: '1ms', name: 'short' }),
    )
    const inputs: Input[] = [
      batch([order('a', 0), order('b', 900)]),
      { watermark: 1500 },
      'barrier',
      batch([order('a', 1600), order('b', 1600)], 1500),
    ]
    everyWay(short, inputs, (harness, way) => {
      expect(harness.rows().slice(2), way).toEqual([
        { op: '+I', user: 'a', orders: 1n },
        { op: '-U', user: 'b', orders: 1n },
        { op: '+U', user: 'b', orders: 2n },
      ])
    })
    const forgotten = run(short, [...inputs, { watermark: 10_000 }, 'barrier'])
    expect(forgotten.tables.map((table) => table.rows)).toEqual([0, 0])
    expect(forgotten.stored('running').size).toBe(0)
  })

  it('gives the changes of a naive recomputation for any history', () => {
    const values = schema({ user: string(), x: float64().nullable(), at: timestamp() })
    const step = streamOf(values).pipe(
      keyBy('user'),
      runningAggregate({ n: count('x'), top: max('x'), total: sum('x') }),
    )
    const row = fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.option(fc.integer({ min: -99, max: 99 }), { nil: null }),
    )
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 4 }), (batches) => {
        const inputs = batches.map((data): Input => {
          const given = data.map(([user, x]) => ({ user, x, at: 0 }))
          return { batch: rows(values, given, { time: 'at' }) }
        })
        const seen = new Map<string, (number | null)[]>()
        const result = (user: string) => {
          const found = (seen.get(user) ?? []).filter((x) => x !== null)
          return {
            user,
            n: BigInt(found.length),
            top: found.length === 0 ? null : Math.max(...found),
            total: found.length === 0 ? null : found.reduce((a, b) => a + b, 0),
          }
        }
        const expected = batches.flat().flatMap(([user, x]) => {
          const before = seen.has(user) ? [{ op: '-U', ...result(user) }] : []
          seen.set(user, [...(seen.get(user) ?? []), x])
          const op = before.length === 0 ? '+I' : '+U'
          return [...before, { op, ...result(user) }]
        })
        everyWay(step, inputs, (harness, way) => {
          expect(harness.rows(), way).toEqual(expected)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('refuses a changelog and a result with the name of a key', () => {
    const changing = streamOf(orders, { isChangelog: true }).pipe(keyBy('user'))
    expect(() => changing.pipe(runningAggregate({ n: count() }))).toThrow('CHANGELOG_INPUT')
    const keyed = stream.pipe(keyBy('user'))
    expect(() => keyed.pipe(runningAggregate({ user: count() }))).toThrow('AGGREGATE_COLUMNS')
  })
})
