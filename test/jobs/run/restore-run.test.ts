// What a restore refuses: a savepoint behind which lake tables got rows that would come again.
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hasGoneOn, restoreLines } from '../../../jobs/run/restore-run.ts'
import { faultEvents } from '../../faults/fault-events.ts'
import { appendOrders, partitioned } from '../../faults/orders-topic.ts'
import { removeFolder, runProgram, startProgram, workFolder } from '../../faults/program.ts'
import { readSinks } from '../../faults/sinks-checker.ts'

const TIMEOUT_MS = 90_000
const work = workFolder()

afterAll(() => removeFolder(work))

describe('a run has gone on after a savepoint', () => {
  const saved = { lineage: 'a', epochs: [4, 4] }
  const here = { lineage: 'a', slots: 2, epochs: [4, 4] }

  test('when a slot of the same history decided more', () => {
    const run = { lineage: 'a', previous: undefined }
    expect(hasGoneOn({ ...run, epochs: [4, 4] }, saved)).toBe(false)
    expect(hasGoneOn({ ...run, epochs: [4, 3] }, saved)).toBe(false)
    expect(hasGoneOn({ ...run, epochs: [4, 5] }, saved)).toBe(true)
  })

  test('when a history that began there decided anything, however few epochs', () => {
    const run = { lineage: 'b', previous: here }
    expect(hasGoneOn({ ...run, epochs: [0] }, saved)).toBe(false)
    expect(hasGoneOn({ ...run, epochs: [1] }, saved)).toBe(true)
  })

  test('when it is another history, or stands elsewhere in the same one', () => {
    const elsewhere = { ...here, epochs: [4, 5] }
    expect(hasGoneOn({ lineage: 'b', previous: elsewhere, epochs: [0] }, saved)).toBe(true)
    expect(hasGoneOn({ lineage: 'c', previous: undefined, epochs: [0, 0] }, saved)).toBe(true)
  })
})

test('a person is told what differs from the definition of the savepoint', () => {
  const report = {
    ...{ savepoint: 'before', lineage: 'b', parent: 'a', dropped: [], carries: false },
    operators: { added: ['window'], removed: [], changed: [] },
  }
  expect(restoreLines({ ...report, differences: [] })).toEqual([
    'restored savepoint "before" of lineage a; the definition is the same',
  ])
  const added = { kind: 'added', path: 'stages/s0/operators/window' } as const
  expect(restoreLines({ ...report, differences: [added], carries: true })).toEqual([
    expect.stringMatching(/definition is another: stages\/s0\/operators\/window was added$/),
    expect.stringContaining('ticks'),
  ])
})

test('a savepoint from before a rescale is restored only where replayed rows are accepted', {
  timeout: TIMEOUT_MS,
}, async () => {
  const data = join(work, 'rescaled')
  await appendOrders(data, partitioned(faultEvents(900), 2))
  const killed = await runProgram({
    ...{ data, slots: 2, batch: 16, epochMs: 5 },
    failpoint: 'commit.after:12',
  })
  expect(killed.signal).toBe('SIGKILL')
  const copy = ['savepoint', 'create', 'fraud-features', 'before', '--data', data]
  expect(await startProgram(copy).ended).toMatchObject({ code: 0 })
  expect(await runProgram({ data, slots: 1, epochMs: 60_000 })).toMatchObject({ code: 0 })
  const rows = (await readSinks(data)).lake.length

  const refused = await runProgram({ data, slots: 1, more: ['--from', 'before'] })
  expect(refused).toMatchObject({ code: 2, out: '' })
  expect(refused.words).toMatch(/^OUTPUT_REPLAYED: .*lineage.*lake:raw\/orders.*\n$/m)
  expect((await readSinks(data)).lake.length).toBe(rows)
  const more = ['--from', 'before', '--accept-replayed-output']
  const accepted = await runProgram({ data, slots: 1, more })
  expect(accepted).toMatchObject({ code: 0 })
  expect(accepted.words).toMatch(/^restored savepoint "before" of lineage \w+; .* the same$/m)
})
