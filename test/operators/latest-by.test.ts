import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bool, int32, int64, schema, string, timestamp } from '../../engine/schema/index.ts'
import { latestBy } from '../../operators/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

const features = schema({ user: string(), end: timestamp().nullable(), orders: int32() })

const latest = (options: { ttlMicros?: number } = {}) =>
  streamOf(features, { keys: ['user', 'end'] }).pipe(
    latestBy({ by: ['user'], order: 'end', ...options }),
  )

function feature(user: string, end: number | null, orders: number): Row {
  return { user, end, orders }
}

function batch(data: readonly Row[], watermarkBefore?: number): Input {
  const options = { time: 'end', ...(watermarkBefore === undefined ? {} : { watermarkBefore }) }
  return { batch: rows(features, data, options) }
}

/** Applies upserts and deletes by user. */
function table(changes: readonly Row[]): Row[] {
  const view = new Map<unknown, Row>()
  for (const { op, ...row } of changes) {
    if (op === '-D') view.delete(row.user)
    else view.set(row.user, row)
  }
  return byUser(view)
}

function byUser(view: ReadonlyMap<unknown, Row>): Row[] {
  return [...view.values()].sort((a, b) => String(a.user).localeCompare(String(b.user)))
}

describe('latestBy', () => {
  it('lets the newest row of each key leave at the barrier, in the order of arrival', () => {
    const harness = run(latest(), [
      batch([feature('a', 10, 1), feature('b', 10, 1), feature('a', 20, 2)]),
      batch([feature('c', 20, 1)]),
      'barrier',
    ])
    expect(harness.rows()).toEqual([
      { op: '+I', user: 'b', end: 10, orders: 1 },
      { op: '+I', user: 'a', end: 20, orders: 2 },
      { op: '+I', user: 'c', end: 20, orders: 1 },
    ])
  })

  it('sends nothing before the barrier, and what is left at the end', () => {
    const harness = run(latest(), [batch([feature('a', 10, 1)])], (running) => {
      expect(running.rows()).toEqual([])
    })
    expect(harness.rows()).toHaveLength(1)
  })

  it('never lets an older row leave, and of equal ones the last', () => {
    const inputs: Input[] = [
      batch([feature('a', 20, 1)]),
      'barrier',
      batch([feature('a', 10, 2), feature('a', 20, 3), feature('a', 19, 4)]),
      'barrier',
      batch([feature('a', 19, 5)]),
    ]
    everyWay(latest(), inputs, (harness, way) => {
      const sent = harness.rows()
      expect(sent.at(-1), way).toMatchObject({ end: 20, orders: 3 })
      expect(
        sent.map((row) => row.end),
        way,
      ).toEqual(sent.map(() => 20))
    })
  })

  it('calls the first row of a key an insert and later ones updates, across restarts', () => {
    const inputs = [10, 20, 30].flatMap((end): Input[] => [
      batch([feature('a', end, end)]),
      'barrier',
    ])
    everyWay(latest(), inputs, (harness, way) => {
      expect(
        harness.rows().map((row) => row.op),
        way,
      ).toEqual(['+I', '+U', '+U'])
    })
  })

  it('takes null and NaN as older than everything', () => {
    const inputs = [batch([feature('a', null, 1), feature('a', null, 2), feature('b', null, 3)])]
    everyWay(
      latest(),
      [...inputs, batch([feature('b', 5, 4), feature('b', null, 5)])],
      (harness) => {
        expect(table(harness.rows())).toEqual([feature('a', null, 2), feature('b', 5, 4)])
      },
    )
  })

  it('lets a delete leave, leaves out what a row was before an update, and forgets neither', () => {
    const changed = rows(
      features,
      [feature('a', 10, 1), feature('b', 10, 1), feature('b', 10, 2), feature('a', 10, 1)],
      { time: 'end', ops: ['+I', '-U', '+U', '-D'] },
    )
    everyWay(latest(), [{ batch: changed }, batch([feature('a', 9, 9)])], (harness) => {
      expect(table(harness.rows())).toEqual([feature('b', 10, 2)])
    })
  })

  it('forgets a key once the watermark left its newest row behind by the ttl', () => {
    const inputs: Input[] = [
      batch([feature('a', 100, 1), feature('b', 900, 1)]),
      { watermark: 1000 },
      'barrier',
      'barrier',
    ]
    const harness = run(latest({ ttlMicros: 500 }), inputs, () => undefined)
    expect(harness.stored('keys').size).toBe(2)
    expect([...harness.stored('newest').keys()]).toEqual(['0000000000000001'])
    expect(harness.tables.map((each) => each.rows)).toEqual([1, 1])
  })

  it('drops and counts rows that are older than the ttl already, so that none comes back', () => {
    const inputs: Input[] = [
      batch([feature('a', 100, 1)]),
      { watermark: 1000 },
      'barrier',
      batch([feature('a', 50, 2), feature('c', 600, 3)], 1000),
    ]
    everyWay(latest({ ttlMicros: 500 }), inputs, (harness, way) => {
      expect(table(harness.rows()), way).toEqual([feature('a', 100, 1), feature('c', 600, 3)])
      expect(harness.counts.get('expired'), way).toBe(1)
    })
  })

  it('keeps memory by keys, not by rows of an epoch', () => {
    const inputs = Array.from({ length: 200 }, (_, i) =>
      batch(Array.from({ length: 500 }, (_, k) => feature(`u${k % 50}`, i, k))),
    )
    const harness = run(latest(), [...inputs, 'barrier'])
    expect(harness.rows()).toHaveLength(50)
    expect(table(harness.rows()).every((row) => row.end === 199)).toBe(true)
  })

  it('gives the newest row per key of any history, however it is cut', () => {
    const row = fc.record(
      {
        user: fc.constantFrom('a', 'b', 'c'),
        end: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
        orders: fc.integer({ min: 0, max: 9 }),
      },
      { noNullPrototype: true },
    )
    const epochs = fc.array(fc.array(row, { maxLength: 6 }), { maxLength: 5 })
    fc.assert(
      fc.property(epochs, (history) => {
        const inputs = history.flatMap((data): Input[] => [batch(data), 'barrier'])
        const newest = new Map<string, Row & { end: number | null }>()
        for (const each of history.flat()) {
          const before = newest.get(each.user)
          const isOlder = before !== undefined && (each.end ?? -1) < (before.end ?? -1)
          if (!isOlder) newest.set(each.user, each)
        }
        const expected = byUser(newest)
        everyWay(latest(), inputs, (harness, way) => {
          expect(table(harness.rows()), way).toEqual(expected)
        })
      }),
      { numRuns: 60 },
    )
  })

  it('orders by integers exactly and stops where it could not', () => {
    const numbered = schema({ id: string(), version: int64() })
    const stream = streamOf(numbered).pipe(latestBy({ by: ['id'], order: 'version' }))
    const largest = 2n ** 53n - 1n
    const data = [largest, largest - 1n].map((version) => ({ id: 'x', version }))
    expect(run(stream, [{ batch: rows(numbered, data) }]).rows()).toEqual([
      { op: '+I', id: 'x', version: largest },
    ])
    const beyond = rows(numbered, [{ id: 'x', version: 2n ** 53n + 1n }])
    expect(() => run(stream, [{ batch: beyond }])).toThrow('ORDER_RANGE')
  })

  it('refuses columns that have no order, and unknown ones', () => {
    const flags = streamOf(schema({ id: string(), flag: bool() }))
    expect(() => flags.pipe(latestBy({ by: ['id'], order: 'flag' }))).toThrow('ORDER_TYPE')
    expect(() => flags.pipe(latestBy({ by: ['nobody'], order: 'flag' }))).toThrow('COLUMN_UNKNOWN')
  })

  it('asks for total order only where equal rows may come from several channels', () => {
    const { operator } = latest().reference
    expect(operator.order).toBe('input')
    const raw = streamOf(features).pipe(latestBy({ by: ['user'], order: 'end' }))
    expect(raw.reference.operator.order).toBe('total')
  })
})
