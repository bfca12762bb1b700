// TicksReplay: recorded ticks applied again (law 5). A run that was restored from a savepoint holds the
// ticks that its history decided behind the savepoint. Each is applied exactly when the channels of
// its task stand where they stood then: channels give nothing beyond that place before. A task goes
// live when it has no recorded tick left. Tasks behind a repartition are left out: where such a
// channel stood is not the same from run to run.
//
//   position of a task = mark replayed/<topic>/<task>: ranges that are done, and ticks applied of the
//   next one; written with the epoch that decides what the ticks changed
import { ByteReader, ByteWriter } from '../batch/index.ts'
import { type CarriedRange, carriedRanges } from '../checkpoint/index.ts'
import type { DecisionStores } from '../connector.ts'
import { StateMismatchError } from '../errors.ts'
import type { DecidedReader } from './deployment.ts'
import type { Task } from './task.ts'
import { decodeTick, type RecordedTick } from './ticks.ts'

/** Ticks applied at once, before the loop looks after everything else. */
const TICKS_AT_ONCE = 64

export interface TicksReplayParts {
  /** `<job>.ticks` */
  readonly topic: string
  readonly tasks: readonly Task[]
  readonly decided: DecidedReader
  /** The values of the records in an entry of the topic. */
  readonly recordsOf: (key: Uint8Array, value: Uint8Array) => readonly Uint8Array[]
}

interface Position {
  readonly ranges: number
  readonly ticks: number
}

interface Replaying {
  readonly task: Task
  readonly ticks: TickCursor
}

export class TicksReplay {
  readonly #topic: string
  #replaying: Replaying[]
  /** Positions that no epoch has decided yet. */
  readonly #moved = new Map<string, Position>()

