// Drives one operator as the runtime does: batches are cut where the task's watermark crosses the
// operator's next timer, due timers fire in the order (time, first scheduling), and a checkpoint
// takes every table and the timers. State goes through real table bytes, so a restore tests the
// codecs too. An operator that handles watermarks itself also sends those of its timers.
import { type RecordBatch, rowAt, sliceBatch } from '../../engine/batch/index.ts'
import { WATERMARK_MAX, WATERMARK_MIN } from '../../engine/element.ts'
import { assert } from '../../engine/errors.ts'
import type { Operator, OperatorContext, Output, Timer } from '../../engine/operator.ts'
import type { StateTable } from '../../engine/state/index.ts'
import { fromHex, StoreWriter, toHex } from './table-store.ts'

/** One thing an operator sent, in order. */
export type Sent =
  | { readonly kind: 'batch'; readonly port: number; readonly batch: RecordBatch }
  | { readonly kind: 'watermark'; readonly time: number }

interface SetTimer extends Timer {
  readonly order: number
  readonly id: string
}

export interface HarnessOptions {
  readonly create: () => Operator
  /** Channels whose watermarks make the task's; default 1. */
  readonly channels?: number
  readonly task?: number
  readonly tasks?: number
  /** Off: batches are cut at timers that are set already, and nowhere else. */
  readonly cutsAtBoundaries?: boolean
}

export class OperatorHarness {
  readonly sent: Sent[] = []
  readonly counts = new Map<string, number>()
  readonly deadLetters: { readonly row: Record<string, unknown>; readonly error: unknown }[] = []
  /** The running operator; replaced by `restart`. */
  operator: Operator
  readonly #options: HarnessOptions
  /** What earlier checkpoints wrote, by table: the tests' own naive store. */
  #stored = new Map<string, Map<string, Uint8Array>>()
  #tables: StateTable[] = []
  #timers: SetTimer[] = []
  #scheduled = 0
  #channels: number[]
  #watermark = WATERMARK_MIN
  #emitted = WATERMARK_MIN
  #processingTime: number | undefined
  readonly #out: Output

  constructor(options: HarnessOptions) {
    this.#options = options
    this.#channels = new Array<number>(options.channels ?? 1).fill(WATERMARK_MIN)
    this.#out = {
      emit: (batch, port = 0) => {
        this.sent.push({ kind: 'batch', port, batch })
      },
      watermark: (time) => {
        if (time <= this.#emitted) return
        this.#emitted = time
        this.sent.push({ kind: 'watermark', time })
      },
    }
    this.operator = this.#start()
  }

  /** The rows sent to a port, with `op` where the batch is a changelog. */
  rows(port = 0): Record<string, unknown>[] {
    return this.sent.flatMap((sent) => {
      if (sent.kind !== 'batch' || sent.port !== port) return []
      const { batch } = sent
      return Array.from({ length: batch.length }, (_, i) =>
        batch.changes === undefined
          ? rowAt(batch, i)
          : { op: opName(batch.changes[i] ?? 0), ...rowAt(batch, i) },
      )
    })
  }

