// Ticks as records (law 5): every tick that changed something is a row of `<job>.ticks`, in the same
// transaction as what it changed. `after` says at which offsets the task's channels stood.
import { batchOfRows } from '../batch/index.ts'
import { schema, string, timestamp } from '../schema/index.ts'
import type { BatchTaker } from './deployment.ts'
import type { Task } from './task.ts'

export const tickSchema = schema({
  task: string(),
  /** Wall clock of the tick. */
  tick_time: timestamp(),
  /** The task's watermark after it; null while there is none. */
  watermark: timestamp().nullable(),
  /** JSON: channel to offset. */
  after: string(),
})

/** Collects the ticks of one slot until the epoch ends. */
export class Ticks {
  readonly #sink: BatchTaker
  #rows: Record<string, unknown>[] = []

  constructor(sink: BatchTaker) {
    this.#sink = sink
  }

  add(task: Task, tickTime: number): void {
    const after = task.channels.map((channel) => [channel.id, channel.state().offset])
    this.#rows.push({
      task: task.id,
      tick_time: tickTime,
      watermark: Number.isFinite(task.watermark) ? Math.floor(task.watermark) : null,
      after: JSON.stringify(Object.fromEntries(after)),
    })
  }

  /** Hands over what is waiting; called before each barrier. */
  flush(): void {
    if (this.#rows.length === 0) return
    const eventTimes = this.#rows.map((row) => Number(row.tick_time))
    this.#sink.write(
      batchOfRows(tickSchema, this.#rows, { eventTimes, watermarksBefore: eventTimes }),
    )
    this.#rows = []
  }
}