  /** Holds the channels of every task that has recorded ticks. Called before a channel was read. */
  constructor(parts: TicksReplayParts) {
    const { topic, tasks, decided } = parts
    this.#topic = topic
    const ranges = carriedRanges(decided, topic)
    const replayable = ranges.length > 0 ? tasks.filter(isReplayable) : []
    const cursors = replayable.map((task) => {
      return { task, ticks: new TickCursor(parts, ranges, task.id) }
    })
    // Ranges without a tick of the task need not be read again.
    for (const { task, ticks } of cursors) this.#moved.set(task.id, ticks.position)
    this.#replaying = cursors.filter((each) => each.ticks.tick !== undefined)
    for (const { task, ticks } of this.#replaying) hold(task, ticks.tick)
  }

  /** Tasks that go on with recorded ticks. */
  get tasks(): readonly Task[] {
    return this.#replaying.map(({ task }) => task)
  }

  /**
   * Applies the ticks whose place is reached; true when there was one.
   * @param onLive told of each task that has no recorded tick left
   */
  apply(onLive: (task: Task) => void): boolean {
    if (this.#replaying.length === 0) return false
    let applied = 0
    const left: Replaying[] = []
    for (const each of this.#replaying) {
      applied += this.#applyTo(each)
      if (each.ticks.tick !== undefined) left.push(each)
      else onLive(each.task)
    }
    this.#replaying = left
    return applied > 0
  }

  /** Adds the positions to the transaction that decides what the ticks changed. */
  flush(during: (step: (stores: DecisionStores) => void) => void): void {
    if (this.#moved.size === 0) return
    const moved = [...this.#moved]
    this.#moved.clear()
    during((stores) => {
      for (const [task, position] of moved) {
        stores.put('marks', positionKey(this.#topic, task), encodePosition(position))
      }
    })
  }

  /**
   * Called when no channel gives anything.
   * @throws StateMismatchError TICK_UNREACHABLE when a channel ends before the place of a tick
   */
  checkReachable(): void {
    for (const { task, ticks } of this.#replaying) {
      for (const channel of task.channels) {
        const { offset } = channel.state()
        const place = ticks.tick?.after.get(channel.id) ?? offset
        const isOver = channel.isEnded || channel.lag === 0
        if (offset < place && isOver) throw unreachable(task, channel.id, place, offset)
      }
    }
  }

  #applyTo({ task, ticks }: Replaying): number {
    let applied = 0
    while (ticks.tick !== undefined && applied < TICKS_AT_ONCE && isReached(task, ticks.tick)) {
      const { moved, tickTime } = ticks.tick
      for (const channel of task.channels) {
        const watermark = moved.get(channel.id)
        if (watermark !== undefined) channel.advance(watermark)
      }
      task.tick(tickTime)
      ticks.take()
      applied++
    }
    if (applied === 0) return 0
    this.#moved.set(task.id, ticks.position)
    hold(task, ticks.tick)
    return applied
  }
}

/** The recorded ticks of one task, read an entry of the topic at a time. */
class TickCursor {
  tick: RecordedTick | undefined
  readonly #parts: TicksReplayParts
  readonly #ranges: readonly CarriedRange[]
  readonly #task: string
  #position: Position
  /** Ticks of this task in the entry at hand. */
  #entry: RecordedTick[] = []
  #key: Uint8Array | undefined

  constructor(parts: TicksReplayParts, ranges: readonly CarriedRange[], task: string) {
    this.#parts = parts
    this.#ranges = ranges
    this.#task = task
    const stored = parts.decided.get('marks', positionKey(parts.topic, task))
    const begin = stored === undefined ? START : decodePosition(stored)
    this.#position = { ...begin, ticks: 0 }
    this.tick = this.#next()
    for (let left = begin.ticks; left > 0; left--) this.take()
  }

  /** Where to go on once everything taken is decided. */
  get position(): Position {
    return this.#position
  }

  take(): void {
    const { ranges, ticks } = this.#position
    this.#position = { ranges, ticks: ticks + 1 }
    this.tick = this.#next()
  }

  #next(): RecordedTick | undefined {
    for (;;) {
      const tick = this.#entry.shift()
      if (tick !== undefined) return tick
      const range = this.#ranges[this.#position.ranges]
      if (range === undefined) return undefined
      if (!this.#readEntry(range)) {
        this.#position = { ranges: this.#position.ranges + 1, ticks: 0 }
        this.#key = undefined
      }
    }
  }

  /** False when the range has no further entry. */
  #readEntry(range: CarriedRange): boolean {
    const { decided, recordsOf } = this.#parts
    const from = behind(this.#key ?? Buffer.from(range.after, 'hex'))
    const end = behind(Buffer.from(range.to, 'hex'))
    for (const { key, value } of decided.range('topics', from, end)) {
      this.#key = key
      const all = recordsOf(key, value).map(decodeTick)
      this.#entry = all.filter(({ task }) => task === this.#task)
      return true
    }
    return false
  }
}

const START: Position = { ranges: 0, ticks: 0 }

/** The channels of the task give nothing beyond the place of its next tick. */
function hold(task: Task, tick: RecordedTick | undefined): void {
  for (const channel of task.channels) {
    channel.limit(tick?.after.get(channel.id) ?? Number.POSITIVE_INFINITY)
  }
}

/** @throws StateMismatchError TICK_PASSED when a channel stands beyond the place */
function isReached(task: Task, tick: RecordedTick): boolean {
  let isThere = true
  for (const channel of task.channels) {
    const { offset } = channel.state()
    const place = tick.after.get(channel.id) ?? offset
    if (offset > place) throw passed(task, channel.id, place, offset)
    isThere = isThere && offset === place
  }
  return isThere
}

function isReplayable(task: Task): boolean {
  return task.stage.inputs.every((input) => input.kind === 'topic')
}

/** The next greater key. */
function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

function positionKey(topic: string, task: string): Uint8Array {
  return Buffer.from(`replayed/${topic}/${task}`)
}

function encodePosition({ ranges, ticks }: Position): Uint8Array {
  const writer = new ByteWriter(16)
  writer.float64(ranges)
  writer.float64(ticks)
  return writer.toBytes()
}

function decodePosition(bytes: Uint8Array): Position {
  const reader = new ByteReader(bytes)
  return { ranges: reader.float64(), ticks: reader.float64() }
}

function unreachable(task: Task, channel: string, place: number, offset: number) {
  return new StateMismatchError({
    code: 'TICK_UNREACHABLE',
    message: `a recorded tick of task ${task.id} can not be applied again`,
    expected: `records of ${channel} up to offset ${place}`,
    found: `its end at ${offset}`,
    remedy:
      'Restore the topic, or restore the savepoint into another --data folder, without ticks.',
  })
}

function passed(task: Task, channel: string, place: number, offset: number) {
  return new StateMismatchError({
    code: 'TICK_PASSED',
    message: `a recorded tick of task ${task.id} does not belong to its state`,
    expected: `${channel} at offset ${place} or before`,
    found: `${offset}`,
    remedy: 'Restore the savepoint into another --data folder, without ticks.',
  })
}
