// Question: how long is it from an append to a topic until its value can be read online?
// Shapes: a live worker in a process of its own (embedded log → newest record a key → online view,
// exactly once), an appender that sends one record every few milliseconds, and a reader that looks
// for each record every 2 ms; epochs of 1 s and of 100 ms.
// It should not win against a store that is written at once and promises nothing: a value becomes
// readable when its epoch is decided, so the middle lies at half an epoch.
// Usage: npm run build && node dist/bench/freshness.js [--small]
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type EmbeddedLog, openLog } from '../connectors/log/index.ts'
import { OnlineReader } from '../connectors/online/index.ts'
import { JobStore, type StoreReader } from '../engine/checkpoint/index.ts'
import { systemClock } from '../engine/clock.ts'
import { jobFolder, logFolder } from '../jobs/run/data-folder.ts'
import { compiled, hasFlag, isProgram, print, remark, withFolder } from './support/command-line.ts'
import { type Spread, spread } from './support/statistics.ts'

export const small = { stamps: 30, everyMs: 10, epochs: [100] }
export const large = { stamps: 3000, everyMs: 10, epochs: [1000, 100] }
export type FreshnessShape = typeof small

export interface FreshnessResult {
  readonly epochMs: number
  /** From before the append until a reader in another process had the value. */
  readonly readableMs: Spread
  /** Until the append was durable; part of the above. */
  readonly appendMs: Spread
}

/** The first records find a worker that has just started; they are not counted. */
const WARM_STAMPS = 10
const SENSORS = 400
const LOOK_EVERY_MS = 2
const PATIENCE_MS = 30_000

export async function run(shape: FreshnessShape): Promise<FreshnessResult[]> {
  const results: FreshnessResult[] = []
  for (const epochMs of shape.epochs) {
    results.push(await withFolder((data) => measure(data, shape, epochMs)))
    remark(`epochs of ${epochMs} ms: ${JSON.stringify(results.at(-1))}`)
  }
  return results
}

async function measure(data: string, { stamps, everyMs }: FreshnessShape, epochMs: number) {
  const log = openLog(logFolder(data))
  log.create('stamps', { partitions: 1 })
  const worker = startWorker(data, epochMs)
  const closed = once(worker, 'close')
  try {
    const pending = new PendingStamps(log)
    await pending.send(-1)
    const reader = await openReader(worker, jobFolder(data, 'freshness').run)
    const readable = watch(pending, reader, stamps + WARM_STAMPS)
    for (let number = 0; number < stamps + WARM_STAMPS; number++) {
      await systemClock.delay(everyMs + (number % 7))
      await pending.send(number)
    }
    const readableMs = await readable
    await reader.close()
    const appendMs = pending.appendMs.slice(WARM_STAMPS)
    return { epochMs, readableMs: spread(readableMs), appendMs: spread(appendMs) }
  } finally {
    worker.kill('SIGTERM')
    await closed
    await log.close()
  }
}

function startWorker(data: string, epochMs: number): ChildProcess {
  const job = compiled('bench', 'freshness-job.js')
  const args = [compiled('jobs', 'main.js'), 'run', job, '--data', data, '--epoch', `${epochMs}`]
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Stamps that were appended and not yet read. */
class PendingStamps {
  readonly sentAtMs = new Map<number, number>()
  readonly appendMs: number[] = []
  readonly #log: EmbeddedLog

  constructor(log: EmbeddedLog) {
    this.#log = log
  }

  async send(number: number): Promise<void> {
    const sensor = sensorOf(number)
    const value = Buffer.from(
      `{"sensor":"${sensor}","number":${number},"sent_at":${systemClock.nowMicros()}}`,
    )
    const sentAtMs = systemClock.elapsedMs()
    if (number >= 0) this.sentAtMs.set(number, sentAtMs)
    await this.#log.append('stamps', 0, [{ key: Buffer.from(sensor), value }])
    if (number >= 0) this.appendMs.push(systemClock.elapsedMs() - sentAtMs)
  }
}

function sensorOf(number: number): string {
  return `sensor-${number % SENSORS}`
}

/** Looks for every pending stamp until all were read; how long each took, warm ones only. */
async function watch(pending: PendingStamps, reader: StoreReader, stamps: number) {
  const online = new OnlineReader(
    {
      read: (work) =>
        work({
          get: (key) => reader.get('online', key),
          range: (from, to) => reader.range('online', from, to),
        }),
    },
    systemClock,
  )
  const readableMs: number[] = []
  let seen = 0
  let progressAtMs = systemClock.elapsedMs()
  while (seen < stamps) {
    await systemClock.delay(LOOK_EVERY_MS)
    for (const [number, sentAtMs] of pending.sentAtMs) {
      const answer = online.get('stamps', { sensor: sensorOf(number) })
      if (Number(answer.values?.number ?? -1) < number) continue
      const nowMs = systemClock.elapsedMs()
      pending.sentAtMs.delete(number)
      progressAtMs = nowMs
      seen++
      if (number >= WARM_STAMPS) readableMs.push(nowMs - sentAtMs)
    }
    if (systemClock.elapsedMs() - progressAtMs > PATIENCE_MS) throw new Error('nothing comes')
  }
  return readableMs
}

/** Waits until the worker's first epoch made the view. */
async function openReader(worker: ChildProcess, folder: string): Promise<StoreReader> {
  const started = systemClock.elapsedMs()
  while (worker.exitCode === null && systemClock.elapsedMs() - started < PATIENCE_MS) {
    await systemClock.delay(50)
    if (JobStore.jobOf(folder) === undefined) continue
    const reader = JobStore.openReadOnly(folder)
    if ((reader.job()?.epochs[0] ?? 0) > 0) return reader
    await reader.close()
  }
  throw new Error('the worker decided no epoch')
}

if (isProgram(import.meta.url)) print(await run(hasFlag('small') ? small : large))
