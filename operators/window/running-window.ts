// RunningWindow: for every key the value of the window that fires next. A pane is merged in once
// when it enters and taken out once when it leaves, so a window output costs the same whatever size
// / slide is. It is derived from the panes and never stored: after a restore the running panes
// enter again.
//
// Invertible aggregates keep one accumulator a slot; the others keep two stacks (`two-stacks.ts`).
import type { Column } from '../../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Accumulators, Aggregate } from '../aggregates/index.ts'
import type { KeyRows } from './key-rows.ts'
import type { Pane } from './pane.ts'
import type { PaneStore } from './pane-store.ts'
import { TwoStacks } from './two-stacks.ts'

export class RunningWindow {
  /** Panes in the window. */
  panes = 0
  /** Pane rows that the window counts, by slot: 0 means that the key is not in it. */
  contributions = new Int32Array(0)
  readonly #store: PaneStore
  readonly #aggregates: readonly Aggregate[]
  /** One entry an aggregate; undefined where two stacks do the work. */
  readonly #lanes: readonly (Accumulators | undefined)[]
  readonly #stacks: TwoStacks | undefined
  readonly #rows = new Int32Array(BATCH_RECORDS_MAX)
  readonly #slots = new Int32Array(BATCH_RECORDS_MAX)
  readonly #identity = Int32Array.from({ length: BATCH_RECORDS_MAX }, (_, i) => i)

  /** @param keyRows present when an aggregate is not invertible */
  constructor(store: PaneStore, aggregates: readonly Aggregate[], keyRows: KeyRows | undefined) {
    this.#store = store
    this.#aggregates = aggregates
    this.#lanes = aggregates.map((a) => (a.invertible ? a.create() : undefined))
    const stacked = aggregates.flatMap((a, i) => (a.invertible ? [] : [i]))
    this.#stacks =
      keyRows === undefined || stacked.length === 0
        ? undefined
        : new TwoStacks(store, keyRows, aggregates, stacked)
  }

  get sizeBytes(): number {
    let total = this.contributions.byteLength + (this.#stacks?.sizeBytes ?? 0)
    for (const lane of this.#lanes) total += lane?.sizeBytes ?? 0
    return total
  }

  ensure(rows: number, slots: number): void {
    this.#stacks?.ensure(rows, slots)
    if (slots <= this.contributions.length) return
    const capacity = Math.max(slots, this.contributions.length * 2)
    const contributions = new Int32Array(capacity)
    contributions.set(this.contributions)
    this.contributions = contributions
    for (const lane of this.#lanes) lane?.ensureRows(capacity)
  }

  enter(pane: Pane): void {
    pane.phase = 'running'
    this.panes++
    for (let from = 0; from < pane.size; ) {
      const count = this.#load(pane, from)
      for (let i = 0; i < count; i++) this.contributions[this.#slots[i]!]!++
      this.#merge(count)
      from += count
    }
  }

  leave(pane: Pane): void {
    pane.phase = 'left'
    this.panes--
    for (let from = 0; from < pane.size; ) {
      const count = this.#load(pane, from)
      for (let a = 0; a < this.#lanes.length; a++) {
        const partials = this.#store.partials[a]
        const lane = this.#lanes[a]
        if (partials !== undefined) lane?.retract?.(this.#slots, partials, this.#rows, count)
      }
      for (let i = 0; i < count; i++) this.#leaveRow(this.#slots[i]!, this.#rows[i]!)
      from += count
    }
  }

  /** A record was put into a new row of a running pane. */
  rowCreated(row: number): void {
    const slot = this.#store.slotOf[row]!
    this.contributions[slot]!++
    this.#rows[0] = row
    this.#slots[0] = slot
    this.#merge(1)
  }

  /** Takes a row of a running pane out before it changes; `afterChange` puts it back. */
  beforeChange(row: number): void {
    this.#rows[0] = row
    this.#slots[0] = this.#store.slotOf[row]!
    for (let a = 0; a < this.#lanes.length; a++) {
      const partials = this.#store.partials[a]
      if (partials !== undefined) this.#lanes[a]?.retract?.(this.#slots, partials, this.#rows, 1)
    }
  }

  afterChange(row: number): void {
    this.#rows[0] = row
    this.#slots[0] = this.#store.slotOf[row]!
    for (let a = 0; a < this.#lanes.length; a++) {
      const partials = this.#store.partials[a]
      if (partials !== undefined) this.#lanes[a]?.merge(this.#slots, partials, this.#rows, 1)
    }
    this.#stacks?.flip(this.#slots[0]!)
  }

  /** Frees what a retired row held. */
  drop(row: number): void {
    this.#stacks?.drop(row)
  }

  get keepsRows(): boolean {
    return this.#stacks !== undefined
  }

  /** The aggregates' columns for `slots[0 .. count)`; at most BATCH_RECORDS_MAX. */
  results(slots: Int32Array, count: number): Column[] {
    const stacked = this.#stacks?.values(slots, count, this.#identity) ?? []
    let next = 0
    return this.#aggregates.map((aggregate, a) => {
      const lane = this.#lanes[a]
      if (lane !== undefined) return lane.result(slots, count)
      const view = stacked[next++]
      if (view !== undefined) return view.result(this.#identity, count)
      throw new RangeError(`${aggregate.layout} has no running value`)
    })
  }

  #merge(count: number): void {
    for (let a = 0; a < this.#lanes.length; a++) {
      const partials = this.#store.partials[a]
      if (partials !== undefined) this.#lanes[a]?.merge(this.#slots, partials, this.#rows, count)
    }
    this.#stacks?.enter(this.#slots, this.#rows, count)
  }

  #leaveRow(slot: number, row: number): void {
    const left = --this.contributions[slot]!
    this.#stacks?.leave(slot, row)
    if (left > 0) return
    // What is left of a spilled sum or an emptied set is given back.
    for (const lane of this.#lanes) lane?.clear(slot, slot + 1)
  }

  #load(pane: Pane, from: number): number {
    const count = pane.copyRows(from, this.#rows)
    const { slotOf } = this.#store
    for (let i = 0; i < count; i++) this.#slots[i] = slotOf[this.#rows[i]!]!
    return count
  }
}
