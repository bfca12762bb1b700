// What a person or a supervisor does wrong, or to a running program: each is answered by one line with
// a code and by an exit code, and nothing that was decided changes.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { JobStore } from '../../engine/checkpoint/index.ts'
import { SHUTDOWN_DEADLINE_MS } from '../../engine/limits.ts'
import { expectedRows } from './expected-rows.ts'
import { faultEvents, writeLines } from './fault-events.ts'
import { appendOrders, partitioned } from './orders-topic.ts'
import {
  hasSaid,
  type ProgramEnd,
  removeFolder,
  runProgram,
  startRun,
  workFolder,
} from './program.ts'
import { compareSinks, hashOf, lakeRows, readSinks, type SinkRows } from './sinks-checker.ts'

const NOTHING_WRONG = { lost: 0, duplicated: 0, wrong: 0, examples: [] }
const TIMEOUT_MS = 150_000
const work = workFolder()
const events = faultEvents(900)
const parts = partitioned(events, 2)

afterAll(() => removeFolder(work))

/** A data folder of its own and an input file in it. */
function place(name: string) {
  const folder = join(work, name)
  mkdirSync(folder)
  const file = join(folder, 'orders.jsonl')
  writeLines(file, events)
  return { data: join(folder, 'data'), file, inputs: [`orders=${file}`] }
}

function failsWith(end: ProgramEnd, code: number, words: RegExp): void {
  expect(end.words).toMatch(words)
  expect(end).toMatchObject({ code, out: '' })
}

describe.concurrent('a command that can not be carried out', () => {
  test('names a job file that is not there', { timeout: TIMEOUT_MS }, async () => {
    const { data } = place('no-job')
    const end = await runProgram({ data, job: join(work, 'none.ts') })
    failsWith(end, 2, /^JOB_FILE_MISSING: .*none\.ts.*\n$/)
  })

  test('names a topic that the job does not read, and those it does', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data, file } = place('no-topic')
    const end = await runProgram({ data, inputs: [`oders=${file}`] })
    failsWith(end, 2, /^NAME_UNKNOWN: --in names "oders".*expected one of orders.*\n$/)
  })

  test('names an input file that is not there', { timeout: TIMEOUT_MS }, async () => {
    const { data, file } = place('no-file')
    const end = await runProgram({ data, inputs: [`orders=${file}.gone`] })
    failsWith(end, 2, /^INPUT_MISSING: .*orders\.jsonl\.gone.*\n$/m)
  })
})

describe.concurrent('a data folder that was used', () => {
  test('says that nothing is new when the input was read to its end', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data, inputs } = place('again')
    expect(await runProgram({ data, inputs })).toMatchObject({ code: 0 })
    const first = hashOf(await readSinks(data))
    const end = await runProgram({ data, inputs })
    expect(end).toMatchObject({ code: 0 })
    expect(JSON.parse(end.out)).toMatchObject({ state: 'ended', events: 0 })
    expect(hashOf(await readSinks(data))).toBe(first)
    expect(first).toBe(hashOf(expectedRows([events])))
  })

  test('goes on in a file that became longer before its end was read', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data, file, inputs } = place('longer')
    const failpoint = 'commit.after:2'
    const killed = await runProgram({ data, inputs, batch: 32, epochMs: 10, failpoint })
    expect(killed.signal).toBe('SIGKILL')
    const more = events.slice(100, 103)
    appendFileSync(file, Buffer.concat(more.flatMap((line) => [line, Buffer.from('\n')])))
    expect(await runProgram({ data, inputs })).toMatchObject({ code: 0 })
    const expected = expectedRows([[...events, ...more]])
    expect(compareSinks(await readSinks(data), expected)).toEqual(NOTHING_WRONG)
  })

  test('refuses an input that is not what it had read, and changes nothing', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data, file, inputs } = place('changed')
    const failpoint = 'commit.after:2'
    await runProgram({ data, inputs, batch: 32, epochMs: 10, failpoint })
    const before = decidedOf(await readSinks(data))
    const text = readFileSync(file, 'latin1')
    writeFileSync(file, text.replace('"order_total":50.12', '"order_total":50.13'), 'latin1')
    const end = await runProgram({ data, inputs })
    failsWith(end, 2, /^INPUT_CHANGED: .*\n$/m)
    expect(decidedOf(await readSinks(data))).toEqual(before)
    expect(before.deadLetters.length + before.online.length).toBeGreaterThan(0)
    writeFileSync(file, text, 'latin1')
    expect(await runProgram({ data, inputs })).toMatchObject({ code: 0 })
    expect(compareSinks(await readSinks(data), expectedRows([events]))).toEqual(NOTHING_WRONG)
  })

  test('refuses other sinks with the difference', { timeout: TIMEOUT_MS }, async () => {
    const { data, inputs } = place('topology')
    expect(await runProgram({ data, inputs })).toMatchObject({ code: 0 })
    const end = await runProgram({ data, inputs, more: ['--only', 'fraud-features'] })
    failsWith(end, 1, /^TOPOLOGY_DIFFERS: .*only.*\n$/m)
    expect(compareSinks(await readSinks(data), expectedRows([events]))).toEqual(NOTHING_WRONG)
  })
})

