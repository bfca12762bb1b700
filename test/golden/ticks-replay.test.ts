// Recorded ticks, applied again. A job runs live while channels fall silent and timers go by the wall
// clock; a savepoint is taken early and restored later, when all records are there at once and the
// clock is another. What comes out is what came out the first time, row for row (windows that close
// at once are compared without order: channels may interleave otherwise). Time is scripted: the clock
// moves when the loop waits. The seed is in the name of each case.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { rowEncoder, topicSink, valuesOf } from '../../connectors/log/index.ts'
import { JobStore, restoreSavepoint, savepointsFolder } from '../../engine/checkpoint/index.ts'
import { planJob } from '../../engine/graph/index.ts'
import { type Deployment, Slot, SlotControl } from '../../engine/runtime/index.ts'
import { CollectingSink, type Row } from '../support/collecting-sink.ts'
import { temporaryFolder } from '../support/connectors.ts'
import { LineSource } from '../support/line-source.ts'
import { ScriptedClock } from '../support/scripted-clock.ts'
import { type Arrival, arrivalsOf, NOON, SECOND, watched } from './watched-job.ts'

type Rows = Readonly<Record<'windows' | 'late' | 'reminders', Row[]>>

const noRows = (): Rows => ({ windows: [], late: [], reminders: [] })

interface LiveRun {
  readonly folder: string
  readonly startMicros: number
  readonly rows: Rows
  readonly sources: Readonly<Record<string, LineSource>>
  /** Told the time whenever it moves, with a way to stop. */
  onMove(micros: number, stop: () => void): void
}

async function live(run: LiveRun): Promise<void> {
  const store = JobStore.open(run.folder)
  const control = new SlotControl()
  const clock = new ScriptedClock(run.startMicros, (micros) => {
    run.onMove(micros, () => control.stop())
  })
  const deployment: Deployment = {
    source: ({ name }) => run.sources[name] ?? new LineSource([[]]),
    sink: ({ description }) => {
      const { name } = description
      const rows = Object.entries(run.rows).find(([known]) => known === name)?.[1] ?? []
      return { kind: 'decision', sink: new CollectingSink(rows) }
    },
    ownTopic: (name, { schema: of, slot, lineage, job: owner }) =>
      topicSink({
        topic: `${owner}.${name}`,
        partitions: 1,
        format: 'json',
        encoder: rowEncoder(of, 'json'),
        slot,
        lineage,
        clock,
      }),
    ownRecords: valuesOf,
    close: async () => {},
  }
  const plan = planJob(watched.build(), () => 1)
  const claim = store.claim({ job: 'watched', slots: 1, topology: {} })
  const slot = new Slot({
    plan,
    deployment,
    store: store.slot(0, claim),
    decided: store.reader(),
    settings: {
      slot: 0,
      claim,
      mode: 'live',
      epochMicros: 700_000,
      heartbeatMicros: 60 * SECOND,
    },
    control,
    clock,
  })
  await slot.run()
  await store.reader().close()
}

