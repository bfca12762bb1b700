// JobReport: a job as `/jobs` shows it: state, slots, tasks, channels, and which channel each task's
// windows wait for. Pure: facts in, plain JSON data out; times are ISO 8601.
import { WATERMARK_MAX, WATERMARK_MIN } from '../element.ts'
import { timeText } from '../json/index.ts'
import type { ChannelStatus, SlotStatus, TaskStatus } from '../runtime/index.ts'
import type { JobView } from './api-source.ts'

export interface JobReport {
  readonly job: string
  readonly state: JobView['state']
  readonly mode: JobView['mode']
  readonly restarts: number
  readonly error: { readonly code: string; readonly message: string } | null
  readonly slots: readonly SlotReport[]
}

export interface SlotReport {
  readonly slot: number
  /** False until the slot reported for the first time since the job started. */
  readonly isUp: boolean
  readonly decidedEpoch: number | null
  readonly deliveredEpoch: number | null
  readonly recordsIn: number
  readonly tasks: readonly TaskReport[]
}

export interface TaskReport {
  readonly task: string
  readonly watermark: string | null
  readonly isEnded: boolean
  readonly channels: readonly ChannelReport[]
  /** The channel that holds the task's watermark back; null when nothing is waited for. */
  readonly waitsFor: WaitReport | null
}

export interface ChannelReport {
  readonly channel: string
  readonly watermark: string | null
  readonly offset: number
  readonly lag: number | null
  readonly isEnded: boolean
  readonly silentMs: number
}

export interface WaitReport {
  readonly channel: string
  /** When its last record came, by the wall clock. */
  readonly since: string
  /** How far the furthest channel of the task is ahead; null where it can not be told yet. */
  readonly heldBackMs: number | null
  /** The same in a sentence. */
  readonly text: string
}

/** @param nowMicros the wall clock */
export function jobReport(view: JobView, nowMicros: number): JobReport {
  const { job, state, mode, restarts, error } = view
  return {
    job,
    state,
    mode,
    restarts,
    error: error === undefined ? null : { code: error.code, message: error.message },
    slots: Array.from({ length: view.slots }, (_, slot) =>
      slotReport(
        slot,
        view.statuses.find((status) => status.slot === slot),
        nowMicros,
      ),
    ),
  }
}

function slotReport(slot: number, status: SlotStatus | undefined, nowMicros: number): SlotReport {
  return {
    slot,
    isUp: status !== undefined,
    decidedEpoch: status?.epoch ?? null,
    deliveredEpoch: status?.deliveredEpoch ?? null,
    recordsIn: status?.recordsIn ?? 0,
    tasks: status?.tasks.map((task) => taskReport(task, nowMicros)) ?? [],
  }
}

function taskReport(task: TaskStatus, nowMicros: number): TaskReport {
  return {
    task: task.task,
    watermark: timeText(task.watermark),
    isEnded: task.isEnded,
    channels: task.channels.map(channelReport),
    waitsFor: waitReport(task, nowMicros),
  }
}

function channelReport(channel: ChannelStatus): ChannelReport {
  const { id, offset, lag, isEnded, silentMicros } = channel
  return {
    channel: id,
    watermark: timeText(channel.watermark),
    offset,
    lag,
    isEnded,
    silentMs: Math.round(silentMicros / 1000),
  }
}

/** A task's watermark is the least of its channels: that one is what its windows wait for. */
function waitReport(task: TaskStatus, nowMicros: number): WaitReport | null {
  const slowest = slowestChannel(task)
  if (slowest === undefined) return null
  const since = timeText(nowMicros - slowest.silentMicros) ?? ''
  const furthest = Math.max(...task.channels.map(watermarkOf).filter(Number.isFinite))
  const heldBack = furthest - watermarkOf(slowest)
  const heldBackMs = Number.isFinite(heldBack) ? Math.round(heldBack / 1000) : null
  const at = timeText(slowest.watermark)
  const windows = at === null ? 'all windows wait' : `windows that end after ${at} wait`
  const ahead = heldBackMs ? `, the furthest is ${heldBackMs} ms ahead` : ''
  const text = `${windows} for ${slowest.id}, whose last record came ${since}${ahead}`
  return { channel: slowest.id, since, heldBackMs, text }
}

function slowestChannel(task: TaskStatus): ChannelStatus | undefined {
  if (task.isEnded) return undefined
  let slowest: ChannelStatus | undefined
  for (const channel of task.channels) {
    if (channel.isEnded) continue
    if (slowest === undefined || watermarkOf(channel) < watermarkOf(slowest)) slowest = channel
  }
  return slowest
}

/** Null stands for both infinities; which one follows from whether the channel ended. */
function watermarkOf(channel: ChannelStatus): number {
  return channel.watermark ?? (channel.isEnded ? WATERMARK_MAX : WATERMARK_MIN)
}
