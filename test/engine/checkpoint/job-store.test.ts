import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { JobStore } from '../../../engine/checkpoint/index.ts'
import {
  FencedError,
  InvariantError,
  StateMismatchError,
  StorageError,
} from '../../../engine/errors.ts'
import { int32, int64, schema, string } from '../../../engine/schema/index.ts'
import { ValueTable } from '../../../engine/state/index.ts'
import {
  commitStep,
  contents,
  expectedContents,
  newTables,
  operatorTables,
  TASK,
} from './history.ts'
import { openStore, temporaryFolder, topology } from './store-folder.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const request = { job: 'j', slots: 1, topology }

describe('a claim', () => {
  test('begins a history, and goes on with it under a higher term', async () => {
    const folder = temporaryFolder()
    const first = JobStore.open(join(folder, 'run'))
    const fresh = first.claim(request)
    expect(fresh).toMatchObject({ start: 'fresh', term: 1, epochs: [0], previous: undefined })
    const slot = first.slot(0, fresh)
    const tables = newTables()
    for (let step = 1; step <= 3; step++) commitStep(slot, tables, step)
    await first.close()
    const again = openStore(folder).claim(request)
    expect(again).toMatchObject({ start: 'continue', term: 2, epochs: [3], lineage: fresh.lineage })
  })

  test('refuses another topology with the difference, and another job', () => {
    const store = openStore(temporaryFolder())
    store.claim(request)
    const other = { operators: [{ id: 'count', by: 'user' }, { id: 'session' }] }
    expect(() => store.claim({ ...request, topology: other })).toThrow(
      /operators\/count\/by was added; operators\/window was removed; operators\/session was added/,
    )
    expect(() => store.claim({ ...request, job: 'k' })).toThrow(StateMismatchError)
    expect(store.claim(request).term).toBe(2)
  })

  test('fences the earlier owner: it commits and marks nothing any more', () => {
    const store = openStore(temporaryFolder())
    const zombie = store.slot(0, store.claim(request))
    const tables = newTables()
    for (let step = 1; step <= 3; step++) commitStep(zombie, tables, step)
    const claim = store.claim(request)
    expect(() => zombie.markDelivered(3, 'lake')).toThrow(FencedError)
    expect(() => commitStep(zombie, tables, 4)).toThrow(FencedError)
    expect(() => commitStep(zombie, tables, 5)).toThrow(InvariantError)
    expect(store.slot(0, claim).epoch).toBe(3)
    expect(store.slot(0, claim).undelivered()).toHaveLength(1)
  })

  test('fresh forgets state, topics and undelivered work, and still raises the term', () => {
    const store = openStore(temporaryFolder())
    const slot = store.slot(0, store.claim(request))
    for (let step = 1, tables = newTables(); step <= 3; step++) commitStep(slot, tables, step)
    const claim = store.claim({ ...request, fresh: true })
    expect(claim).toMatchObject({ start: 'fresh', term: 2, epochs: [0] })
    const empty = store.slot(0, claim)
    expect([empty.taskIds, empty.undelivered(), [...store.reader().range('topics')]]).toEqual([
      [],
      [],
      [],
    ])
  })

  test('rescales by assigning tasks anew; undelivered work keeps its proof', () => {
    const store = openStore(temporaryFolder())
    const table = (): ValueTable => new ValueTable({ name: 't', schema: schema({ n: int32() }) })
    let claim = store.claim({ ...request, slots: 1 })
    const one = store.slot(0, claim)
    const written = Array.from({ length: 6 }, (_, partition) => {
      const own = table()
      own.put(bytes('k'), { n: partition })
      return { taskId: `s/${partition}`, tables: [{ operatorId: 'o', table: own }] }
    })
    const committables = [{ sink: 'lake', bytes: bytes('one') }]
    one.commit({ epoch: 1, tasks: written, committables, steps: [] })
    const parent = claim.lineage
    for (const slots of [2, 3, 1]) {
      const before = claim.lineage
      claim = store.claim({ ...request, slots })
      expect(claim).toMatchObject({ start: 'rescale', slots, previous: { lineage: before } })
      const owned = Array.from({ length: slots }, (_, slot) => store.slot(slot, claim))
      for (const slot of owned) {
        for (const taskId of slot.taskIds) {
          const own = table()
          slot.restore(taskId, [{ operatorId: 'o', table: own }])
          expect(own.get(bytes('k'))).toEqual({ n: Number(taskId.slice(2)) })
        }
      }
      expect(owned.flatMap(({ taskIds }) => taskIds)).toHaveLength(6)
      const permit = { lineage: parent, slot: 0, term: 1, epoch: 1 }
      expect(owned[0]?.undelivered()).toEqual([
        { epoch: 1, sink: 'lake', bytes: bytes('one'), permit },
      ])
    }
    expect(claim.accepted).toHaveLength(4)
    store.slot(0, claim).markDelivered(1, 'lake')
    expect(store.slot(0, claim).undelivered()).toEqual([])
  })

  test('gives a task to the slot of its partition alone', () => {
    const store = openStore(temporaryFolder())
    const slot = store.slot(1, store.claim({ ...request, slots: 2 }))
    expect(() => slot.restore(TASK, operatorTables(newTables()))).toThrow('belongs to slot 0')
  })
})