  /**
   * Feeds a batch of one channel. `watermarkAfter` is where the channel stands behind its last
   * record; the batch's own `watermarksBefore` say where it stood before each.
   */
  push(batch: RecordBatch, watermarkAfter: number, channel = 0, port = 0): void {
    let from = 0
    for (let i = 0; i < batch.length; i++) {
      const before = batch.watermarksBefore[i] ?? WATERMARK_MIN
      const task = this.#taskWatermark(channel, before)
      if (task < this.#nextCut()) continue
      if (i > from) this.operator.onBatch(sliceBatch(batch, from, i), port, this.#out)
      from = i
      this.#advance(task)
    }
    if (from < batch.length) {
      this.operator.onBatch(sliceBatch(batch, from, batch.length), port, this.#out)
    }
    this.watermark(watermarkAfter, channel)
  }

  /** Moves a channel on; fires what is due and sends the task's watermark when it rose. */
  watermark(time: number, channel = 0): void {
    const task = this.#taskWatermark(channel, time)
    this.#channels[channel] = Math.max(time, this.#channels[channel] ?? WATERMARK_MIN)
    this.#advance(task)
  }

  /** Processing-time timers up to `time` fire, as a tick would make them. */
  tick(time: number): void {
    this.#processingTime = time
    for (;;) {
      const due = this.#due('processing', time)
      if (due === undefined) break
      this.operator.onTimer?.(due, this.#out)
    }
    this.#processingTime = undefined
  }

  /** The final watermark on all channels, and the end. */
  end(): void {
    this.#channels.forEach((_, channel) => {
      this.watermark(WATERMARK_MAX, channel)
    })
    this.operator.onEnd?.(this.#out)
  }

  /** The end of an epoch: a barrier, then what changed goes to the store. */
  checkpoint(epoch = 1): void {
    this.operator.onBarrier?.({ kind: 'barrier', epoch }, this.#out)
    for (const table of this.#tables) {
      const stored = this.#stored.get(table.name) ?? new Map<string, Uint8Array>()
      this.#stored.set(table.name, stored)
      table.snapshot(new StoreWriter(stored))
    }
  }

  /** A checkpoint, then a new operator from it, as after a crash right behind the checkpoint. */
  restart(): void {
    this.checkpoint()
    this.#tables = []
    this.operator = this.#start()
  }

  /** Copies what the last checkpoint stored of a table: hex key → value. */
  stored(table: string): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#stored.get(table) ?? [])
  }

  get tables(): readonly StateTable[] {
    return this.#tables
  }

  get timerCount(): number {
    return this.#timers.length
  }

  #start(): Operator {
    const operator = this.#options.create()
    operator.open?.(this.#context())
    for (const table of this.#tables) {
      const stored = this.#stored.get(table.name) ?? new Map<string, Uint8Array>()
      for (const key of [...stored.keys()].sort()) {
        const value = stored.get(key)
        if (value !== undefined) table.restore(fromHex(key), value)
      }
    }
    operator.restored?.()
    return operator
  }

  #context(): OperatorContext {
    const remove = (id: string) => {
      this.#timers = this.#timers.filter((timer) => timer.id !== id)
    }
    return {
      operatorId: 'under-test',
      task: this.#options.task ?? 0,
      tasks: this.#options.tasks ?? 1,
      timers: {
        schedule: (time, key, domain = 'event') => {
          const id = timerId(time, key, domain)
          if (this.#timers.some((timer) => timer.id === id)) return
          this.#timers.push({ time, key, domain, id, order: this.#scheduled++ })
        },
        cancel: (time, key, domain = 'event') => remove(timerId(time, key, domain)),
      },
      meters: {
        count: (name, by) => {
          this.counts.set(name, (this.counts.get(name) ?? 0) + by)
        },
      },
      addTable: (table) => {
        assert(!this.#tables.some((t) => t.name === table.name), `two tables ${table.name}`)
        this.#tables.push(table)
      },
      deadLetter: (batch, row, error) => {
        this.deadLetters.push({ row: rowAt(batch, row), error })
      },
      processingTime: () => this.#processingTime,
    }
  }

  #taskWatermark(channel: number, own: number): number {
    return this.#channels.reduce(
      (least, time, i) => Math.min(least, i === channel ? Math.max(own, time) : time),
      WATERMARK_MAX,
    )
  }

  #advance(task: number): void {
    if (task <= this.#watermark) return
    this.#watermark = task
    this.#fire(task)
    this.#onWatermark(task)
  }

  /** The next timer, or the next time at which the operator may come to want one. */
  #nextCut(): number {
    const { operator } = this
    const cutsHere = this.#options.cutsAtBoundaries ?? true
    let next = Number.POSITIVE_INFINITY
    if (cutsHere) next = operator.nextBoundary?.(this.#watermark) ?? next
    for (const timer of this.#timers) {
      if (timer.domain === 'event') next = Math.min(next, timer.time)
    }
    return next
  }

  #fire(task: number): void {
    for (;;) {
      const due = this.#due('event', task)
      if (due === undefined) return
      this.operator.onTimer?.(due, this.#out)
      if (this.operator.onWatermark === undefined) this.#out.watermark(due.time)
    }
  }

  /** Takes the next due timer of a domain. */
  #due(domain: Timer['domain'], until: number): SetTimer | undefined {
    const [first] = this.#timers
      .filter((timer) => timer.domain === domain && timer.time <= until)
      .sort((a, b) => a.time - b.time || a.order - b.order)
    if (first !== undefined) this.#timers = this.#timers.filter((timer) => timer !== first)
    return first
  }

  #onWatermark(time: number): void {
    if (this.operator.onWatermark === undefined) this.#out.watermark(time)
    else this.operator.onWatermark({ kind: 'watermark', time }, this.#out)
  }
}

function opName(change: number): string {
  return ['+I', '-U', '+U', '-D'][change] ?? '?'
}

function timerId(time: number, key: Uint8Array | undefined, domain: string): string {
  return `${domain}/${time}/${key === undefined ? '' : toHex(key)}`
}
