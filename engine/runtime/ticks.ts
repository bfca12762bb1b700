// Ticks as records (law 5): every tick that changed something is a row of `<job>.ticks`, in the same
// transaction as what it changed. `after` says at which offsets the task's channels stood, `moved`
// which watermarks of idle channels it moved on: both together, with the time, are all that is needed
// to apply it again.
import { batchOfRows } from '../batch/index.ts'
import { assert } from '../errors.ts'
import { parseTimestamp } from '../json/index.ts'
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
  /** JSON: channel to the watermark that the tick gave it, epoch microseconds. */
  moved: string(),
})

/** A tick as it was decided. */
export interface RecordedTick {
  readonly task: string
  /** Epoch microseconds. */
  readonly tickTime: number
  readonly after: ReadonlyMap<string, number>
  readonly moved: ReadonlyMap<string, number>
}

/** Collects the ticks of one slot until the epoch ends. */
export class Ticks {
  readonly #sink: BatchTaker
  #rows: Record<string, unknown>[] = []

  constructor(sink: BatchTaker) {
    this.#sink = sink
  }

  add(task: Task, tickTime: number, moved: ReadonlyMap<string, number>): void {
    const after = task.channels.map((channel) => [channel.id, channel.state().offset])
    this.#rows.push({
      task: task.id,
      tick_time: tickTime,
      watermark: Number.isFinite(task.watermark) ? Math.floor(task.watermark) : null,
      after: JSON.stringify(Object.fromEntries(after)),
      moved: JSON.stringify(Object.fromEntries(moved)),
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

/** Reads a row of `<job>.ticks`. */
export function decodeTick(value: Uint8Array): RecordedTick {
  const text = Buffer.from(value).toString()
  const row: { readonly [Column in keyof typeof EMPTY]?: string | null } = JSON.parse(text)
  const { task, tick_time: time, after, moved } = { ...EMPTY, ...row }
  const micros = Buffer.from(time ?? '')
  const tickTime = parseTimestamp(micros, 0, micros.length)
  assert(typeof task === 'string' && tickTime > 0, `a tick: ${text.slice(0, 200)}`)
  return { task, tickTime, after: numbersOf(after), moved: numbersOf(moved) }
}

const EMPTY = { task: '', tick_time: '', after: '{}', moved: '{}' }

function numbersOf(json: string | null): ReadonlyMap<string, number> {
  const members: Readonly<Record<string, number>> = JSON.parse(json ?? '{}')
  return new Map(Object.entries(members))
}
