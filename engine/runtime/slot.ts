// Slot: the loop. Takes a batch from the channel whose event time is furthest behind, pushes it
// through its task's graph, and repeats; between two batches an epoch may end. Synchronous but for
// waits on input, sinks and the event loop; commands reach it through `SlotControl`.

import type { SlotStore } from '../checkpoint/index.ts'
import { type Clock, yieldToEventLoop } from '../clock.ts'
import type { Plan } from '../graph/index.ts'
import { COMPACTION_SLICE_BYTES_MAX, LOOP_SLICE_MS } from '../limits.ts'
import type { Operator } from '../operator.ts'
import type { Channel } from './channel.ts'
import type { DecidedReader, Deployment } from './deployment.ts'
import { Meters } from './meters.ts'
import type { SlotControl } from './slot-control.ts'
import type { SlotEnd, SlotSettings, SlotStatus } from './slot-settings.ts'
import { SlotSinks } from './slot-sinks.ts'
import { statusOf } from './slot-status.ts'
import { isStillEnded, openTasks, type SlotTasks } from './slot-tasks.ts'
import type { Task } from './task.ts'
import { Ticker } from './ticker.ts'
import { TicksReplay } from './ticks-replay.ts'

export interface SlotParts {
  readonly plan: Plan
  readonly deployment: Deployment
  readonly store: SlotStore
  readonly decided: DecidedReader
  readonly settings: SlotSettings
  readonly control: SlotControl
  readonly clock: Clock
  readonly wrap?: (operator: Operator, id: string) => Operator
}

/** Times of the loop since its start, in milliseconds. */
export interface LoopTimes {
  busyMs: number
  idleMs: number
  backPressureMs: number
  epochMs: number
}

export class Slot {
  readonly #parts: SlotParts
  readonly #meters = new Meters()
  readonly #sinks: SlotSinks
  readonly #times: LoopTimes = { busyMs: 0, idleMs: 0, backPressureMs: 0, epochMs: 0 }
  #tasks: SlotTasks = { tasks: [], repartitionLogs: [], endedInputs: [] }
  #ticker: Ticker | undefined
  #replay: TicksReplay | undefined
  #epoch: number
  #recordsIn = 0
  #recordsInEpoch = 0
  #mayCompact = false
  #lastEpochMs = 0
  #lastEpoch: SlotStatus['lastEpoch']
  #epochDurations: number[] = []

  constructor(parts: SlotParts) {
    this.#parts = parts
    const { plan, deployment, store, settings } = parts
    this.#sinks = new SlotSinks(plan, deployment, store, settings)
    this.#epoch = settings.claim.epochs[settings.slot] ?? 0
  }

  /** Runs until the inputs ended, or a stop was asked for; everything decided is then delivered. */
  async run(): Promise<SlotEnd> {
    await this.#open()
    const end = await this.#loop()
    if (end !== 'abandoned') await this.#sinks.delivered()
    await this.#close()
    return end
  }

