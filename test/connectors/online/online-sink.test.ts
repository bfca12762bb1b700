import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { promoteView } from '../../../connectors/online/index.ts'
import { batchOfRows, Change } from '../../../engine/batch/index.ts'
import { schema, string, timestamp } from '../../../engine/schema/index.ts'
import { type FeatureRow, featureBatch, minuteMicros, TestStore } from './online-fixture.ts'

const bulky = schema({ user_id: string(), window_end: timestamp(), note: string() })
const key = (user: string) => ({ user_id: user })

function orders(store: TestStore, user: string): unknown {
  return store.reader().get('user_fraud_5m', key(user)).values?.orders
}

describe('a row', () => {
  test('is read back whole, with who wrote it and when', async () => {
    const store = new TestStore()
    const sink = store.sink()
    sink.write(featureBatch([{ user: 'ann', end: 5 * minuteMicros, orders: 7, spend: '12.50' }]))
    store.clock.nowMs = 6 * 60_000
    await store.commit(sink, 41)
    store.clock.nowMs = 7 * 60_000
    expect(store.reader().get('user_fraud_5m', key('ann'))).toEqual({
      status: 'present',
      values: { user_id: 'ann', window_end: 5 * minuteMicros, orders: 7n, spend: '12.50' },
      eventTime: 5 * minuteMicros - 1000,
      knownTime: 6 * minuteMicros,
      epoch: 41,
      ageMs: 2 * 60_000,
      readClock: 'wall',
    })
  })

  test('of a very long entity key is found, and not mistaken for its neighbour', async () => {
    const store = new TestStore()
    const sink = store.sink()
    const long = 'x'.repeat(5000)
    const rows = [`${long}1`, `${long}2`].map((user, i) => ({ user, end: 0, orders: i + 1 }))
    sink.write(featureBatch(rows))
    await store.commit(sink, 1)
    expect(orders(store, `${long}1`)).toBe(1n)
    expect(orders(store, `${long}2`)).toBe(2n)
    expect(orders(store, long)).toBeUndefined()
  })

  test('is invisible until its epoch is committed', async () => {
    const store = new TestStore()
    const sink = store.sink()
    await store.commit(sink, 1)
    sink.write(featureBatch([{ user: 'ann', end: 0, orders: 1 }]))
    expect(orders(store, 'ann')).toBeUndefined()
    await store.commit(sink, 2)
    expect(orders(store, 'ann')).toBe(1n)
  })
})

