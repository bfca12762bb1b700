// Metrics: job views and slot statuses as a Prometheus registry. Fed from snapshots that slots report
// anyway, so counting costs the data path nothing. Counters begin anew when a slot restarts, as
// Prometheus expects of a process that starts again.
import { collectDefaultMetrics, type Histogram, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { JobState, SlotStatus } from '../runtime/index.ts'
import type { FeatureAnswer, JobView } from './api-source.ts'
import { type Meters, meters } from './metric-definitions.ts'

const STATES: readonly JobState[] = [
  'created',
  'starting',
  'running',
  'restarting',
  'stopping',
  'ended',
  'stopped',
  'failed',
]
/** Counters of operators that have a metric of their own; the others share one. */
const OWN_COUNTERS = new Set(['records_in', 'rows_out', 'late'])
const MICROS = 1_000_000

export interface MetricsOptions {
  /** Also memory, garbage collection and event-loop lag of this process. */
  readonly process?: boolean
}

/** How a slot spends its time: what the loop measured, seconds since its start. */
interface SlotTimes {
  readonly busy: number
  readonly idle: number
  readonly backpressured: number
  readonly epoch: number
}

export class JobMetrics {
  readonly registry = new Registry()
  readonly #clock: Clock
  readonly #meters: Meters
  /** Statuses whose epochs were counted already. */
  readonly #counted = new WeakSet<SlotStatus>()
  readonly #times = new Map<string, SlotTimes>()
  readonly #epochSeen = new Map<string, { readonly epoch: number; readonly atMs: number }>()

  constructor(clock: Clock, options: MetricsOptions = {}) {
    this.#clock = clock
    this.#meters = meters(this.registry)
    if (options.process === true) collectDefaultMetrics({ register: this.registry })
  }

  /**
   * Takes what a status says only once: the durations of its epochs, and the shares of time since
   * the status before. Call it for each status a slot reports; the same object again is ignored.
   */
  observe(job: string, status: SlotStatus): void {
    if (this.#counted.has(status)) return
    this.#counted.add(status)
    const labels = { job, slot: status.slot }
    for (const ms of status.epochDurations) this.#meters.epochSeconds.observe(labels, ms / 1000)
    const id = `${job}/${status.slot}`
    this.#observeShares(id, labels, status)
    if (this.#epochSeen.get(id)?.epoch !== status.epoch) {
      this.#epochSeen.set(id, { epoch: status.epoch, atMs: this.#clock.elapsedMs() })
    }
  }

  /** `observe` for every status of every job. */
  follow(jobs: readonly JobView[]): void {
    for (const { job, statuses } of jobs) {
      for (const status of statuses) this.observe(job, status)
    }
  }

  /** One lookup in an online view: what was answered, and how old it was. */
  lookedUp(view: string, answers: readonly FeatureAnswer[]): void {
    const { lookups, freshness } = this.#meters
    const nowMicros = this.#clock.nowMicros()
    const counts = { present: 0, not_found: 0, outside_max_age: 0 }
    for (const { status, eventTime, knownTime } of answers) {
      counts[status]++
      if (status !== 'present') continue
      observeAge(freshness, { view, clock: 'event' }, nowMicros, eventTime)
      observeAge(freshness, { view, clock: 'known' }, nowMicros, knownTime)
    }
    for (const [status, count] of Object.entries(counts)) {
      if (count > 0) lookups.inc({ view, status }, count)
    }
  }

  /** One answered HTTP request; `route` is the pattern, never the address with its keys. */
  responded(method: string, route: string, status: number, seconds: number): void {
    this.#meters.httpSeconds.observe({ method, route, status }, seconds)
  }

  /** The registry's text in Prometheus' format, as of these jobs. */
  async text(jobs: readonly JobView[]): Promise<string> {
    this.follow(jobs)
    const { samples } = this.#meters
    for (const sample of Object.values(samples)) sample.reset()
    for (const job of jobs) this.#addJob(job)
    return await this.registry.metrics()
  }

  #addJob(view: JobView): void {
    const { samples } = this.#meters
    const { job } = view
    for (const state of STATES) samples.state.set({ job, state }, view.state === state ? 1 : 0)
    samples.restarts.inc({ job }, view.restarts)
    samples.slots.set({ job }, view.slots)
    for (const status of view.statuses) {
      this.#addSlot(job, status)
      this.#addTasks(job, status)
    }
  }

  #addSlot(job: string, status: SlotStatus): void {
    const { samples } = this.#meters
    const { slot, counters, deadLetters, state } = status
    const labels = { job, slot }
    samples.decidedEpoch.set(labels, status.epoch)
    samples.deliveredEpoch.set(labels, status.deliveredEpoch)
    const seen = this.#epochSeen.get(`${job}/${slot}`)
    if (seen !== undefined) {
      samples.epochAge.set(labels, (this.#clock.elapsedMs() - seen.atMs) / 1000)
    }
    if (status.lastEpoch !== undefined) samples.epochBytes.set(labels, status.lastEpoch.bytes)
    for (const [channel, count] of Object.entries(counters.records_in ?? {})) {
      samples.recordsIn.inc({ ...labels, ...channelLabels(channel) }, count)
    }
    for (const [sink, count] of Object.entries(counters.rows_out ?? {})) {
      samples.rowsOut.inc({ ...labels, sink }, count)
    }
    for (const [operator, count] of Object.entries(counters.late ?? {})) {
      samples.late.inc({ ...labels, operator }, count)
    }
    for (const [name, counts] of Object.entries(counters)) {
      if (OWN_COUNTERS.has(name)) continue
      for (const [operator, count] of Object.entries(counts)) {
        samples.operatorEvents.inc({ ...labels, operator, event: name }, count)
      }
    }
    for (const [code, count] of Object.entries(deadLetters)) {
      samples.deadLetters.inc({ ...labels, code }, count)
    }
    for (const [name, { rows, bytes }] of Object.entries(state)) {
      const [operator, table] = split(name)
      samples.stateKeys.set({ ...labels, operator, table }, rows)
      samples.stateBytes.set({ ...labels, operator, table }, bytes)
    }
    for (const [activity, seconds] of Object.entries(timesOf(status))) {
      samples.slotSeconds.inc({ ...labels, activity }, seconds)
    }
  }

  #addTasks(job: string, { slot, tasks }: SlotStatus): void {
    const { samples } = this.#meters
    const nowMicros = this.#clock.nowMicros()
    for (const { task, watermark, channels } of tasks) {
      const labels = { job, slot, task }
      if (watermark !== null) {
        samples.watermark.set(labels, watermark / MICROS)
        samples.watermarkLag.set(labels, (nowMicros - watermark) / MICROS)
      }
      for (const channel of channels) {
        const at = { ...labels, ...channelLabels(channel.id) }
        samples.channelOffset.set(at, channel.offset)
        samples.channelSilent.set(at, channel.silentMicros / MICROS)
        if (channel.lag !== null) samples.channelLag.set(at, channel.lag)
      }
    }
  }

  #observeShares(id: string, labels: { job: string; slot: number }, status: SlotStatus): void {
    const times = timesOf(status)
    const before = this.#times.get(id)
    this.#times.set(id, times)
    const since = (activity: keyof SlotTimes) => {
      const then = before?.[activity] ?? 0
      return times[activity] >= then ? times[activity] - then : times[activity]
    }
    const activities = ['busy', 'idle', 'backpressured', 'epoch'] as const
    const total = activities.reduce((sum, activity) => sum + since(activity), 0)
    if (total <= 0) return
    for (const activity of activities) {
      this.#meters.shares.set({ ...labels, activity }, since(activity) / total)
    }
  }
}

function observeAge(
  histogram: Histogram<'view' | 'clock'>,
  labels: { view: string; clock: string },
  nowMicros: number,
  timeMicros: number | undefined,
): void {
  if (timeMicros === undefined || !Number.isFinite(timeMicros)) return
  histogram.observe(labels, Math.max(0, nowMicros - timeMicros) / MICROS)
}

function timesOf(status: SlotStatus): SlotTimes {
  const { busyMs, idleMs, backPressureMs, epochMs } = status
  return {
    busy: busyMs / 1000,
    idle: idleMs / 1000,
    backpressured: backPressureMs / 1000,
    epoch: epochMs / 1000,
  }
}

/** `orders/3` → topic and partition. */
function channelLabels(id: string): { readonly topic: string; readonly partition: string } {
  const [topic, partition] = split(id)
  return { topic, partition }
}

function split(name: string): [before: string, after: string] {
  const at = name.lastIndexOf('/')
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)]
}