  status(): SlotStatus {
    const { settings, clock } = this.#parts
    const durations = this.#epochDurations
    this.#epochDurations = []
    return {
      slot: settings.slot,
      epoch: this.#epoch,
      deliveredEpoch: this.#sinks.deliveredEpoch,
      recordsIn: this.#recordsIn,
      counters: this.#meters.toJSON(),
      deadLetters: Object.fromEntries(this.#sinks.deadLetters.counts),
      ...statusOf(this.#tasks.tasks, this.#ticker, clock),
      ...this.#times,
      lastEpoch: this.#lastEpoch,
      epochDurations: durations,
    }
  }

  async #open(): Promise<void> {
    const { plan, deployment, store, decided, settings, clock, wrap } = this.#parts
    await this.#sinks.recover(decided)
    this.#tasks = openTasks({
      plan,
      deployment,
      store,
      decided,
      settings,
      sinks: this.#sinks,
      meters: this.#meters,
      ...(wrap === undefined ? {} : { wrap }),
    })
    await this.#checkEndedInputs()
    const { tasks } = this.#tasks
    this.#ticker = new Ticker(tasks, clock)
    this.#replay = new TicksReplay({
      topic: `${plan.job}.ticks`,
      tasks,
      decided,
      recordsOf: (key, value) => deployment.ownRecords?.(key, value) ?? [],
    })
    for (const task of this.#replay.tasks) this.#ticker.hold(task)
    this.#lastEpochMs = clock.elapsedMs()
  }

  /** A pipe can not tell at once that it has nothing more. @throws ConfigError INPUT_CHANGED */
  async #checkEndedInputs(): Promise<void> {
    const { clock, control } = this.#parts
    for (const input of this.#tasks.endedInputs) {
      while (!isStillEnded(input) && !control.isStopping && !control.isAbandoned) {
        control.beat()
        await Promise.race([clock.delay(LOOP_SLICE_MS), input.reader.ready()])
      }
    }
  }

  async #close(): Promise<void> {
    for (const task of this.#tasks.tasks) task.close()
    await this.#sinks.close()
  }

  async #loop(): Promise<SlotEnd> {
    const { clock, control, settings, store } = this.#parts
    const epochMs = settings.epochMicros / 1000
    let sliceEnd = clock.elapsedMs() + LOOP_SLICE_MS
    for (;;) {
      control.beat()
      if (control.isAbandoned) return 'abandoned'
      if (control.isStopping) {
        if (this.#recordsInEpoch > 0) await this.#endEpoch()
        return 'stopped'
      }
      const started = clock.elapsedMs()
      const worked = this.#step()
      const now = clock.elapsedMs()
      if (worked) this.#times.busyMs += now - started
      if (now - this.#lastEpochMs >= epochMs) await this.#endEpochIfDue()
      const ready = this.#sinks.ready()
      if (ready !== undefined) await this.#timed('backPressureMs', ready)
      if (!worked) {
        // A bounded run decides what it has as soon as nothing is left: later stages wait for it.
        if (settings.mode === 'bounded' && this.#recordsInEpoch > 0) await this.#endEpoch()
        else if (this.#isDone()) return 'ended'
        else await this.#timed('idleMs', this.#wait())
      }
      if (now >= sliceEnd) {
        // Small slices between batches: one large one would hold the loop up for long.
        if (this.#mayCompact) this.#mayCompact = store.compact(COMPACTION_SLICE_BYTES_MAX)
        await yieldToEventLoop()
        sliceEnd = clock.elapsedMs() + LOOP_SLICE_MS
      }
    }
  }

  /** Pushes one batch of the channel furthest behind; false when no channel has any. */
  #step(): boolean {
    if (this.#replay?.apply((task) => this.#ticker?.release(task)) === true) {
      this.#recordsInEpoch++
      return true
    }
    let best: { task: Task; channel: Channel; time: number } | undefined
    for (const task of this.#tasks.tasks) {
      for (const channel of task.channels) {
        const time = channel.peek()?.firstEventTime
        if (time !== undefined && (best === undefined || time < best.time)) {
          best = { task, channel, time }
        }
      }
    }
    if (best === undefined) return this.#endTasks()
    const count = best.task.push(best.channel)
    this.#ticker?.sawRecords(best.channel)
    this.#recordsIn += count
    this.#recordsInEpoch++
    this.#meters.add('records_in', best.channel.id, count)
    return true
  }

  /** Ends tasks whose channels all ended; true when one did. */
  #endTasks(): boolean {
    let any = false
    for (const task of this.#tasks.tasks) any = task.endIfDone() || any
    if (any) this.#recordsInEpoch++
    return any
  }

  #isDone(): boolean {
    const { tasks } = this.#tasks
    return this.#parts.settings.mode === 'bounded' && tasks.every((task) => task.isEnded)
  }

  async #wait(): Promise<void> {
    const { clock, settings } = this.#parts
    this.#replay?.checkReachable()
    if (settings.mode === 'live') {
      this.#ticker?.tickIfDue((task, tickTime, moved) => {
        this.#sinks.ticks.add(task, tickTime, moved)
        this.#recordsInEpoch++
      })
    }
    const channels = this.#tasks.tasks.flatMap((task) => [...task.channels])
    const open = channels.filter((channel) => !channel.isEnded)
    await Promise.race([clock.delay(2), ...open.map((channel) => channel.ready())])
  }

  async #endEpochIfDue(): Promise<void> {
    const { clock, settings } = this.#parts
    const sinceMs = clock.elapsedMs() - this.#lastEpochMs
    const isHeartbeat = sinceMs * 1000 >= settings.heartbeatMicros
    if (this.#recordsInEpoch > 0 || isHeartbeat) await this.#endEpoch()
  }

  /** Steps S1 and S2 of the protocol, then the start of S7. */
  async #endEpoch(): Promise<void> {
    const { clock, store } = this.#parts
    const started = clock.elapsedMs()
    const epoch = this.#epoch + 1
    for (const task of this.#tasks.tasks) task.barrier(epoch)
    const work = await this.#sinks.flush(epoch)
    const steps = [...work.steps]
    for (const log of this.#tasks.repartitionLogs) log.flush((step) => steps.push(step))
    this.#replay?.flush((step) => steps.push(step))
    const report = store.commit({
      epoch,
      tasks: this.#tasks.tasks.map((task) => ({ taskId: task.id, tables: task.tables })),
      committables: work.committables,
      steps,
      heartbeat: this.#recordsInEpoch === 0,
    })
    this.#epoch = epoch
    this.#recordsInEpoch = 0
    await this.#sinks.follow(epoch, work.committables)
    const ended = clock.elapsedMs()
    this.#lastEpochMs = ended
    this.#lastEpoch = { ms: ended - started, bytes: report.bytes }
    this.#epochDurations.push(ended - started)
    this.#times.epochMs += ended - started
    this.#mayCompact = true
  }

  async #timed(what: keyof LoopTimes, promise: Promise<void>): Promise<void> {
    const { clock } = this.#parts
    const started = clock.elapsedMs()
    await promise
    this.#times[what] += clock.elapsedMs() - started
  }
}
