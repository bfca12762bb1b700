// LateUpdates: what a record does that comes after its windows fired, within the allowed lateness.
// For every fired window that holds it, in window order, the old row is taken back (-U) and the new
// one sent (+U), or a first row (+I) when the key had none. Values are put together from the panes
// of the key: O(windows × panes of the key) for such a record, nothing for others.
import { Change } from '../../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Output } from '../../engine/operator.ts'
import type { WindowFrame } from '../../engine/window/index.ts'
import type { Accumulators, Aggregate } from '../aggregates/index.ts'
import type { KeyRows } from './key-rows.ts'
import type { PaneStore } from './pane-store.ts'
import type { WindowOutput } from './window-output.ts'

/** A record of `slot` that changes the windows ending at `first`, `first` + slide, … `last`. */
export interface LateChange {
  readonly slot: number
  readonly first: number
  readonly last: number
  /** The watermark of the record's channel just before it: the rows sent carry it. */
  readonly watermark: number
}

export class LateUpdates {
  readonly #frame: WindowFrame
  readonly #store: PaneStore
  readonly #keyRows: KeyRows
  readonly #output: WindowOutput
  /** Window w: its value before the record in row 2 w, after it in row 2 w + 1. */
  readonly #values: readonly Accumulators[]
  readonly #sources = new Int32Array(BATCH_RECORDS_MAX)
  readonly #targets = new Int32Array(BATCH_RECORDS_MAX)

  constructor(
    frame: WindowFrame,
    store: PaneStore,
    keyRows: KeyRows,
    aggregates: readonly Aggregate[],
    output: WindowOutput,
  ) {
    this.#frame = frame
    this.#store = store
    this.#keyRows = keyRows
    this.#output = output
    this.#values = aggregates.map((aggregate) => aggregate.create())
  }

  /** Runs `put`, which adds the record to its row, and sends what that changes. */
  apply(change: LateChange, out: Output, put: () => void): void {
    const { slide } = this.#frame
    const windows = Math.round((change.last - change.first) / slide) + 1
    for (const values of this.#values) {
      values.ensureRows(windows * 2)
      values.clear(0, windows * 2)
    }
    const hadRow: boolean[] = []
    for (let w = 0; w < windows; w++) {
      hadRow.push(this.#combine(change.slot, change.first + w * slide, w * 2) > 0)
    }
    put()
    for (let w = 0; w < windows; w++) {
      this.#combine(change.slot, change.first + w * slide, w * 2 + 1)
    }
    this.#send(change, hadRow, out)
  }

  /** Merges the key's rows of the window ending at `end` into a row of values; gives how many. */
  #combine(slot: number, end: number, target: number): number {
    const start = end - this.#frame.size
    let total = 0
    let count = 0
    for (let row = this.#keyRows.newest(slot); row >= 0; row = this.#keyRows.older[row]!) {
      const pane = this.#store.paneOf(row)
      if (pane.start < start) break
      if (pane.entersAt > end || pane.start >= end) continue
      this.#sources[count] = row
      this.#targets[count++] = target
      total++
      if (count === BATCH_RECORDS_MAX) count = this.#merge(count)
    }
    this.#merge(count)
    return total
  }

  #merge(count: number): 0 {
    this.#values.forEach((values, a) => {
      const partials = this.#store.partials[a]
      if (partials !== undefined) values.merge(this.#targets, partials, this.#sources, count)
    })
    return 0
  }

  #send(change: LateChange, hadRow: readonly boolean[], out: Output): void {
    const rows: number[] = []
    const ends: number[] = []
    const changes: Change[] = []
    const flush = () => {
      const picked = Int32Array.from(rows)
      const slots = new Int32Array(rows.length).fill(change.slot)
      const batch = this.#output.ofChanges(
        Float64Array.from(ends),
        slots,
        Uint8Array.from(changes),
        change.watermark,
        (from, count) =>
          this.#values.map((values) => values.result(picked.subarray(from, from + count), count)),
      )
      out.emit(batch)
      rows.length = 0
      ends.length = 0
      changes.length = 0
    }
    hadRow.forEach((had, w) => {
      const end = change.first + w * this.#frame.slide
      if (had) {
        rows.push(w * 2)
        ends.push(end)
        changes.push(Change.updateBefore)
      }
      rows.push(w * 2 + 1)
      ends.push(end)
      changes.push(had ? Change.updateAfter : Change.insert)
      if (rows.length >= BATCH_RECORDS_MAX - 1) flush()
    })
    if (rows.length > 0) flush()
  }
}
