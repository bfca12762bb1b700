// Ticker: wall-clock time as an input (law 5). When a channel with `idleAfter` has been silent for
// that long, a tick moves its watermark on: to the slowest channel of its task that is not idle, or,
// when all are idle, on with the wall clock from its last record. Ticks also fire processing-time
// timers. Only live runs have ticks; a task that recorded ticks are applied to has none of its own
// before the last of those.
import type { Clock } from '../clock.ts'
import { WATERMARK_MAX } from '../element.ts'
import type { Channel } from './channel.ts'
import type { Task } from './task.ts'

/** Milliseconds between ticks. */
const TICK_MS = 100

const NONE: ReadonlyMap<string, number> = new Map()

interface LastSeen {
  atMs: number
  watermark: number
}

export class Ticker {
  readonly #tasks: readonly Task[]
  readonly #clock: Clock
  readonly #seen = new Map<Channel, LastSeen>()
  readonly #held = new Set<Task>()
  #nextMs: number

  constructor(tasks: readonly Task[], clock: Clock) {
    this.#tasks = tasks
    this.#clock = clock
    this.#nextMs = clock.elapsedMs() + TICK_MS
    for (const task of tasks) this.release(task)
  }

  /** Gives a task no ticks until it is released. */
  hold(task: Task): void {
    this.#held.add(task)
  }

  /** From now on the task's channels count as silent when they are. */
  release(task: Task): void {
    this.#held.delete(task)
    const atMs = this.#clock.elapsedMs()
    for (const channel of task.channels) {
      this.#seen.set(channel, { atMs, watermark: channel.watermark })
    }
  }

  /** A channel gave records. */
  sawRecords(channel: Channel): void {
    const seen = this.#seen.get(channel)
    if (seen === undefined) return
    seen.atMs = this.#clock.elapsedMs()
    seen.watermark = channel.watermark
  }

  silentMicros(channel: Channel, nowMs: number): number {
    return (nowMs - (this.#seen.get(channel)?.atMs ?? nowMs)) * 1000
  }

  /**
   * Ticks every task once when the time has come; calls back for each tick that changed something,
   * with the watermarks of the idle channels that it moved.
   */
  tickIfDue(
    changed: (task: Task, tickTime: number, moved: ReadonlyMap<string, number>) => void,
  ): void {
    const nowMs = this.#clock.elapsedMs()
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + TICK_MS
    const tickTime = this.#clock.nowMicros()
    for (const task of this.#tasks) {
      if (this.#held.has(task)) continue
      const moved = this.#moveIdle(task, nowMs)
      // A channel that moved counts even where the task did not: its records may be late from now on.
      if (task.tick(tickTime) || moved.size > 0) changed(task, tickTime, moved)
    }
  }

  #moveIdle(task: Task, nowMs: number): ReadonlyMap<string, number> {
    const idle = task.channels.filter((channel) => this.#isIdle(task, channel, nowMs))
    if (idle.length === 0) return NONE
    const moved = new Map<string, number>()
    let slowest = WATERMARK_MAX
    for (const channel of task.channels) {
      if (!idle.includes(channel)) slowest = Math.min(slowest, channel.watermark)
    }
    for (const channel of idle) {
      const seen = this.#seen.get(channel)
      if (seen === undefined) continue
      const pastIdle = (nowMs - seen.atMs) * 1000 - (this.#idleAfter(task, channel) ?? 0)
      const withClock = Math.round(seen.watermark + pastIdle)
      const target = slowest === WATERMARK_MAX ? withClock : slowest
      if (!Number.isFinite(target) || target <= channel.watermark) continue
      channel.advance(target)
      moved.set(channel.id, channel.watermark)
    }
    return moved
  }

  #isIdle(task: Task, channel: Channel, nowMs: number): boolean {
    const after = this.#idleAfter(task, channel)
    if (after === undefined || channel.isEnded) return false
    return this.silentMicros(channel, nowMs) >= after
  }

  #idleAfter(task: Task, channel: Channel): number | undefined {
    const input = task.stage.inputs[channel.input]
    return input?.kind === 'topic' ? input.topic.idleAfterMicros : undefined
  }
}
