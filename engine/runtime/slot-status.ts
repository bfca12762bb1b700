// The status of a slot's tasks, channels and tables, as plain data.
import type { Clock } from '../clock.ts'
import { WATERMARK_MAX } from '../element.ts'
import type { SlotStatus, TaskStatus } from './slot-settings.ts'
import type { Task } from './task.ts'
import type { Ticker } from './ticker.ts'

export function statusOf(
  tasks: readonly Task[],
  ticker: Ticker | undefined,
  clock: Clock,
): Pick<SlotStatus, 'tasks' | 'state'> {
  const state: Record<string, { rows: number; bytes: number }> = {}
  for (const task of tasks) {
    for (const { operatorId, table } of task.tables) {
      const name = `${operatorId}/${table.name}`
      const known = state[name] ?? { rows: 0, bytes: 0 }
      state[name] = { rows: known.rows + table.rows, bytes: known.bytes + table.sizeBytes }
    }
  }
  return { tasks: tasks.map((task) => taskStatus(task, ticker, clock)), state }
}

function taskStatus(task: Task, ticker: Ticker | undefined, clock: Clock): TaskStatus {
  return {
    task: task.id,
    watermark: finiteOrNull(task.watermark),
    isEnded: task.isEnded,
    channels: task.channels.map((channel) => ({
      id: channel.id,
      watermark: finiteOrNull(channel.watermark),
      offset: channel.state().offset,
      lag: channel.lag ?? null,
      isEnded: channel.isEnded,
      silentMicros: ticker?.silentMicros(channel, clock.elapsedMs()) ?? 0,
    })),
  }
}

/** Watermarks as JSON can carry them. */
function finiteOrNull(watermark: number): number | null {
  return Math.abs(watermark) === WATERMARK_MAX ? null : watermark
}
