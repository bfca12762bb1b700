// Pane: the rows of one stretch of event time, one row a key. A pane is named by its start and by
// `entersAt`, the end of the first window that may count it: a record that is late for the first
// windows of its pane, but not for all, goes into a later-entering pane of the same start.
//
// Rows stand in chunks of 64 consecutive row numbers, in order of creation. A table leads from a
// key's slot to its row: by hashing while few keys have a row, an array by slot as soon as that takes
// no more memory. The pane knows neither keys nor aggregates.

export const CHUNK_ROWS = 64
const CHUNK_SHIFT = 6
const CHUNK_MASK = CHUNK_ROWS - 1

/** waiting: no window has counted it yet · running: it is part of the running window · left. */
export type PanePhase = 'waiting' | 'running' | 'left'

export class Pane {
  readonly start: number
  readonly entersAt: number
  /** End of the last window that holds it. */
  readonly lastEnd: number
  phase: PanePhase = 'waiting'
  /** A pane of the same start that enters later. */
  later: Pane | undefined = undefined
  /** Whether a snapshot holds rows of it. */
  isStored = false
  readonly chunks: number[] = []
  size = 0
  /** Whether `table` is an array by slot. */
  isDirect = false
  /**
   * Direct: row + 1 by slot. Else (slot + 1, row) pairs, open addressing with Fibonacci hashing, at
   * most half full. 0 where there is no row.
   */
  table = new Int32Array(32)
  /** 32 minus the bits of the table's index. */
  shift = 28
  /** Rows changed since the last snapshot. */
  dirty = new Int32Array(16)
  dirtyCount = 0

  constructor(start: number, entersAt: number, lastEnd: number) {
    this.start = start
    this.entersAt = entersAt
    this.lastEnd = lastEnd
  }

  /** Puts a row under a slot that has none; all slots are below `slotCount`. */
  put(slot: number, row: number, slotCount: number): void {
    this.size++
    if (!this.isDirect && this.size * 4 > this.table.length) this.#grow(slotCount)
    if (this.isDirect) this.table[slot] = row + 1
    else this.#place(slot, row)
  }

  /** Makes the table an array by slot with room for the slots below `slotCount`. */
  makeDirect(slotCount: number): void {
    const old = this.table
    if (!this.isDirect) {
      this.table = new Int32Array(slotCount)
      for (let at = 0; at < old.length; at += 2) {
        if (old[at] !== 0) this.table[old[at]! - 1] = old[at + 1]! + 1
      }
    } else if (old.length < slotCount) {
      this.table = new Int32Array(Math.max(slotCount, old.length * 2))
      this.table.set(old)
    }
    this.isDirect = true
  }

  /** The i-th row, in order of creation. */
  rowAt(i: number): number {
    return (this.chunks[i >> CHUNK_SHIFT] ?? 0) * CHUNK_ROWS + (i & CHUNK_MASK)
  }

  /** Copies rows from the i-th on into `rows`; gives how many. */
  copyRows(from: number, rows: Int32Array): number {
    const count = Math.min(rows.length, this.size - from)
    let i = 0
    while (i < count) {
      const at = from + i
      const first = this.rowAt(at)
      const end = Math.min(count, i + CHUNK_ROWS - (at & CHUNK_MASK))
      for (let row = first; i < end; i++, row++) rows[i] = row
    }
    return count
  }

  markDirty(row: number): void {
    if (this.dirtyCount === this.dirty.length) {
      const dirty = new Int32Array(this.dirty.length * 2)
      dirty.set(this.dirty)
      this.dirty = dirty
    }
    this.dirty[this.dirtyCount++] = row
  }

  #place(slot: number, row: number): void {
    const table = this.table
    const mask = table.length - 2
    let at = (Math.imul(slot, -1640531527) >>> this.shift) << 1
    while (table[at] !== 0) at = (at + 2) & mask
    table[at] = slot + 1
    table[at + 1] = row
  }

  #grow(slotCount: number): void {
    const old = this.table
    if (old.length * 2 >= slotCount) {
      this.makeDirect(slotCount)
      return
    }
    this.table = new Int32Array(old.length * 2)
    this.shift--
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0) this.#place(old[at]! - 1, old[at + 1]!)
    }
  }
}