describe('the newest row', () => {
  test('wins within one batch in descending order', async () => {
    const store = new TestStore()
    const sink = store.sink()
    const rows = [9, 8, 7, 3].map((end) => ({ user: 'ann', end: end * minuteMicros, orders: end }))
    sink.write(featureBatch(rows))
    await store.commit(sink, 1)
    expect(orders(store, 'ann')).toBe(9n)
  })

  test('of one window is the last one written', async () => {
    const store = new TestStore()
    const sink = store.sink()
    sink.write(featureBatch([1, 2, 3].map((n) => ({ user: 'ann', end: 0, orders: n }))))
    await store.commit(sink, 1)
    expect(orders(store, 'ann')).toBe(3n)
    sink.write(featureBatch([{ user: 'ann', end: 0, orders: 4 }]))
    await store.commit(sink, 2)
    expect(orders(store, 'ann')).toBe(4n)
  })

  test('stays, whatever the order in which epochs of a history arrive and repeat', async () => {
    const row = fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      step: fc.integer({ min: 0, max: 2 }),
    })
    const epochs = fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 6,
    })
    const arrivals = fc.infiniteStream(fc.nat())
    await fc.assert(
      fc.asyncProperty(epochs, arrivals, async (history, chance) => {
        const store = new TestStore()
        const newest = new Map<string, number>()
        let count = 0
        let end = 0
        // As the job decides: of one key, a later row never has an older window.
        const planned = history.map((rows) =>
          rows.map(({ user, step }): FeatureRow => {
            end += step * minuteMicros
            newest.set(user, ++count)
            return { user, end, orders: count }
          }),
        )
        const queue = [...planned.keys(), ...planned.keys()]
        while (queue.length > 0) {
          const pick = Number(chance.next().value) % queue.length
          const [epoch = 0] = queue.splice(pick, 1)
          const sink = store.sink()
          sink.write(featureBatch(planned[epoch] ?? []))
          await store.commit(sink, epoch + 1, 1 + (epoch >> 1))
        }
        const reader = store.reader()
        for (const [user, expected] of newest) {
          const { values } = reader.get('user_fraud_5m', key(user))
          expect(values?.orders).toBe(BigInt(expected))
        }
        await store.env.close()
      }),
      { numRuns: 40 },
    )
  })

  test('is never replaced by an older window or an older writer, in any history', async () => {
    const write = fc.record({
      term: fc.integer({ min: 1, max: 3 }),
      epoch: fc.integer({ min: 1, max: 5 }),
      end: fc.integer({ min: 0, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 15 }), async (writes) => {
        const store = new TestStore()
        let last = { end: -1, version: -1 }
        for (const { term, epoch, end } of writes) {
          const sink = store.sink()
          sink.write(featureBatch([{ user: 'ann', end: end * minuteMicros, orders: term }]))
          await store.commit(sink, epoch, term)
          const answer = store.reader().get('user_fraud_5m', key('ann'))
          const found = {
            end: Number(answer.values?.window_end) / minuteMicros,
            version: Number(answer.values?.orders) * 100 + (answer.epoch ?? 0),
          }
          expect(found.end).toBeGreaterThanOrEqual(last.end)
          expect(found.version).toBeGreaterThanOrEqual(last.version)
          const isNewer = end >= last.end && term * 100 + epoch > last.version
          expect(found).toEqual(isNewer ? { end, version: term * 100 + epoch } : last)
          last = found
        }
        await store.env.close()
      }),
      { numRuns: 40 },
    )
  })

  test('survives an epoch in which it is replaced many thousand times', async () => {
    const store = new TestStore()
    const sink = store.sink({ schema: bulky })
    const note = 'n'.repeat(2000)
    for (let round = 0; round < 40; round++) {
      const rows = Array.from({ length: 1000 }, (_, i) => ({
        user_id: `u${i % 700}`,
        window_end: round,
        note: `${note}${round}-${i}`,
      }))
      const times = rows.map(() => 0)
      sink.write(batchOfRows(bulky, rows, { eventTimes: times, watermarksBefore: times }))
    }
    await store.commit(sink, 1)
    const reader = store.reader()
    for (let i = 0; i < 700; i++) {
      const expected = `${note}39-${i < 300 ? i + 700 : i}`
      expect(reader.get('user_fraud_5m', key(`u${i}`)).values?.note).toBe(expected)
    }
  })
})

