import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { DeltaCommitter } from '../../../connectors/delta/delta-committer.ts'
import type { PublishStep } from '../../../connectors/delta/index.ts'
import { listTables } from '../../../connectors/delta/index.ts'
import { systemClock } from '../../../engine/clock.ts'
import { allRows, orderRows, permitFor, prepared, sinkOn, temporaryLake } from './lake-fixture.ts'

const childPath = fileURLToPath(new URL('./deliver-child.ts', import.meta.url))

const steps: readonly PublishStep[] = [
  'delta.temporary.before',
  'delta.temporary.written',
  'delta.temporary.synced',
  'delta.linked',
  'delta.unlinked',
  'delta.folder.synced',
]

/** Prepares epochs of `size` rows each and stores their committables, one file an epoch. */
async function storeEpochs(
  lake: string,
  slot: number,
  epochs: number,
  first: number,
  size: number,
) {
  const sink = sinkOn(lake, { slot })
  const folder = join(lake, `.committables-${slot}`)
  mkdirSync(folder)
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const from = first + (epoch - 1) * size
    const bytes = await prepared(sink, epoch, orderRows(from, from + size))
    writeFileSync(join(folder, String(epoch).padStart(6, '0')), bytes)
  }
  return folder
}

function startChild(lake: string, committables: string, slot: number, crash = ''): ChildProcess {
  const args = [
    '--import',
    'tsx',
    childPath,
    join(lake, 'orders'),
    committables,
    String(slot),
    crash,
  ]
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function go(children: readonly ChildProcess[]): Promise<string[]> {
  await Promise.all(children.map((child) => child.stdout && once(child.stdout, 'data')))
  const outputs = children.map(async (child) => (child.stdout ? text(child.stdout) : ''))
  const ends = children.map((child) => once(child, 'exit'))
  for (const child of children) child.stdin?.write('go\n')
  await Promise.all(ends)
  return Promise.all(outputs)
}

function sorted(rows: readonly Record<string, unknown>[]): string[] {
  return rows.map((row) => String(row.order_id)).sort()
}

describe('a process that is killed while it commits', () => {
  for (const step of steps) {
    for (const epoch of [1, 2]) {
      test(`at ${step} of commit ${epoch} leaves the old or the new rows`, async () => {
        const lake = temporaryLake()
        const committables = await storeEpochs(lake, 0, 3, 0, 10)
        const child = startChild(lake, committables, 0, `${step}:${epoch}`)
        await go([child])
        expect(child.signalCode).toBe('SIGKILL')

        const isCommitted = steps.indexOf(step) >= steps.indexOf('delta.linked')
        const done = isCommitted ? epoch : epoch - 1
        expect(await listTables(lake)).toEqual(done === 0 ? [] : ['orders'])
        if (done > 0) expect(await allRows(lake, 'orders')).toEqual(orderRows(0, done * 10))

        const sink = sinkOn(lake, { term: 2 })
        const kept = readdirSync(committables).sort()
        await sink.sweep(kept.map((name) => readFileSync(join(committables, name))))
        for (const name of kept) {
          const bytes = readFileSync(join(committables, name))
          await sink.deliver(bytes, permitFor(Number(name)))
        }
        expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 30))
      })
    }
  }

  test('leaves temporary files that readers skip and its next sweep removes', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    await sink.deliver(await prepared(sink, 1, orderRows(0, 1)), permitFor(1))
    const [dataFile = ''] = readdirSync(join(lake, 'orders')).filter((name) => /-t1-/.test(name))
    const prefix = dataFile.slice(0, dataFile.indexOf('t1-'))
    const log = join(lake, 'orders', '_delta_log')
    writeFileSync(join(log, `.${prefix}0000.tmp`), '{"half')
    writeFileSync(join(log, '.someone-else.tmp'), '{"half')
    expect(await allRows(lake, 'orders')).toEqual(orderRows(0, 1))
    await sinkOn(lake, { term: 2 }).sweep([])
    expect(readdirSync(log).sort()).toEqual(['.someone-else.tmp', '00000000000000000000.json'])
  })
})

describe('two processes that append to one table', () => {
  test('both keep all their rows in 200 races for a version', { timeout: 120_000 }, async () => {
    const lake = temporaryLake()
    const folders = [await storeEpochs(lake, 0, 200, 0, 1), await storeEpochs(lake, 1, 200, 200, 1)]
    const outputs = await go(folders.map((folder, slot) => startChild(lake, folder, slot)))
    const lost = outputs.map((output) => Number(/lost (\d+)/.exec(output)?.[1]))
    expect(lost[0]! + lost[1]!).toBeGreaterThan(0)
    expect(readdirSync(join(lake, 'orders', '_delta_log'))).toHaveLength(400)
    expect(sorted(await allRows(lake, 'orders'))).toEqual(sorted(orderRows(0, 400)))
  })

  test('that race for the creation of the table both survive', async () => {
    const lake = temporaryLake()
    const sinks = [0, 1, 2, 3].map((slot) => sinkOn(lake, { slot }))
    const committables = await Promise.all(
      sinks.map((sink, slot) => prepared(sink, 1, orderRows(slot * 5, slot * 5 + 5))),
    )
    await Promise.all(
      sinks.map((sink, slot) =>
        sink.deliver(committables[slot] ?? new Uint8Array(), permitFor(1, slot)),
      ),
    )
    expect(sorted(await allRows(lake, 'orders'))).toEqual(sorted(orderRows(0, 20)))
  })

  test('give up with a named error when every version is taken by others', async () => {
    const lake = temporaryLake()
    const sink = sinkOn(lake)
    const bytes = await prepared(sink, 1, orderRows(0, 1))
    const rival = sinkOn(lake, { slot: 1 })
    const rivals: Uint8Array[] = []
    for (let epoch = 1; epoch <= 3; epoch++)
      rivals.push(await prepared(rival, epoch, orderRows(9, 10)))
    await rival.deliver(rivals[0] ?? new Uint8Array(), permitFor(1, 1))
    const log = join(lake, 'orders', '_delta_log')
    let version = 1
    const committer = new DeltaCommitter({
      table: 'orders',
      folder: join(lake, 'orders'),
      clock: systemClock,
      temporaryPrefix: 'p-',
      attemptsMax: 5,
      // Somebody takes each version just before we link it.
      hook: (step) => {
        if (step !== 'delta.temporary.synced') return
        const name = `${String(version++).padStart(20, '0')}.json`
        writeFileSync(join(log, name), '{"commitInfo":{"operation":"WRITE","timestamp":1}}\n')
      },
    })
    await expect(committer.deliver(bytes, permitFor(1))).rejects.toThrow('LAKE_CONTENDED')
    await sink.deliver(bytes, permitFor(1))
    expect(sorted(await allRows(lake, 'orders'))).toEqual(['o0', 'o9'])
  })
})
