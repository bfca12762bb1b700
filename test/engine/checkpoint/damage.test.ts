// Damages the file of a store in hundreds of ways: what is read is what was decided, or a named error.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JobStore } from '../../../engine/checkpoint/index.ts'
import { compileChild } from './compile-child.ts'
import { commitStep, newTables } from './history.ts'
import { topology } from './store-folder.ts'

const DAMAGES = 400
const STEPS = 40
const work = mkdtempSync(join(tmpdir(), 'millrace-damage-'))
let child = ''

beforeAll(() => {
  child = compileChild(work, 'damage-child')
}, 120_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

test('a damaged store is refused by name or reads as it was, never as something else', async () => {
  const store = JobStore.open(join(work, 'run'))
  const slot = store.slot(0, store.claim({ job: 'damage', slots: 1, topology }))
  const tables = newTables()
  for (let step = 1; step <= STEPS; step++) {
    commitStep(slot, tables, step)
    slot.compact(30_000)
  }
  await store.close()
  const outcomes = new Map<string, number[]>()
  for (let first = 0; first < DAMAGES; ) {
    const { stdout } = spawnSync(process.execPath, [
      child,
      work,
      `${first}`,
      `${DAMAGES}`,
      `${STEPS}`,
    ])
    for (const line of `${stdout}`.split('\n').filter(Boolean)) {
      const [number = '', ...words] = line.split(' ')
      const outcome = words.join(' ')
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), Number(number)])
      first = Number(number) + 1
    }
    if (first >= DAMAGES) break
    outcomes.set('crash', [...(outcomes.get('crash') ?? []), first])
    first++
  }
  const count = (name: string): number => outcomes.get(name)?.length ?? 0
  const words = JSON.stringify([...outcomes].map(([name, at]) => [name, at.length, at.slice(0, 5)]))
  expect(count('wrong'), words).toBe(0)
  expect([...outcomes.keys()].filter((name) => name.startsWith('unnamed'))).toEqual([])
  expect(count('gap'), words).toBeLessThanOrEqual(4)
  expect(count('older'), words).toBeLessThanOrEqual(2)
  // LMDB itself may fall over a damaged page of its tree: the process ends, and reads nothing wrong.
  expect(count('crash'), words).toBeLessThanOrEqual(DAMAGES / 50)
  expect(count('same'), words).toBeGreaterThan(20)
  const refused = count('STORE_CORRUPT') + count('SEGMENT_CORRUPT') + count('VALUE_CORRUPT')
  expect(refused, words).toBeGreaterThan(100)
}, 300_000)
