// PaneStore: all panes with their rows and partial results, and the table that checkpoints them. It
// decides nothing about windows: the operator says which pane a record belongs to and when a pane
// retires. How a row stands in storage: `pane-store-rows.ts`.
//
// A retired pane is one range delete; rows that come and go between two snapshots are never
// written.
import type { RecordBatch } from '../../engine/batch/index.ts'
import {
  type KeyIndex,
  type SegmentWriter,
  type StateTable,
  sortByNumber,
  type TableFormat,
} from '../../engine/state/index.ts'
import { lastWindowEnd, type WindowFrame } from '../../engine/window/index.ts'
import type { Accumulators, Aggregate } from '../aggregates/index.ts'
import type { KeyOrder } from './key-order.ts'
import { CHUNK_ROWS, Pane } from './pane.ts'
import { PaneChains } from './pane-chains.ts'
import {
  corruptPanes,
  inChunks,
  KEY_BYTES,
  orderedAt,
  PaneRowWriter,
  paneKey,
  prepareTable,
  RestoredRows,
  readPartials,
  sequencesOf,
  takeFlags,
} from './pane-store-rows.ts'

/** Dirty lists above this length are given back after a snapshot. */
const DIRTY_KEPT_MAX = 8192
/** With one changed row among so many, all flags are looked at instead of the list. */
const SCAN_ROWS_PER_DIRTY = 64

export class PaneStore implements StateTable {
  readonly name = 'panes'
  readonly format: TableFormat
  /** Partial results by row, one entry an aggregate. */
  readonly partials: readonly Accumulators[]
  /** All live panes. */
  readonly panes = new PaneChains()
  /** The key's slot by row. The array is replaced when it grows. */
  slotOf = new Int32Array(0)
  rows = 0
  readonly #frame: WindowFrame
  readonly #keys: KeyIndex
  readonly #order: KeyOrder
  readonly #paneOfChunk: (Pane | undefined)[] = []
  readonly #freeChunks: number[] = []
  readonly #writer: PaneRowWriter
  #isDirty = new Uint8Array(0)
  /** The same memory. */
  #dirtyWords = new Int32Array(0)
  #retired: { readonly start: number; readonly entersAt: number }[] = []
  /** Restored rows, until `attach` found the slots of their sequences. */
  #restored = new RestoredRows()

  constructor(
    frame: WindowFrame,
    aggregates: readonly Aggregate[],
    keys: KeyIndex,
    order: KeyOrder,
  ) {
    this.#frame = frame
    this.#keys = keys
    this.#order = order
    this.partials = aggregates.map((aggregate) => aggregate.create('panes'))
    this.#writer = new PaneRowWriter(this.partials)
    const { size, slide, offset } = frame
    const layouts = aggregates.map((aggregate) => aggregate.layout).join(',')
    this.format = { version: 1, layout: `window(${size},${slide},${offset}) ${layouts}` }
  }

  get sizeBytes(): number {
    let total = this.slotOf.length * 5 + this.#order.sizeBytes
    for (const partials of this.partials) total += partials.sizeBytes
    for (const pane of this.panes) total += pane.table.byteLength + pane.dirty.byteLength
    return total
  }