describe('an epoch', () => {
  test('is there whole for the next process, through many compactions', async () => {
    const folder = temporaryFolder()
    const tables = newTables()
    for (let step = 0; step < 60; ) {
      const store = JobStore.open(join(folder, 'run'))
      const slot = store.slot(0, store.claim(request))
      const restored = newTables()
      slot.restore(TASK, operatorTables(restored))
      expect(contents(restored)).toBe(expectedContents(step))
      for (let i = 0; i < 15; i++) {
        commitStep(slot, restored, ++step)
        slot.compact(30_000)
      }
      await store.close()
    }
    expect(tables.values.rows).toBe(0)
  })

  test('must be the next one', () => {
    const store = openStore(temporaryFolder())
    const slot = store.slot(0, store.claim(request))
    const decision = { epoch: 2, tasks: [], committables: [], steps: [] }
    expect(() => slot.commit(decision)).toThrow('epoch 2 after 0')
  })

  test('that throws in a step leaves no trace of any part', () => {
    const store = openStore(temporaryFolder())
    const claim = store.claim(request)
    const slot = store.slot(0, claim)
    const tables = newTables()
    commitStep(slot, tables, 1)
    const before = JSON.stringify([...store.reader().range('topics')])
    tables.values.put(bytes('new'), { step: 2, text: '' })
    const commit = () =>
      slot.commit({
        epoch: 2,
        tasks: [{ taskId: TASK, tables: operatorTables(tables) }],
        committables: [{ sink: 'lake', bytes: bytes('x') }],
        steps: [
          (stores) => stores.put('topics', bytes('half'), bytes('half')),
          () => {
            throw new Error('a step failed')
          },
        ],
      })
    expect(commit).toThrow('a step failed')
    expect(JSON.stringify([...store.reader().range('topics')])).toBe(before)
    const next = store.slot(0, store.claim(request))
    expect([next.epoch, next.undelivered()]).toEqual([1, []])
    const restored = newTables()
    next.restore(TASK, operatorTables(restored))
    expect(contents(restored)).toBe(expectedContents(1))
  })

  test('reads its own writes in its steps, also backwards', () => {
    const store = openStore(temporaryFolder())
    const slot = store.slot(0, store.claim(request))
    const seen: unknown[] = []
    const steps = [
      (stores: import('../../../engine/connector.ts').DecisionStores) => {
        stores.put('online', bytes('a1'), bytes('x'))
        stores.put('online', bytes('a3'), bytes('y'))
        seen.push(stores.get('online', bytes('a1')), stores.before('online', bytes('a3'))?.key)
        stores.remove('online', bytes('a1'))
        seen.push(stores.get('online', bytes('a1')), stores.before('online', bytes('a3')))
      },
    ]
    slot.commit({ epoch: 1, tasks: [], committables: [], steps, heartbeat: true })
    expect(seen).toEqual([bytes('x'), bytes('a1'), undefined, undefined])
  })
})

