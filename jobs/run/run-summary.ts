// What a run did, as data and as text for a person.
import type { Clock } from '../../engine/clock.ts'
import type { JobState, SlotStatus } from '../../engine/runtime/index.ts'
import { count } from './progress.ts'
import type { PreparedRun } from './run-job.ts'

export interface RunSummary {
  readonly job: string
  readonly state: JobState
  /** Records read in this run: good, late and refused ones. */
  readonly events: number
  /** Rows by sink in this run. */
  readonly rows: Readonly<Record<string, number>>
  /** Late records by operator. */
  readonly late: Readonly<Record<string, number>>
  /** Dead letters by code. */
  readonly deadLetters: Readonly<Record<string, number>>
  /** Last decided epoch of each slot. */
  readonly epochs: readonly number[]
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly data: string
}

export function summaryOf(run: PreparedRun, state: JobState, clock: Clock): RunSummary {
  const { statuses } = run.supervisor
  const seconds = (clock.elapsedMs() - run.startedMs) / 1000
  const busyMs = Math.max(1, ...statuses.map(workingMs))
  const events = statuses.reduce((sum, status) => sum + status.recordsIn, 0)
  return {
    job: run.plan.job,
    state,
    events,
    rows: summed(statuses.map((status) => status.counters.rows_out ?? {})),
    late: summed(statuses.map((status) => status.counters.late ?? {})),
    deadLetters: summed(statuses.map((status) => status.deadLetters)),
    epochs: statuses.map((status) => status.epoch),
    seconds: Math.round(seconds * 1000) / 1000,
    eventsPerSecond: Math.round((events / busyMs) * 1000),
    data: run.options.data,
  }
}

export function summaryText(summary: RunSummary): string {
  const { events, epochs, seconds, eventsPerSecond, state } = summary
  if (events === 0) {
    return `${summary.job}: nothing new since epoch ${Math.max(0, ...epochs)} (${state}).\n`
  }
  const lines = [
    `${summary.job}: ${state} after ${seconds.toFixed(1)} s`,
    `  events read     ${count(events)} (${count(eventsPerSecond)}/s while working)`,
    ...Object.entries(summary.rows).map(
      ([sink, rows]) => `  rows written    ${count(rows)} to ${sink}`,
    ),
    `  late events     ${described(summary.late, 'at ')}`,
    `  dead letters    ${described(summary.deadLetters)}`,
    `  epochs          ${epochs.join(', ')}`,
    `  data            ${summary.data}`,
  ]
  return `${lines.join('\n')}\n`
}

function workingMs(status: SlotStatus): number {
  return status.busyMs + status.epochMs + status.backPressureMs
}

function described(counts: Readonly<Record<string, number>>, before = ''): string {
  const entries = Object.entries(counts)
  if (entries.length === 0) return 'none'
  return entries.map(([name, value]) => `${count(value)} ${before}${name}`).join(', ')
}

function summed(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) total[name] = (total[name] ?? 0) + value
  }
  return total
}