describe('a changelog', () => {
  test('replaces by update-after, ignores update-before, and deletes', async () => {
    const store = new TestStore()
    const sink = store.sink()
    const row = (count: number) => ({ user: 'ann', end: 0, orders: count })
    const changes = Uint8Array.of(Change.insert, Change.updateAfter, Change.updateBefore)
    sink.write(featureBatch([row(1), row(2), row(1)], changes))
    await store.commit(sink, 1)
    expect(orders(store, 'ann')).toBe(2n)
    sink.write(featureBatch([row(2)], Uint8Array.of(Change.delete)))
    await store.commit(sink, 2)
    expect(store.reader().get('user_fraud_5m', key('ann')).status).toBe('not_found')
  })

  test('leaves a tombstone that keeps older rows out until a later term removes it', async () => {
    const store = new TestStore()
    const sink = store.sink()
    sink.write(featureBatch([{ user: 'ann', end: 9, orders: 1 }]))
    await store.commit(sink, 1)
    sink.write(featureBatch([{ user: 'ann', end: 9, orders: 1 }], Uint8Array.of(Change.delete)))
    await store.commit(sink, 2)
    const late = store.sink()
    late.write(featureBatch([{ user: 'ann', end: 9, orders: 5 }]))
    await store.commit(late, 1)
    expect(orders(store, 'ann')).toBeUndefined()
    expect(store.rows).toBe(1)

    await store.commit(store.sink(), 3, 2)
    expect(store.rows).toBe(0)
  })

  test('loses its tombstones over several epochs when there are many rows', async () => {
    const store = new TestStore()
    const sink = store.sink()
    const rows = Array.from({ length: 1000 }, (_, i) => ({ user: `u${i}`, end: 0, orders: i }))
    sink.write(featureBatch(rows))
    await store.commit(sink, 1)
    const deleted = rows.filter((_, i) => i % 2 === 0)
    sink.write(featureBatch(deleted, new Uint8Array(deleted.length).fill(Change.delete)))
    await store.commit(sink, 2)
    expect(store.rows).toBe(1000)
    const next = store.sink()
    for (let epoch = 3; epoch < 10; epoch++) await store.commit(next, epoch, 2)
    expect(store.rows).toBe(500)
    expect(orders(store, 'u1')).toBe(1n)
    expect(orders(store, 'u2')).toBeUndefined()
  })
})

describe('generations', () => {
  test('of a new lineage are unread until promotion, which is one step', async () => {
    const store = new TestStore()
    const live = store.sink()
    live.write(featureBatch([{ user: 'ann', end: 5, orders: 1 }]))
    await store.commit(live, 1)
    const backfill = store.sink({ lineage: 'backfill' })
    backfill.write(featureBatch([{ user: 'ann', end: 3, orders: 100 }]))
    await store.commit(backfill, 1)
    expect(orders(store, 'ann')).toBe(1n)
    store.transaction((stores) => promoteView(stores, 'user_fraud_5m', 2))
    expect(orders(store, 'ann')).toBe(100n)
    store.transaction((stores) => {
      expect(() => promoteView(stores, 'user_fraud_5m', 3)).toThrow(/VIEW_GENERATION.*one of 1, 2/)
    })
  })

  test('go on after a rescale, where a lineage continues another one', async () => {
    const store = new TestStore()
    const one = store.sink()
    one.write(featureBatch([{ user: 'ann', end: 5, orders: 1 }]))
    await store.commit(one, 7)
    const two = store.sink({ lineage: 'l2', continues: ['l1'] })
    two.write(featureBatch([{ user: 'ann', end: 6, orders: 2 }]))
    await store.commit(two, 8, 2, 1)
    expect(orders(store, 'ann')).toBe(2n)
    expect(store.reader().views()[0]?.generations).toHaveLength(1)
  })

  test('go on after two rescales, also when the lineage between them wrote nothing', async () => {
    const store = new TestStore()
    const one = store.sink()
    one.write(featureBatch([{ user: 'ann', end: 5, orders: 1 }]))
    await store.commit(one, 7)
    const three = store.sink({ lineage: 'l3', continues: ['l2', 'l1'] })
    three.write(featureBatch([{ user: 'bob', end: 6, orders: 2 }]))
    await store.commit(three, 8, 3, 1)
    expect([orders(store, 'ann'), orders(store, 'bob')]).toEqual([1n, 2n])
    expect(store.reader().views()[0]?.generations).toHaveLength(1)
  })
})

describe('a view', () => {
  test('is refused when its order column is no time or number, or a column is unknown', () => {
    const store = new TestStore()
    expect(() => store.sink({ order: 'user_id' })).toThrow('VIEW_ORDER')
    expect(() => store.sink({ key: ['nobody'] })).toThrow('COLUMN_UNKNOWN')
    expect(() => store.sink({ view: 'a\u0000b' })).toThrow('VIEW_NAME')
  })
})