  create(start: number, entersAt: number): Pane {
    const pane = new Pane(start, entersAt, lastWindowEnd(this.#frame, start))
    const { newest } = this.panes
    // It will hold about as many keys as the one before it.
    if (newest?.isDirect && start > newest.start) pane.makeDirect(this.#keys.slotCount)
    this.panes.add(pane)
    return pane
  }

  paneOf(row: number): Pane {
    const pane = this.#paneOfChunk[Math.floor(row / CHUNK_ROWS)]
    if (pane !== undefined) return pane
    throw new RangeError(`row ${row} belongs to no pane`)
  }

  /**
   * Finds or makes the rows of the keys `slots[from .. to)` in a pane and marks them as changed.
   * New rows are appended to `created`, which gives how many there are now.
   */
  locate(
    pane: Pane,
    slots: Int32Array,
    rows: Int32Array,
    from: number,
    to: number,
    created: Int32Array,
    createdCount: number,
  ): number {
    let fresh = createdCount
    let i = from
    for (; i < to && !pane.isDirect; i++) {
      const slot = slots[i]!
      const { table } = pane
      const mask = table.length - 2
      let at = (Math.imul(slot, -1640531527) >>> pane.shift) << 1
      while (table[at] !== slot + 1 && table[at] !== 0) at = (at + 2) & mask
      if (table[at] !== 0) rows[i] = this.#changed(pane, table[at + 1]!)
      else created[fresh++] = rows[i] = this.#createRow(pane, slot)
    }
    if (i === to) return fresh
    pane.makeDirect(this.#keys.slotCount)
    const { table } = pane
    for (; i < to; i++) {
      const slot = slots[i]!
      const stored = table[slot]!
      if (stored !== 0) rows[i] = this.#changed(pane, stored - 1)
      else created[fresh++] = rows[i] = this.#createRow(pane, slot)
    }
    return fresh
  }

  /** Adds records [from, to) of the batch to their rows. */
  add(rows: Int32Array, batch: RecordBatch, from: number, to: number): void {
    for (const partials of this.partials) partials.add(rows, batch, from, to)
  }

  /** Frees a pane. The keys that have no rows any more are released and lose their position. */
  retire(pane: Pane): void {
    let left = pane.size
    for (const chunk of pane.chunks) {
      const from = chunk * CHUNK_ROWS
      this.#dropKeys(from, from + Math.min(left, CHUNK_ROWS))
      left -= CHUNK_ROWS
      for (const partials of this.partials) partials.clear(from, from + CHUNK_ROWS)
      this.#isDirty.fill(0, from, from + CHUNK_ROWS)
      this.#paneOfChunk[chunk] = undefined
      this.#freeChunks.push(chunk)
    }
    this.rows -= pane.size
    this.panes.remove(pane)
    if (pane.isStored) this.#retired.push({ start: pane.start, entersAt: pane.entersAt })
  }

  snapshot(segment: SegmentWriter): void {
    for (const { start, entersAt } of this.#retired.sort(byTime)) {
      segment.deleteRange(paneKey(start, entersAt), paneKey(start, entersAt + 1))
    }
    this.#retired = []
    const changed: Pane[] = []
    for (const pane of this.panes) if (pane.dirtyCount > 0) changed.push(pane)
    for (const pane of changed.sort(byTime)) this.#writePane(pane, segment)
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    if (key.length !== KEY_BYTES) throw corruptPanes(`a key of ${key.length} bytes`)
    const start = orderedAt(key, 0)
    const entersAt = orderedAt(key, 8)
    let { pane } = this.#restored
    if (pane === undefined || pane.start !== start || pane.entersAt !== entersAt) {
      pane = this.panes.find(start, entersAt) ?? this.create(start, entersAt)
      pane.isStored = true
      this.#restored.pane = pane
    }
    const row = this.#newRow(pane)
    pane.size++
    this.#restored.add(row, orderedAt(key, 16))
    readPartials(this.partials, row, value)
  }

  /** After a restore: leads the rows' sequences back to slots. @throws StateCorruptError */
  attach(): void {
    this.#order.ensureSlots(this.#keys.slotCount)
    for (const pane of this.panes) prepareTable(pane, this.#keys.slotCount)
    const { rows, sequences, count } = this.#restored.take()
    inChunks(count, (from, to) => this.#attach(rows, sequences, from, to))
    // Keys get their positions in the order of their sequences, as they did when they appeared.
    sortByNumber(rows, sequences)
    inChunks(count, (from, to) => {
      for (let i = from; i < to; i++) {
        const slot = this.slotOf[rows[i]!]!
        if (this.#order.hold(slot)) this.#order.appear(slot, sequences[i]!)
      }
    })
    this.#restored = new RestoredRows()
  }

  #attach(rows: Int32Array, sequences: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const row = rows[i]!
      const sequence = sequences[i]!
      const slot = this.#keys.slotOfSequence(sequence)
      if (slot < 0) throw corruptPanes(`a row of the unknown key ${sequence}`)
      this.paneOf(row).put(slot, row, this.#keys.slotCount)
      this.slotOf[row] = slot
    }
  }

  /** Marks a row as changed since the last snapshot; gives it back. */
  #changed(pane: Pane, row: number): number {
    if (this.#isDirty[row] === 0) {
      this.#isDirty[row] = 1
      pane.markDirty(row)
    }
    return row
  }

  #createRow(pane: Pane, slot: number): number {
    const row = this.#newRow(pane)
    pane.put(slot, row, this.#keys.slotCount)
    this.slotOf[row] = slot
    if (this.#order.hold(slot)) this.#order.appear(slot, this.#keys.sequenceOf[slot]!)
    return this.#changed(pane, row)
  }

  /** The rows [from, to) are given up: keys that hold no other row are released. */
  #dropKeys(from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const slot = this.slotOf[row]!
      if (this.#order.drop(slot)) this.#keys.release(slot)
    }
  }

  /** The next row number of a pane; the caller puts it under its slot, which counts it. */
  #newRow(pane: Pane): number {
    if (pane.size === pane.chunks.length * CHUNK_ROWS) {
      const chunk = this.#freeChunks.pop() ?? this.#paneOfChunk.length
      this.#paneOfChunk[chunk] = pane
      pane.chunks.push(chunk)
      const end = (chunk + 1) * CHUNK_ROWS
      if (end > this.slotOf.length) this.#grow(end)
    }
    this.rows++
    return pane.rowAt(pane.size)
  }

  #grow(end: number): void {
    const capacity = Math.max(end, this.slotOf.length * 2, 1024)
    const slotOf = new Int32Array(capacity)
    slotOf.set(this.slotOf)
    this.slotOf = slotOf
    const isDirty = new Uint8Array(capacity)
    isDirty.set(this.#isDirty)
    this.#isDirty = isDirty
    this.#dirtyWords = new Int32Array(isDirty.buffer)
    for (const partials of this.partials) partials.ensureRows(capacity)
  }

  #writePane(pane: Pane, segment: SegmentWriter): void {
    const rows = this.#takeDirty(pane)
    const sequences = sequencesOf(rows, this.slotOf, this.#keys.sequenceOf)
    sortByNumber(rows, sequences)
    this.#writer.write(pane, rows, sequences, segment)
    pane.isStored = true
  }

  /** The changed rows of a pane, which count as written from now on. */
  #takeDirty(pane: Pane): Int32Array {
    const rows = pane.dirty.slice(0, pane.dirtyCount)
    pane.dirtyCount = 0
    if (pane.dirty.length > DIRTY_KEPT_MAX) pane.dirty = new Int32Array(64)
    const isDirty = this.#isDirty
    if (rows.length * SCAN_ROWS_PER_DIRTY < pane.size) {
      for (let i = 0; i < rows.length; i++) isDirty[rows[i]!] = 0
      return rows
    }
    // Many of them: the order of creation is nearly that of the sequences, and kind to caches.
    let count = 0
    for (const chunk of pane.chunks) {
      const first = chunk * CHUNK_ROWS
      count = takeFlags(isDirty, this.#dirtyWords, first, first + CHUNK_ROWS, rows, count)
    }
    return rows
  }
}

function byTime(
  a: { readonly start: number; readonly entersAt: number },
  b: { readonly start: number; readonly entersAt: number },
): number {
  return a.start - b.start || a.entersAt - b.entersAt
}
