import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Buckets } from '../../../connectors/online/buckets.ts'
import { EntityIds } from '../../../connectors/online/entity-ids.ts'
import { EpochRows } from '../../../connectors/online/epoch-rows.ts'
import { ValueKind } from '../../../connectors/online/online-value.ts'
import { batchOfRows } from '../../../engine/batch/index.ts'
import { keyCodec } from '../../../engine/codec/index.ts'
import { schema, string } from '../../../engine/schema/index.ts'
import { featureBatch, TestStore } from './online-fixture.ts'

const view = 'user_fraud_5m'
const users = schema({ user: string() })

/** The rows of one epoch, given as entities, with their hashes replaced. */
function rowsOf(entities: readonly string[], hashOf: (entity: string) => number): EpochRows {
  const ids = new EntityIds(keyCodec(users.fields))
  const rows = new EpochRows(ids)
  if (entities.length === 0) return rows
  const times = entities.map(() => 0)
  const values = entities.map((user) => ({ user }))
  const batch = batchOfRows(users, values, { eventTimes: times, watermarksBefore: times })
  const resolved = ids.resolve(batch, [0])
  entities.forEach((entity, i) => {
    const id = resolved[i]!
    ids.hashes[id] = hashOf(entity)
    rows.begin(id, ValueKind.row, 0, 0)?.text(entity)
    rows.end()
  })
  return rows
}

test('every row is found again while the view grows from nothing to many buckets', async () => {
  const store = new TestStore()
  const sink = store.sink()
  const expected = new Map<string, bigint>()
  for (let epoch = 1; epoch <= 9; epoch++) {
    const rows = Array.from({ length: 40 * epoch * epoch }, (_, i) => ({
      user: `user-${(i * 7919) % (500 * epoch)}`,
      end: epoch,
      orders: epoch * 100_000 + i,
    }))
    for (let from = 0; from < rows.length; from += 1000) {
      sink.write(featureBatch(rows.slice(from, from + 1000)))
    }
    for (const { user, orders } of rows) expected.set(user, BigInt(orders))
    await store.commit(sink, epoch)
    const reader = store.reader()
    for (const [user, orders] of expected) {
      expect(reader.get(view, { user_id: user }).values?.orders).toBe(orders)
    }
    expect(store.rows).toBe(expected.size)
  }
  expect(store.reader().views()[0]?.generations[0]?.buckets).toBeGreaterThan(20)
})

test('a view that is filled at once has buckets of a few pages from the start', async () => {
  const store = new TestStore()
  const sink = store.sink()
  for (let from = 0; from < 20_000; from += 1000) {
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      user: `u${from + i}`,
      end: 0,
      orders: i,
    }))
    sink.write(featureBatch(rows))
  }
  await store.commit(sink, 1)
  const sizes = Array.from(
    store.env.range('online', Uint8Array.of(1), Uint8Array.of(2)),
    ({ value }) => value.length,
  )
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  expect(mean).toBeGreaterThan(2000)
  expect(mean).toBeLessThan(6144)
  expect(store.rows).toBe(20_000)
})

test('entities of one hash are kept apart, in any epochs', () => {
  const entity = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
  const epochs = fc.array(fc.uniqueArray(entity, { maxLength: 7 }), { maxLength: 6 })
  const hashes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(epochs, hashes, (history, hash) => {
      const store = new TestStore()
      const buckets = new Buckets()
      const newest = new Map<string, number>()
      const place = { view, generation: 1, buckets: 2 }
      history.forEach((entities, epoch) => {
        const rows = rowsOf(entities, (name) => hash[name.charCodeAt(0) - 97] ?? 0)
        rows.stamp({ term: 1, epoch: epoch + 1, knownTime: 0 })
        store.transaction((stores) => buckets.put(stores, place, rows))
        for (const name of entities) newest.set(name, epoch + 1)
      })
      const found = store.storedRows().map(({ entity: name, epoch }) => [name, epoch])
      expect(found.sort()).toEqual([...newest].map(([name, epoch]) => [`\0${name}`, epoch]).sort())
    }),
    { numRuns: 60 },
  )
})

test('the same history leaves the same bytes, however its rows were cut into batches', async () => {
  const bytesOf = async (batchRows: number) => {
    const store = new TestStore()
    const sink = store.sink()
    const rows = Array.from({ length: 600 }, (_, i) => ({ user: `u${i % 250}`, end: i, orders: i }))
    for (let from = 0; from < rows.length; from += batchRows) {
      sink.write(featureBatch(rows.slice(from, from + batchRows)))
    }
    await store.commit(sink, 1)
    return [...store.env.range('online')]
  }
  expect(await bytesOf(7)).toEqual(await bytesOf(1000))
})
