// Replay-equal: the main job's final rows are a function of the records in its topics. Whatever cuts
// the batches, however many slots work, live or bounded, killed or not: the same rows in the output
// topic, the lake and the online store. The seed of the kills is printed (FAULTS_SEED gives it).
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { chanceSeed, type Random, seededRandom } from '../../engine/clock.ts'
import { expectedRows } from '../faults/expected-rows.ts'
import { faultEvents, shippedOrders, writeLines } from '../faults/fault-events.ts'
import { appendOrders, partitioned } from '../faults/orders-topic.ts'
import {
  type ProgramEnd,
  type RunSettings,
  removeFolder,
  runProgram,
  startRun,
  workFolder,
} from '../faults/program.ts'
import { compareSinks, hashOf, lakeRows, readSinks, startsOf } from '../faults/sinks-checker.ts'

const isFull = process.env.FAULTS === 'full'
const seed = Number(process.env.FAULTS_SEED ?? chanceSeed())
const KILLS = isFull ? 100 : 20
const CHAINS = 2
const PARTITIONS = 4
const TIMEOUT_MS = isFull ? 900_000 : 300_000

const work = workFolder()
const events = isFull ? shippedOrders() : faultEvents(2500)
const parts = partitioned(events, PARTITIONS)
const whole = expectedRows([events])
const split = expectedRows(parts)
const file = join(work, 'orders.jsonl')
const hashes: string[] = []

beforeAll(() => writeLines(file, events))

afterAll(() => {
  process.stdout.write(
    `\nreplay-equal, seed ${seed}, ${events.length} records\n${hashes.join('\n')}\n`,
  )
  removeFolder(work)
})

/** Runs to the end and checks every sink against the fold; notes the hash. */
async function ends(name: string, settings: RunSettings, expected: typeof whole): Promise<void> {
  mkdirSync(settings.data, { recursive: true })
  succeeded(await runProgram(settings))
  await holds(name, settings.data, expected)
}

async function holds(name: string, data: string, expected: typeof whole): Promise<void> {
  const found = await readSinks(data)
  expect(compareSinks(found, expected)).toEqual({ lost: 0, duplicated: 0, wrong: 0, examples: [] })
  expect(hashOf(found)).toBe(hashOf(expected))
  hashes.push(`${hashOf(found)} ${name} (${await startsOf(data)} starts)`)
}

function succeeded(end: ProgramEnd): void {
  expect(end, end.words).toMatchObject({ code: 0, signal: null })
}

test('both forms of the input give the same windows where no record is late', () => {
  expect(split.lake.length).toBeGreaterThan(10_000)
  expect(whole.late.length).toBeGreaterThan(0)
  expect(whole.deadLetters.length).toBeGreaterThan(0)
})

describe.concurrent('the main job gives the same final rows', () => {
  for (const batch of [1, 7, 1024]) {
    test(`over a file in batches of ${batch}`, { timeout: TIMEOUT_MS }, async () => {
      const data = join(work, `file-${batch}`)
      await ends(`file, batches of ${batch}`, { data, inputs: [`orders=${file}`], batch }, whole)
    })
  }

  test('over a topic of one partition as over the file', { timeout: TIMEOUT_MS }, async () => {
    const data = join(work, 'topic-1')
    await appendOrders(data, [events])
    await ends('topic of 1 partition', { data }, whole)
  })

  const settings = [
    { slots: 1, batch: 1024 },
    { slots: 2, batch: 7 },
    { slots: 3, batch: 1 },
  ]
  for (const { slots, batch } of settings) {
    const name = `4 partitions in ${slots} slots, batches of ${batch}`
    test(`over ${name}`, { timeout: TIMEOUT_MS }, async () => {
      const data = join(work, `slots-${slots}`)
      await appendOrders(data, parts)
      await ends(name, { data, slots, batch }, split)
    })
  }

  test(
    'live for the windows that are closed, and bounded from there',
    async () => {
      const data = join(work, 'live')
      const pieces = sliced(parts, 6)
      await appendOrders(data, pieces[0] ?? [])
      const run = startRun({ data, slots: 2, epochMs: 50, isLive: true })
      await seesRaw(data, 1)
      for (const piece of pieces.slice(1)) await appendOrders(data, piece)
      await seesRaw(data, split.raw.length)
      run.child.kill('SIGTERM')
      succeeded(await run.ended)
      await holds('live, 2 slots', data, expectedRows(parts, { isLive: true }))
      await ends('live, then bounded in 3 slots', { data, slots: 3 }, split)
    },
    TIMEOUT_MS,
  )

  for (let chain = 0; chain < CHAINS; chain++) {
    const name = `killed ${KILLS / CHAINS} times in 1 to 3 slots, chain ${chain}`
    test(name, { timeout: TIMEOUT_MS }, async () => {
      const data = join(work, `killed-${chain}`)
      await appendOrders(data, parts)
      const kills = await killedRuns(data, seededRandom(seed + chain))
      expect(kills).toBe(KILLS / CHAINS)
      await ends(name, { data, slots: 2 }, split)
    })
  }
})

/** Kills runs of one history at random moments; returns how many were killed. */
async function killedRuns(data: string, random: Random): Promise<number> {
  let kills = 0
  for (let runs = 0; kills < KILLS / CHAINS && runs < 2 * KILLS; runs++) {
    const slots = 1 + Math.floor(random() * 3)
    const batch = 1 + Math.floor(random() * 16)
    const before = writtenAt(data)
    const run = startRun({ data, slots, batch, epochMs: 20 })
    const delayMs = random() * 1200
    // Most kills come after the process took the job over; one in five may come while it starts.
    const isEarly = random() < 0.2
    const isOver = () => run.child.exitCode !== null
    const isReady = () => isEarly || isOver() || writtenAt(data) !== before
    await vi.waitUntil(isReady, { timeout: 100_000, interval: 20 })
    const killed = setTimeout(() => run.child.kill('SIGKILL'), delayMs)
    const end = await run.ended
    clearTimeout(killed)
    if (end.signal === 'SIGKILL') kills++
    else succeeded(end)
  }
  return kills
}

/** When the job's store was written last. */
function writtenAt(data: string): number {
  const path = join(data, 'jobs/fraud-features/run/data.mdb')
  return existsSync(path) ? statSync(path).mtimeMs : 0
}

/** Resolves when the lake shows so many records. */
async function seesRaw(data: string, rows: number): Promise<void> {
  const folder = join(data, 'lake/raw/orders')
  await vi.waitUntil(() => lakeRows(folder).length >= rows, { timeout: 30_000, interval: 100 })
}

/** Cuts every partition into `count` pieces; piece i has the i-th of each. */
function sliced(all: readonly Buffer[][], count: number): Buffer[][][] {
  return Array.from({ length: count }, (_, i) =>
    all.map((lines) => {
      const at = (piece: number) => Math.floor((lines.length * piece) / count)
      return lines.slice(at(i), at(i + 1))
    }),
  )
}