describe.concurrent('a running program', () => {
  test('ends when another process takes its data folder over, and changes nothing more', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data } = place('two')
    await appendOrders(
      data,
      parts.map((lines) => lines.slice(0, 200)),
    )
    const settings = { data, slots: 2, epochMs: 50, isLive: true }
    const first = startRun(settings)
    await vi.waitUntil(() => lakeRows(join(data, 'lake/raw/orders')).length > 0, {
      timeout: 60_000,
    })
    const second = startRun(settings)
    await vi.waitUntil(() => termOf(data) === 2, { timeout: 60_000 })
    await appendOrders(
      data,
      parts.map((lines) => lines.slice(200)),
    )
    const lost = await first.ended
    expect(lost.words).toMatch(/FENCED/)
    expect(lost).toMatchObject({ code: 1, out: '' })
    const raw = expectedRows(parts).raw.length
    await vi.waitUntil(() => lakeRows(join(data, 'lake/raw/orders')).length >= raw, {
      timeout: 60_000,
    })
    second.child.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0, signal: null })
    const expected = expectedRows(parts, { isLive: true })
    expect(compareSinks(await readSinks(data), expected)).toEqual(NOTHING_WRONG)
  })

  test('commits a last epoch at SIGTERM and ends with 0 before the deadline', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data } = place('stopped')
    await appendOrders(data, parts)
    const run = startRun({ data, epochMs: 600_000, isLive: true })
    // Nothing but the last epoch can decide anything here: epochs are ten minutes long.
    await hasSaid(run, new RegExp(`running, ${events.length} events`))
    expect((await readSinks(data)).raw).toHaveLength(0)
    const said = hasSaid(run, /committing a last epoch/)
    const asked = performance.now()
    run.child.kill('SIGTERM')
    await said
    const end = await run.ended
    expect(performance.now() - asked).toBeLessThan(SHUTDOWN_DEADLINE_MS)
    expect(end).toMatchObject({ code: 0, signal: null })
    expect(JSON.parse(end.out)).toMatchObject({ state: 'stopped', events: events.length })
    // By then a partition may be idle, so that time has moved on and closed windows more.
    const { raw, late, deadLetters } = expectedRows(parts)
    const found = await readSinks(data)
    const expected = { ...found, topic: found.lake, raw, late, deadLetters }
    expect(compareSinks(found, expected)).toEqual(NOTHING_WRONG)
    const { lake } = expectedRows(parts, { isLive: true })
    expect(found.lake.length).toBeGreaterThanOrEqual(lake.length)
  })

  test('ends at once at a second SIGTERM, and the next start goes on', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { data, inputs } = place('twice')
    const job = fileURLToPath(new URL('./slow-job.ts', import.meta.url))
    const run = startRun({ data, inputs, job })
    await hasSaid(run, /standing still/)
    const asked = performance.now()
    // Signals within 300 ms count as one, as a process group gets them.
    const signals = setInterval(() => run.child.kill('SIGTERM'), 200)
    const end = await run.ended
    clearInterval(signals)
    expect(end.signal).toBe('SIGKILL')
    expect(end.words).toMatch(/next start goes on/)
    expect(performance.now() - asked).toBeLessThan(5000)
  })
})

/** Everything of the deciding transaction; the lake follows it. */
function decidedOf(rows: SinkRows): SinkRows {
  return { ...rows, lake: [], raw: [], late: [] }
}

function termOf(data: string): number {
  const folder = join(data, 'jobs/fraud-features/run')
  if (JobStore.jobOf(folder) === undefined) return 0
  const store = JobStore.openReadOnly(folder)
  const term = store.job()?.term ?? 0
  void store.close()
  return term
}
