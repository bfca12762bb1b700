import { describe, expect, test } from 'vitest'
import type { OnlineSnapshot } from '../../../connectors/online/index.ts'
import { entityKeyOf, featureStatus, OnlineReader } from '../../../connectors/online/index.ts'
import { viewRecordKey } from '../../../connectors/online/online-key.ts'
import { batchOfRows } from '../../../engine/batch/index.ts'
import { date, int64, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { featureBatch, minuteMicros, TestStore } from './online-fixture.ts'

const view = 'user_fraud_5m'

async function filled(options: Parameters<TestStore['sink']>[0] = {}, watermark = 0) {
  const store = new TestStore()
  const sink = store.sink(options)
  const rows = ['ann', 'bob'].map((user, i) => ({
    user,
    end: (5 + i) * minuteMicros,
    orders: i + 1,
    spend: i === 0 ? '1.00' : null,
  }))
  sink.write(featureBatch(rows, undefined, watermark))
  await store.commit(sink, 1)
  return store
}

describe('the age of a value', () => {
  test('is told by the wall clock, and the ttl is enforced to the microsecond', async () => {
    const store = await filled()
    const at = (ms: number) => {
      store.clock.nowMs = ms
      return store.reader().get(view, { user_id: 'ann' })
    }
    expect(at(15 * 60_000)).toMatchObject({ status: 'present', ageMs: 600_000, readClock: 'wall' })
    const old = at(15 * 60_000 + 1)
    expect(old).toMatchObject({ status: 'outside_max_age', ageMs: 600_001, epoch: 1 })
    expect(old.values).toBeUndefined()
    expect(at(0)).toMatchObject({ status: 'present', ageMs: 0 })
  })

  test('of a bounded run is told by its last watermark, whatever the wall clock says', async () => {
    const store = await filled({ mode: 'bounded' }, 16 * minuteMicros)
    store.clock.nowMs = 4e12
    const reader = store.reader()
    const answers = reader.getMany(view, [{ user_id: 'ann' }, { user_id: 'bob' }])
    expect(answers).toMatchObject([
      { status: 'outside_max_age', ageMs: 660_000, readClock: 'watermark' },
      { status: 'present', ageMs: 600_000, readClock: 'watermark' },
    ])
  })

  test('of a bounded run moves on with later epochs, never back', async () => {
    const store = await filled({ mode: 'bounded' }, 7 * minuteMicros)
    for (const [epoch, minutes] of [
      [2, 9],
      [3, 8],
    ] as const) {
      await store.commit(
        store.sink({ mode: 'bounded', watermark: () => minutes * minuteMicros }),
        epoch,
      )
    }
    expect(store.reader().get(view, { user_id: 'ann' }).ageMs).toBe(4 * 60_000)
  })

  test('goes by event time where the order column is no instant', async () => {
    const store = new TestStore()
    const byVersion = schema({ user_id: string(), version: int64() })
    const sink = store.sink({ schema: byVersion, order: 'version' })
    const rows = [{ user_id: 'ann', version: 3n }]
    sink.write(batchOfRows(byVersion, rows, { eventTimes: [minuteMicros], watermarksBefore: [0] }))
    await store.commit(sink, 1)
    store.clock.nowMs = 3 * 60_000
    expect(store.reader().get(view, { user_id: 'ann' }).ageMs).toBe(120_000)
  })
})

test('a view of another version of millrace is refused by name', async () => {
  const store = await filled()
  const record = JSON.stringify({ version: 1, name: view, current: 1, generations: [] })
  const bytes = new TextEncoder().encode(record)
  store.transaction((stores) => stores.put('online', viewRecordKey(view), bytes))
  expect(() => store.reader().get(view, { user_id: 'ann' })).toThrow(/VIEW_RECORD.*version 2/)
  await expect(store.commit(store.sink(), 2)).rejects.toThrow('VIEW_RECORD')
})

describe('a lookup', () => {
  test('of several keys answers in their order, with the missing ones named', async () => {
    const store = await filled()
    const answers = store.reader().getMany(
      view,
      ['bob', 'nobody', 'ann', 'bob'].map((user_id) => ({ user_id })),
    )
    expect(answers.map((answer) => answer.values?.orders)).toEqual([2n, undefined, 1n, 2n])
    expect(answers[1]).toEqual({
      status: 'not_found',
      values: undefined,
      eventTime: undefined,
      knownTime: undefined,
      epoch: undefined,
      ageMs: undefined,
      readClock: 'wall',
    })
  })

  test('tells a null feature from a missing row', async () => {
    const store = await filled()
    const reader = store.reader()
    const bob = reader.get(view, { user_id: 'bob' })
    expect(featureStatus(bob, 'spend')).toBe('null_value')
    expect(featureStatus(bob, 'orders')).toBe('present')
    expect(featureStatus(reader.get(view, { user_id: 'nobody' }), 'spend')).toBe('not_found')
  })

  test('reads all views and keys from one snapshot', async () => {
    const store = await filled()
    const other = store.sink({ view: 'other' })
    other.write(featureBatch([{ user: 'ann', end: 5 * minuteMicros, orders: 10 }]))
    await store.commit(other, 2)
    let snapshots = 0
    const reader = new OnlineReader(
      {
        read: <T>(work: (snapshot: OnlineSnapshot) => T) => {
          snapshots++
          return store.handle.read(work)
        },
      },
      store.clock,
    )
    const keys = [{ user_id: 'ann' }, { user_id: 'bob' }]
    const [mine, others] = reader.read([
      { view, keys },
      { view: 'other', keys },
    ])
    expect(mine?.map((answer) => answer.values?.orders)).toEqual([1n, 2n])
    expect(others?.map((answer) => answer.values?.orders)).toEqual([10n, undefined])
    expect(snapshots).toBe(1)
  })

  test('sees a changed definition after a restart of the job', async () => {
    const store = await filled()
    const reader = store.reader()
    expect(reader.get(view, { user_id: 'ann' }).status).toBe('present')
    await store.commit(store.sink({ ttlMicros: 1 }), 2, 2)
    store.clock.nowMs = 6 * 60_000
    expect(reader.get(view, { user_id: 'ann' }).status).toBe('outside_max_age')
  })

  test('by columns that are no key, or of a view that is unknown, says what there is', async () => {
    const store = await filled()
    const reader = store.reader()
    expect(() => reader.get('nothing', {})).toThrow(/VIEW_UNKNOWN.*one of user_fraud_5m/)
    expect(() => reader.get(view, { restaurant_id: 'r' })).toThrow(/VIEW_KEY.*expected user_id/)
    expect(() => reader.get(view, { user_id: 'a', more: 1 })).toThrow('VIEW_KEY')
    expect(() => reader.get(view, {})).toThrow('VIEW_KEY')
    expect(() => new TestStore().reader().get(view, {})).toThrow(
      /VIEW_UNKNOWN.*no view in the store/,
    )
  })

  test('by several key columns finds exactly that combination', async () => {
    const store = new TestStore()
    const byDay = schema({ user_id: string(), day: date(), window_end: timestamp(), n: int64() })
    const sink = store.sink({ schema: byDay, key: ['user_id', 'day'] })
    const rows = [1, 2].map((day) => ({ user_id: 'ann', day, window_end: 0, n: BigInt(day) }))
    sink.write(batchOfRows(byDay, rows, { eventTimes: [0, 0], watermarksBefore: [0, 0] }))
    await store.commit(sink, 1)
    const reader = store.reader()
    const key = entityKeyOf(reader.views()[0]?.generations[0]?.definition.key ?? [], ['ann', '2'])
    expect(reader.get(view, key).values?.n).toBe(2n)
    expect(reader.get(view, { user_id: 'ann', day: 3 }).status).toBe('not_found')
  })
})

describe('keys written as text', () => {
  test('become values of their columns, or are refused by column and type', () => {
    const fields = [
      { name: 'id', type: { kind: 'int64' }, nullable: false },
      { name: 'flag', type: { kind: 'bool' }, nullable: false },
    ] as const
    expect(entityKeyOf(fields, ['9007199254740993', 'true'])).toEqual({
      id: 9007199254740993n,
      flag: true,
    })
    expect(() => entityKeyOf(fields, ['12x', 'true'])).toThrow(/VIEW_KEY.*id: int64/)
    expect(() => entityKeyOf(fields, ['12', 'yes'])).toThrow(/VIEW_KEY.*flag: bool/)
    expect(() => entityKeyOf(fields, ['12'])).toThrow(/VIEW_KEY.*id, flag/)
  })
})
