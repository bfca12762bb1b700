// A program: runs a job as `millrace run` does (main thread, slots in worker threads, a data folder)
// and prints as JSON what it measured. It takes the run's options as one JSON argument. It differs
// from the command only in that it looks at the slots' statuses while they run.
import { systemClock } from '../../engine/clock.ts'
import type { SlotStatus } from '../../engine/runtime/index.ts'
import { type PreparedRun, prepareRun } from '../../jobs/run/run-job.ts'
import type { RunOptions } from '../../jobs/run/run-options.ts'
import { isProgram } from './command-line.ts'
import { LOOK_EVERY_MS, ProgressSamples } from './progress-samples.ts'
import { perSecond, type Spread, spread } from './statistics.ts'

export interface TimedRun {
  readonly events: number
  readonly rows: Readonly<Record<string, number>>
  /** From the start of the slots' threads until the last epoch was decided and delivered. */
  readonly seconds: number
  readonly eventsPerSecond: number
  /** Without what the threads need to start: as the summary of `millrace run` has it. */
  readonly workingPerSecond: number
  /** The first fifth of the events, with all that a start costs; then up to nine tenths. */
  readonly firstPerSecond: number
  readonly steadyPerSecond: number
  readonly epochs: number
  readonly pauseMs: Spread
  /** Share of the pauses in the time of all slots. */
  readonly pauseShare: number
  readonly stateMbMax: number
}

async function timedRun(options: RunOptions): Promise<TimedRun> {
  const run = await prepareRun(options)
  const startedMs = systemClock.elapsedMs()
  const watch = new Watch(run, new ProgressSamples(startedMs))
  const stopLooking = systemClock.every(LOOK_EVERY_MS, () => watch.look())
  const state = await run.supervisor.run()
  const elapsedMs = systemClock.elapsedMs() - startedMs
  stopLooking()
  watch.look()
  await run.store.reader().close()
  if (state !== 'ended') throw new Error(run.supervisor.error?.message ?? `the run ${state}`)
  return watch.report(elapsedMs)
}

class Watch {
  readonly #run: PreparedRun
  readonly #seen = new Set<SlotStatus>()
  readonly #samples: ProgressSamples
  readonly #pauses: number[] = []
  #stateBytesMax = 0

  constructor(run: PreparedRun, samples: ProgressSamples) {
    this.#run = run
    this.#samples = samples
  }

  look(): void {
    const { statuses } = this.#run.supervisor
    const fresh = statuses.filter((status) => !this.#seen.has(status))
    if (fresh.length === 0) return
    for (const status of fresh) {
      this.#seen.add(status)
      this.#pauses.push(...status.epochDurations)
    }
    const events = statuses.reduce((sum, { recordsIn }) => sum + recordsIn, 0)
    this.#samples.add(systemClock.elapsedMs(), events)
    const bytes = statuses
      .flatMap(({ state }) => Object.values(state))
      .reduce((sum, table) => sum + table.bytes, 0)
    this.#stateBytesMax = Math.max(this.#stateBytesMax, bytes)
  }

  report(elapsedMs: number): TimedRun {
    const { statuses } = this.#run.supervisor
    const events = statuses.reduce((sum, { recordsIn }) => sum + recordsIn, 0)
    const rows: Record<string, number> = {}
    for (const { counters } of statuses) {
      for (const [sink, count] of Object.entries(counters.rows_out ?? {})) {
        rows[sink] = (rows[sink] ?? 0) + count
      }
    }
    return {
      events,
      rows,
      seconds: elapsedMs / 1000,
      eventsPerSecond: perSecond(events, elapsedMs),
      workingPerSecond: perSecond(events, Math.max(...statuses.map(workingMs))),
      ...this.#samples.rates(events),
      epochs: Math.max(...statuses.map(({ epoch }) => epoch)),
      pauseMs: spread(this.#pauses),
      pauseShare:
        this.#pauses.reduce((sum, ms) => sum + ms, 0) / (elapsedMs * Math.max(1, statuses.length)),
      stateMbMax: Math.round(this.#stateBytesMax / 1e6),
    }
  }
}

function workingMs({ busyMs, epochMs, backPressureMs }: SlotStatus): number {
  return busyMs + epochMs + backPressureMs
}

if (isProgram(import.meta.url)) {
  const options: RunOptions = JSON.parse(process.argv[2] ?? '{}')
  process.stdout.write(`${JSON.stringify(await timedRun(options))}\n`)
}