describe('a changed table', () => {
  const before = schema({ n: int32(), old: string().nullable() })
  const store = (folder: string) => openStore(folder)

  test('is migrated by field name, segment by segment', () => {
    const opened = store(temporaryFolder())
    const slot = opened.slot(0, opened.claim(request))
    const first = new ValueTable({ name: 't', schema: before })
    first.put(bytes('a'), { n: 1, old: 'x' })
    first.put(bytes('b'), { n: 2, old: null })
    const task = (table: ValueTable) => [{ taskId: TASK, tables: [{ operatorId: 'o', table }] }]
    slot.commit({ epoch: 1, tasks: task(first), committables: [], steps: [] })
    const after = schema({ added: string().nullable(), n: int64() })
    const next = opened.slot(0, opened.claim(request))
    const second = new ValueTable({ name: 't', schema: after })
    next.restore(TASK, [{ operatorId: 'o', table: second }])
    expect(second.get(bytes('a'))).toEqual({ added: null, n: 1n })
    expect(next.migrated).toMatchObject([
      { table: 't', difference: expect.stringContaining('old') },
    ])
    second.put(bytes('b'), { added: 'y', n: 9n })
    next.commit({ epoch: 2, tasks: task(second), committables: [], steps: [] })
    const third = new ValueTable({ name: 't', schema: after })
    opened.slot(0, opened.claim(request)).restore(TASK, [{ operatorId: 'o', table: third }])
    expect([third.get(bytes('a')), third.get(bytes('b'))]).toEqual([
      { added: null, n: 1n },
      { added: 'y', n: 9n },
    ])
  })

  test('is refused in words when its rows can not become the new ones', () => {
    const opened = store(temporaryFolder())
    const slot = opened.slot(0, opened.claim(request))
    const first = new ValueTable({ name: 't', schema: before })
    first.put(bytes('a'), { n: 1, old: 'x' })
    const tasks = [{ taskId: TASK, tables: [{ operatorId: 'o', table: first }] }]
    slot.commit({ epoch: 1, tasks, committables: [], steps: [] })
    const text = new ValueTable({ name: 't', schema: schema({ n: string() }) })
    const restore = () => slot.restore(TASK, [{ operatorId: 'o', table: text }])
    expect(restore).toThrow(StateMismatchError)
    expect(restore).toThrow(/"?n"?.*(int32|string)/)
  })
})

describe('opening', () => {
  test('read-only sees what was decided, and refuses a folder without a store', async () => {
    const folder = temporaryFolder()
    const store = JobStore.open(join(folder, 'run'))
    const slot = store.slot(0, store.claim(request))
    for (let step = 1, tables = newTables(); step <= 4; step++) commitStep(slot, tables, step)
    await store.close()
    const reader = JobStore.openReadOnly(join(folder, 'run'))
    expect(reader.job()).toMatchObject({ job: 'j', epochs: [4], undelivered: [1], topology })
    expect([...reader.range('topics')]).toHaveLength(4)
    expect(
      reader
        .tables()
        .map(({ table }) => table)
        .sort(),
    ).toEqual(['keys', 'values'])
    await reader.close()
    expect(() => JobStore.openReadOnly(join(folder, 'none'))).toThrow(StorageError)
  })

  test('a folder that is no folder is a named error', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'run'), 'a file')
    expect(() => JobStore.open(join(folder, 'run'))).toThrow(StorageError)
  })

  test.skipIf(process.getuid?.() === 0)('a read-only folder is a named error (not as root)', () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o555)
    expect(() => JobStore.open(join(folder, 'run'))).toThrow(/FOLDER_READ_ONLY/)
  })
})
