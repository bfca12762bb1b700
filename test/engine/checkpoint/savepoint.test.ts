import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { JobStore, restoreSavepoint } from '../../../engine/checkpoint/index.ts'
import { ConfigError, StateCorruptError, StateMismatchError } from '../../../engine/errors.ts'
import {
  commitStep,
  contents,
  expectedContents,
  newTables,
  operatorTables,
  TASK,
} from './history.ts'
import { openStore, temporaryFolder, topology } from './store-folder.ts'

const request = { job: 'j', slots: 1, topology }

/** A store of some steps with a savepoint after them, and more steps behind. */
async function storeWithSavepoint(folder: string): Promise<string> {
  const store = JobStore.open(join(folder, 'run'))
  const claim = store.claim(request)
  const slot = store.slot(0, claim)
  const tables = newTables()
  for (let step = 1; step <= 20; step++) commitStep(slot, tables, step)
  await store.createSavepoint('twenty')
  for (let step = 21; step <= 25; step++) commitStep(slot, tables, step)
  await store.close()
  return claim.lineage
}

const restore = (folder: string) => ({
  savepoints: join(folder, 'savepoints'),
  name: 'twenty',
  into: join(folder, 'run'),
  job: 'j',
  topology,
})

describe('a savepoint', () => {
  test('says what it holds, and is found by name', async () => {
    const folder = temporaryFolder()
    await storeWithSavepoint(folder)
    const store = openStore(folder)
    const manifest = store.inspectSavepoint('twenty')
    expect(manifest.job).toMatchObject({ job: 'j', epochs: [20], slots: 1, topology })
    expect(manifest.tables.map(({ table }) => table).sort()).toEqual(['keys', 'values'])
    expect(store.listSavepoints()).toEqual([manifest])
    await expect(store.createSavepoint('twenty')).rejects.toThrow(ConfigError)
    await expect(store.createSavepoint('../other')).rejects.toThrow(ConfigError)
    expect(() => store.inspectSavepoint('other')).toThrow(/expected one of twenty/)
  })

  test('restores as a new history with a parent, under a higher term', async () => {
    const folder = temporaryFolder()
    const parent = await storeWithSavepoint(folder)
    await expect(restoreSavepoint(restore(folder))).rejects.toThrow(/RUN_EXISTS/)
    const report = await restoreSavepoint({ ...restore(folder), replace: true })
    expect(report).toMatchObject({ parent, differences: [], dropped: [] })
    expect(existsSync(join(folder, 'run.replaced'))).toBe(false)
    const store = openStore(folder)
    const claim = store.claim(request)
    expect(claim).toMatchObject({
      start: 'continue',
      lineage: report.lineage,
      term: 3,
      epochs: [0],
      previous: { lineage: parent, epochs: [20], savepoint: 'twenty' },
      accepted: [report.lineage],
    })
    const slot = store.slot(0, claim)
    const tables = newTables()
    slot.restore(TASK, operatorTables(tables))
    expect(contents(tables)).toBe(expectedContents(20))
    expect(slot.undelivered().map(({ permit }) => permit.lineage)).toEqual(Array(6).fill(parent))
    commitStep(slot, tables, 21)
  })

  test('restores into a changed job with a report; dropping state needs a word', async () => {
    const folder = temporaryFolder()
    await storeWithSavepoint(folder)
    const changed = { operators: [{ id: 'count', size: 2 }, { id: 'session' }] }
    const into = join(folder, 'other/run')
    const asked = { ...restore(folder), into, topology: changed }
    await expect(restoreSavepoint(asked)).rejects.toThrow(StateMismatchError)
    await expect(restoreSavepoint(asked)).rejects.toThrow(/no place for the state of window\/keys/)
    expect(existsSync(into)).toBe(false)
    const report = await restoreSavepoint({ ...asked, dropRemoved: true })
    expect(report).toMatchObject({
      operators: { added: ['session'], removed: ['window'], changed: ['count'] },
      dropped: ['window/keys'],
    })
    const store = openStore(join(folder, 'other'))
    const slot = store.slot(0, store.claim({ ...request, topology: changed }))
    expect(
      store
        .reader()
        .tables()
        .map(({ table }) => table),
    ).toEqual(['values'])
    const { values } = newTables()
    slot.restore(TASK, [{ operatorId: 'count', table: values }])
    expect(values.rows).toBeGreaterThan(0)
  })

  test('is refused when a byte of it changed, or some are missing', async () => {
    const folder = temporaryFolder()
    await storeWithSavepoint(folder)
    const store = openStore(folder)
    const data = join(folder, 'savepoints/twenty/data.mdb')
    const manifest = join(folder, 'savepoints/twenty/manifest.json')
    const whole = readFileSync(data)
    for (const at of [0, 100, 5000, whole.length - 1]) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 4
      writeFileSync(data, damaged)
      expect(() => store.inspectSavepoint('twenty')).toThrow(StateCorruptError)
    }
    const asked = { ...restore(folder), into: join(folder, 'other/run') }
    await expect(restoreSavepoint(asked)).rejects.toThrow(StateCorruptError)
    writeFileSync(data, whole)
    truncateSync(data, whole.length - 4096)
    expect(() => store.inspectSavepoint('twenty')).toThrow(/bytes of data.mdb/)
    writeFileSync(data, whole)
    expect(store.inspectSavepoint('twenty').name).toBe('twenty')
    appendFileSync(manifest, ' 1')
    expect(() => store.inspectSavepoint('twenty')).toThrow(StateCorruptError)
  })
})
