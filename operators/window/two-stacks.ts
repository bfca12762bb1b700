// TwoStacks: running values of aggregates that can't be retracted, at O(1) merges a pane row.
//
//   rows of a key, oldest to newest:   f1 f2 … fk | b1 b2 … bm
//   suffix[fi] = merge of fi … fk      back[slot] = merge of b1 … bm
//   value of the key = merge of suffix[oldest running row] and back[slot]
//
// When the front is used up, the back becomes the front: one pass from newest to oldest fills the
// suffixes ("flip"). Each row is in one flip, unless a record comes for a row of the front.
import type { Accumulators, Aggregate } from '../aggregates/index.ts'
import { isBefore, type KeyRows } from './key-rows.ts'
import type { PaneStore } from './pane-store.ts'

export class TwoStacks {
  readonly #store: PaneStore
  readonly #keyRows: KeyRows
  /** One entry an aggregate: the pane rows, their suffixes, and the backs by slot. */
  readonly #partials: readonly Accumulators[]
  readonly #suffixes: readonly Accumulators[]
  readonly #backs: readonly Accumulators[]
  readonly #views: readonly Accumulators[]
  /** Newest row of the front by slot, -1 where the front is empty. */
  #frontEnd = new Int32Array(0)
  readonly #one = new Int32Array(1)
  readonly #other = new Int32Array(1)

  /** @param indexes which of the store's aggregates can't be retracted */
  constructor(
    store: PaneStore,
    keyRows: KeyRows,
    aggregates: readonly Aggregate[],
    indexes: readonly number[],
  ) {
    this.#store = store
    this.#keyRows = keyRows
    const picked = aggregates.filter((_, i) => indexes.includes(i))
    this.#partials = store.partials.filter((_, i) => indexes.includes(i))
    this.#suffixes = picked.map((aggregate) => aggregate.create())
    this.#backs = picked.map((aggregate) => aggregate.create())
    this.#views = picked.map((aggregate) => aggregate.create())
  }

  get sizeBytes(): number {
    let total = this.#frontEnd.byteLength
    for (const lanes of [...this.#suffixes, ...this.#backs]) total += lanes.sizeBytes
    return total
  }

  ensure(rows: number, slots: number): void {
    for (const suffix of this.#suffixes) suffix.ensureRows(rows)
    for (const back of this.#backs) back.ensureRows(slots)
    if (slots <= this.#frontEnd.length) return
    const larger = new Int32Array(Math.max(slots, this.#frontEnd.length * 2)).fill(-1)
    larger.set(this.#frontEnd)
    this.#frontEnd = larger
  }

  /** Rows that just became part of the running window. */
  enter(slots: Int32Array, rows: Int32Array, count: number): void {
    this.#backs.forEach((back, a) => {
      const partials = this.#partials[a]
      if (partials !== undefined) back.merge(slots, partials, rows, count)
    })
    for (let i = 0; i < count; i++) {
      const end = this.#frontEnd[slots[i]!]!
      if (end < 0) continue
      const isInFront = isBefore(this.#store.paneOf(rows[i]!), this.#store.paneOf(end))
      if (isInFront) this.flip(slots[i]!)
    }
  }

  /** A row whose pane just left the running window (its phase says so already). */
  leave(slot: number, row: number): void {
    const end = this.#frontEnd[slot]!
    if (end === row || end < 0) this.flip(slot)
  }

  /** Makes all running rows of a key the front. */
  flip(slot: number): void {
    const store = this.#store
    let newer = -1
    this.#frontEnd[slot] = -1
    for (const back of this.#backs) back.clear(slot, slot + 1)
    for (let row = this.#keyRows.newest(slot); row >= 0; row = this.#keyRows.older[row]!) {
      if (store.paneOf(row).phase !== 'running') continue
      if (newer < 0) this.#frontEnd[slot] = row
      this.#fillSuffix(row, newer)
      newer = row
    }
  }

  /** Frees what a retired row held. */
  drop(row: number): void {
    for (const suffix of this.#suffixes) suffix.clear(row, row + 1)
  }

  /** The values of `slots[0 .. count)`, one Accumulators an aggregate, in rows [0, count). */
  values(slots: Int32Array, count: number, identity: Int32Array): readonly Accumulators[] {
    const fronts = new Int32Array(count)
    const targets = new Int32Array(count)
    let frontCount = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (this.#frontEnd[slot]! < 0) continue
      fronts[frontCount] = this.#oldestRunning(slot)
      targets[frontCount++] = i
    }
    this.#views.forEach((view, a) => {
      const [back, suffix] = [this.#backs[a], this.#suffixes[a]]
      if (back === undefined || suffix === undefined) return
      view.ensureRows(count)
      view.clear(0, count)
      view.merge(identity, back, slots, count)
      view.merge(targets, suffix, fronts, frontCount)
    })
    return this.#views
  }

  #oldestRunning(slot: number): number {
    let row = this.#keyRows.oldest(slot)
    while (this.#store.paneOf(row).phase !== 'running') row = this.#keyRows.newer[row]!
    return row
  }

  #fillSuffix(row: number, newer: number): void {
    this.#one[0] = row
    this.#other[0] = newer
    this.#suffixes.forEach((suffix, a) => {
      const partials = this.#partials[a]
      if (partials === undefined) return
      suffix.clear(row, row + 1)
      suffix.merge(this.#one, partials, this.#one, 1)
      if (newer >= 0) suffix.merge(this.#one, suffix, this.#other, 1)
    })
  }
}
