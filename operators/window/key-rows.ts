// KeyRows: for every key the list of its rows in all live panes, ordered by (pane start, entersAt).
// Only windows that need to look at one key's panes keep it: those with aggregates that can't be
// retracted, or with allowed lateness. Doubly linked in typed arrays; a new row is nearly always
// the newest, so linking looks at one neighbour.
import type { Pane } from './pane.ts'

export class KeyRows {
  /** The next older and the next newer row of the same key, by row; -1 at the ends. */
  older = new Int32Array(0)
  newer = new Int32Array(0)
  /** By slot; -1 without rows. */
  #oldest = new Int32Array(0)
  #newest = new Int32Array(0)
  readonly #paneOf: (row: number) => Pane

  constructor(paneOf: (row: number) => Pane) {
    this.#paneOf = paneOf
  }

  get sizeBytes(): number {
    return (this.older.length + this.#oldest.length) * 8
  }

  oldest(slot: number): number {
    return this.#oldest[slot] ?? -1
  }

  newest(slot: number): number {
    return this.#newest[slot] ?? -1
  }

  ensure(rows: number, slots: number): void {
    this.older = grown(this.older, rows)
    this.newer = grown(this.newer, rows)
    this.#oldest = grown(this.#oldest, slots)
    this.#newest = grown(this.#newest, slots)
  }

  link(row: number, slot: number): void {
    const pane = this.#paneOf(row)
    let older = this.#newest[slot]!
    let newer = -1
    while (older >= 0 && isBefore(pane, this.#paneOf(older))) {
      newer = older
      older = this.older[older]!
    }
    this.older[row] = older
    this.newer[row] = newer
    if (older >= 0) this.newer[older] = row
    else this.#oldest[slot] = row
    if (newer >= 0) this.older[newer] = row
    else this.#newest[slot] = row
  }

  unlink(row: number, slot: number): void {
    const older = this.older[row]!
    const newer = this.newer[row]!
    if (older >= 0) this.newer[older] = newer
    else this.#oldest[slot] = newer
    if (newer >= 0) this.older[newer] = older
    else this.#newest[slot] = older
  }
}

export function isBefore(a: Pane, b: Pane): boolean {
  return a.start < b.start || (a.start === b.start && a.entersAt < b.entersAt)
}

function grown(lane: Int32Array<ArrayBuffer>, count: number): Int32Array<ArrayBuffer> {
  if (count <= lane.length) return lane
  const larger = new Int32Array(Math.max(count, lane.length * 2)).fill(-1, lane.length)
  larger.set(lane)
  return larger
}
