// RunningWindow: for every key the value of the window that fires next. A pane is merged in once
// when it enters and taken out once when it leaves, so a window output costs the same whatever
// size / slide is. It is derived from the panes and never stored: after a restore the running panes
// enter again.
//
// Invertible aggregates keep one accumulator at the key's position (`key-order.ts`); the others keep
// two stacks (`two-stacks.ts`). A pane's rows are taken in order of positions, so that both sides of
// a merge are read from front to back.
import type { Column } from '../../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Accumulators, Aggregate } from '../aggregates/index.ts'
import type { KeyOrder } from './key-order.ts'
import type { KeyRows } from './key-rows.ts'
import type { Pane } from './pane.ts'
import type { PaneStore } from './pane-store.ts'
import { TwoStacks } from './two-stacks.ts'

/** Rows are ordered by position when a pane has at least one row in so many positions. */
const SORTED_SHARE = 16
/** Rows that a loop takes in one call: one long loop is compiled twice, in its middle and for the next. */
const STRETCH = 1024

export class RunningWindow {
  /** Panes in the window. */
  panes = 0
  /** Pane rows that the window counts, by position: 0 means that the key is not in it. */
  contributions = new Int32Array(0)
  readonly #store: PaneStore
  readonly #order: KeyOrder
  readonly #aggregates: readonly Aggregate[]
  /** One entry an aggregate; undefined where two stacks do the work. */
  readonly #lanes: (Accumulators | undefined)[]
  readonly #stacks: TwoStacks | undefined
  /** The rows of the pane at hand with their positions; `rowAt` is their scratch, all 0. */
  #rows = new Int32Array(1024)
  #positions = new Int32Array(1024)
  #rowAt = new Int32Array(0)
  readonly #slots = new Int32Array(BATCH_RECORDS_MAX)
  readonly #identity = Int32Array.from({ length: BATCH_RECORDS_MAX }, (_, i) => i)

  /** @param keyRows present when an aggregate is not invertible */
  constructor(
    store: PaneStore,
    order: KeyOrder,
    aggregates: readonly Aggregate[],
    keyRows: KeyRows | undefined,
  ) {
    this.#store = store
    this.#order = order
    this.#aggregates = aggregates
    this.#lanes = aggregates.map((a) => (a.invertible ? a.create('running') : undefined))
    const stacked = aggregates.flatMap((a, i) => (a.invertible ? [] : [i]))
    this.#stacks =
      keyRows === undefined || stacked.length === 0
        ? undefined
        : new TwoStacks(store, keyRows, aggregates, stacked)
  }