interface History {
  readonly folder: string
  /** Rows of the whole history, and how many there were at the savepoint. */
  readonly rows: Rows
  readonly before: Readonly<Record<string, number>>
  readonly arrivals: readonly Arrival[]
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Runs live to a third, saves, runs live to the end of the script. */
async function history(seed: number): Promise<History> {
  const folder = join(temporaryFolder(), 'run')
  folders.push(folder)
  const arrivals = arrivalsOf(seed)
  const sources = { left: new LineSource([[]], LIVE), right: new LineSource([[]], LIVE) }
  const rows = noRows()
  let fed = 0
  const runUntil = (startMicros: number, endMicros: number) =>
    live({
      folder,
      startMicros,
      rows,
      sources,
      onMove(micros, stop) {
        for (let next = arrivals[fed]; next !== undefined; next = arrivals[fed]) {
          if (next.atMicros > micros) break
          sources[next.side].lines[0]?.push(next.line)
          fed++
        }
        if (micros >= endMicros) stop()
      },
    })
  const third = arrivals[Math.floor(arrivals.length / 3)]?.atMicros ?? NOON
  const end = (arrivals.at(-1)?.atMicros ?? NOON) + 12 * SECOND
  await runUntil(NOON, third)
  const store = JobStore.open(folder)
  await store.createSavepoint('early')
  await store.close()
  const before = Object.fromEntries(Object.entries(rows).map(([name, all]) => [name, all.length]))
  await runUntil(third + SECOND, end)
  return { folder, rows, before, arrivals }
}

const LIVE = { isLive: true } as const

async function restore(folder: string, into = folder): Promise<boolean> {
  const report = await restoreSavepoint({
    savepoints: savepointsFolder(folder),
    name: 'early',
    into,
    job: 'watched',
    topology: {},
    replace: true,
    carry: 'watched.ticks',
  })
  return report.carries
}

/**
 * Runs the restored history a day later, with all records at hand, until it has the rows of the
 * first, or a minute went by. With `stops` it is stopped and goes on so often on the way.
 */
async function again(of: History, folder: string, stops: number, batchRecords: number) {
  const linesOf = (side: string) =>
    of.arrivals.filter((each) => each.side === side).map(({ line }) => line)
  const rows = noRows()
  const wanted = rowsBehind(of)
  const isThere = () =>
    Object.entries(wanted).every(([name, all]) => lengthOf(rows, name) >= all.length)
  for (let run = 0; run <= stops; run++) {
    const startMicros = NOON + (24 + run) * 3600 * SECOND
    const source = (side: string) => new LineSource([linesOf(side)], { ...LIVE, batchRecords })
    const atRun = total(rows)
    await live({
      folder,
      startMicros,
      rows,
      sources: { left: source('left'), right: source('right') },
      onMove(micros, stop) {
        const isOver = isThere() || micros > startMicros + 60 * SECOND
        if (isOver || (run < stops && total(rows) > atRun + 5)) stop()
      },
    })
  }
  return rows
}

const lengthOf = (rows: Rows, name: string) =>
  Object.entries(rows).find(([known]) => known === name)?.[1].length ?? 0
const total = (rows: Rows) => Object.values(rows).reduce((sum, all) => sum + all.length, 0)

/** What the first history decided after the savepoint. */
function rowsBehind({ rows, before }: History): Record<string, Row[]> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, all]) => [name, ordered(name, all.slice(before[name] ?? 0))]),
  )
}

function ordered(name: string, rows: readonly Row[]): Row[] {
  if (name === 'reminders') return [...rows]
  const text = (row: Row) => JSON.stringify(Object.values(row).map(String))
  return [...rows].sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

/** The first rows of a run, as many as the first history had; later ones are of later ticks. */
function sameMany(rows: Rows, wanted: Record<string, Row[]>): Record<string, Row[]> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, all]) => {
      return [name, ordered(name, all.slice(0, wanted[name]?.length))]
    }),
  )
}

describe.each([1, 2, 3, 4])('a live history with silent channels, seed %i', (seed) => {
  test('comes out again from a savepoint of its beginning, in batches of any size', async () => {
    const first = await history(seed)
    const wanted = rowsBehind(first)
    for (const rows of Object.values(wanted)) expect(rows.length).toBeGreaterThan(0)
    for (const batchRecords of [1, 5, 1024]) {
      // Each restore replaces the run of the one before, which went on from the same savepoint.
      expect(await restore(first.folder)).toBe(true)
      const rows = await again(first, first.folder, 0, batchRecords)
      expect(sameMany(rows, wanted)).toEqual(wanted)
    }
  })

  test('comes out again when the run is stopped on the way', async () => {
    const first = await history(seed)
    const wanted = rowsBehind(first)
    expect(await restore(first.folder)).toBe(true)
    expect(sameMany(await again(first, first.folder, 4, 7), wanted)).toEqual(wanted)
  })

  test('comes out otherwise where its ticks are not at hand', async () => {
    const first = await history(seed)
    const other = join(temporaryFolder(), 'run')
    expect(await restore(first.folder, other)).toBe(false)
    const wanted = rowsBehind(first)
    expect(sameMany(await again(first, other, 0, 1024), wanted)).not.toEqual(wanted)
  })
})

test('records that are gone stop the run by name, before another time is made up', async () => {
  const first = await history(1)
  expect(await restore(first.folder)).toBe(true)
  const lost = { ...first, arrivals: first.arrivals.slice(0, 30) }
  await expect(again(lost, first.folder, 0, 1024)).rejects.toThrow(/TICK_UNREACHABLE/)
})

test('ticks of another history are left alone', async () => {
  const first = await history(1)
  const other = await history(2)
  const request = { savepoints: savepointsFolder(first.folder), name: 'early', job: 'watched' }
  const into = { into: other.folder, topology: {}, replace: true, carry: 'watched.ticks' }
  expect((await restoreSavepoint({ ...request, ...into })).carries).toBe(false)
})