  get sizeBytes(): number {
    let total = this.contributions.byteLength + this.#rowAt.byteLength + this.#rows.byteLength * 2
    for (const lane of this.#lanes) total += lane?.sizeBytes ?? 0
    return total + (this.#stacks?.sizeBytes ?? 0)
  }

  /** True when retired rows must be dropped here too. */
  get keepsRows(): boolean {
    return this.#stacks !== undefined
  }

  /** Makes room for all rows, slots and positions there are. */
  ensure(rows: number, slots: number): void {
    this.#stacks?.ensure(rows, slots)
    const positions = this.#order.count
    if (positions <= this.contributions.length) return
    const capacity = Math.max(positions, this.contributions.length * 2, 1024)
    const contributions = new Int32Array(capacity)
    contributions.set(this.contributions)
    this.contributions = contributions
    this.#rowAt = new Int32Array(capacity)
    for (const lane of this.#lanes) lane?.ensureRows(capacity)
  }

  enter(pane: Pane): void {
    pane.phase = 'running'
    this.panes++
    this.#arrange(pane)
    for (let from = 0; from < pane.size; from += BATCH_RECORDS_MAX) {
      const to = Math.min(pane.size, from + BATCH_RECORDS_MAX)
      const positions = this.#positions.subarray(from, to)
      for (let i = from; i < to; i++) this.contributions[this.#positions[i]!]!++
      this.#merge(positions, this.#rows.subarray(from, to))
    }
  }

  leave(pane: Pane): void {
    pane.phase = 'left'
    this.panes--
    this.#arrange(pane)
    for (let from = 0; from < pane.size; from += BATCH_RECORDS_MAX) {
      const to = Math.min(pane.size, from + BATCH_RECORDS_MAX)
      this.#retract(this.#positions.subarray(from, to), this.#rows.subarray(from, to))
      this.#leaveRows(from, to)
    }
  }

  /** A record was put into a new row of a running pane. */
  rowCreated(row: number): void {
    this.#single(row)
    this.contributions[this.#positions[0]!]!++
    this.#merge(this.#positions.subarray(0, 1), this.#rows.subarray(0, 1))
  }

  /** Takes a row of a running pane out before it changes; `afterChange` puts it back. */
  beforeChange(row: number): void {
    this.#single(row)
    this.#retract(this.#positions.subarray(0, 1), this.#rows.subarray(0, 1))
  }

  afterChange(row: number): void {
    this.#single(row)
    for (let a = 0; a < this.#lanes.length; a++) {
      const partials = this.#store.partials[a]
      if (partials !== undefined) this.#lanes[a]?.merge(this.#positions, partials, this.#rows, 1)
    }
    this.#stacks?.flip(this.#store.slotOf[row]!)
  }

  /** Frees what a retired row held. */
  drop(row: number): void {
    this.#stacks?.drop(row)
  }

  /** The positions changed: entry p of `from` says where position p was. */
  moved(from: Int32Array): void {
    const contributions = new Int32Array(this.contributions.length)
    for (let p = 0; p < from.length; p++) contributions[p] = this.contributions[from[p]!]!
    this.contributions = contributions
    const to = Int32Array.from(from, (_, p) => p)
    this.#lanes.forEach((lane, a) => {
      if (lane === undefined) return
      const fresh = this.#aggregates[a]?.create('running')
      fresh?.ensureRows(contributions.length)
      fresh?.merge(to, lane, from, from.length)
      lane.clear(0, contributions.length)
      this.#lanes[a] = fresh
    })
  }

  /** The aggregates' columns of the keys at `positions`, whose slots are `slots`. */
  results(positions: Int32Array, slots: Int32Array, count: number): Column[] {
    const stacked = this.#stacks?.values(slots, count, this.#identity) ?? []
    let next = 0
    return this.#aggregates.map((aggregate, a) => {
      const lane = this.#lanes[a]
      if (lane !== undefined) return lane.result(positions, count)
      const view = stacked[next++]
      if (view !== undefined) return view.result(this.#identity, count)
      throw new RangeError(`${aggregate.layout} has no running value`)
    })
  }

  #merge(positions: Int32Array, rows: Int32Array): void {
    for (let a = 0; a < this.#lanes.length; a++) {
      const partials = this.#store.partials[a]
      if (partials !== undefined) this.#lanes[a]?.merge(positions, partials, rows, rows.length)
    }
    if (this.#stacks === undefined) return
    for (let i = 0; i < rows.length; i++) this.#slots[i] = this.#store.slotOf[rows[i]!]!
    this.#stacks.enter(this.#slots, rows, rows.length)
  }

  #retract(positions: Int32Array, rows: Int32Array): void {
    for (let a = 0; a < this.#lanes.length; a++) {
      const partials = this.#store.partials[a]
      if (partials !== undefined) this.#lanes[a]?.retract?.(positions, partials, rows, rows.length)
    }
  }

  #leaveRows(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const position = this.#positions[i]!
      const left = --this.contributions[position]!
      if (this.#stacks !== undefined) {
        this.#stacks.leave(this.#store.slotOf[this.#rows[i]!]!, this.#rows[i]!)
      }
      // What is left of a spilled sum or an emptied set is given back.
      if (left === 0) for (const lane of this.#lanes) lane?.clear(position, position + 1)
    }
  }

  #single(row: number): void {
    this.#rows[0] = row
    this.#positions[0] = this.#order.positionOf(this.#store.slotOf[row]!)
  }

  /** Loads the rows of a pane with their positions, in order of positions when that pays. */
  #arrange(pane: Pane): void {
    if (pane.size > this.#rows.length) {
      const capacity = Math.max(pane.size, this.#rows.length * 2)
      this.#rows = new Int32Array(capacity)
      this.#positions = new Int32Array(capacity)
    }
    const { count } = this.#order
    pane.copyRows(0, this.#rows)
    const isSorted = pane.size * SORTED_SHARE >= count
    for (let from = 0; from < pane.size; from += STRETCH) {
      const to = Math.min(pane.size, from + STRETCH)
      if (isSorted) this.#scatter(from, to)
      else this.#locate(from, to)
    }
    if (!isSorted) return
    let at = 0
    for (let from = 0; from < count; from += STRETCH) {
      at = this.#collect(from, Math.min(count, from + STRETCH), at)
    }
  }

  /** Looks up the positions of the rows [from, to). */
  #locate(from: number, to: number): void {
    const { slotOf } = this.#store
    const { holdings } = this.#order
    for (let i = from; i < to; i++) {
      this.#positions[i] = holdings[slotOf[this.#rows[i]!]! * 2 + 1]!
    }
  }

  /** Puts the rows [from, to) where their positions are. */
  #scatter(from: number, to: number): void {
    const { slotOf } = this.#store
    const { holdings } = this.#order
    const rows = this.#rows
    const rowAt = this.#rowAt
    for (let i = from; i < to; i++) rowAt[holdings[slotOf[rows[i]!]! * 2 + 1]!] = rows[i]! + 1
  }

  /** Takes the rows of the positions [from, to) behind the `at` there are; gives how many then. */
  #collect(from: number, to: number, at: number): number {
    const rows = this.#rows
    const positions = this.#positions
    const rowAt = this.#rowAt
    let next = at
    for (let position = from; position < to; position++) {
      const stored = rowAt[position]!
      if (stored === 0) continue
      rowAt[position] = 0
      rows[next] = stored - 1
      positions[next++] = position
    }
    return next
  }
}
