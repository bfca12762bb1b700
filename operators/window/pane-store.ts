// PaneStore: all panes with their rows and partial results, and the table that checkpoints them. It
// decides nothing about windows: the operator says which pane a record belongs to and when a pane
// retires.
//
//   key    pane start, entersAt, key sequence: 8 bytes each, big-endian, ordered as numbers
//   value  the partials of the aggregates one after another, each with its version
//
// A retired pane is one range delete; rows that come and go between two snapshots are never
// written.
import { ByteReader, ByteWriter, type RecordBatch } from '../../engine/batch/index.ts'
import { StateCorruptError } from '../../engine/errors.ts'
import type { KeyIndex, SegmentWriter, StateTable, TableFormat } from '../../engine/state/index.ts'
import { lastWindowEnd, type WindowFrame } from '../../engine/window/index.ts'
import type { Accumulators, Aggregate } from '../aggregates/index.ts'
import type { KeyOrder } from './key-order.ts'
import { CHUNK_ROWS, Pane } from './pane.ts'
import { PaneChains } from './pane-chains.ts'
import { sortBySequence } from './sequence-order.ts'

/** Dirty lists above this length are given back after a snapshot. */
const DIRTY_KEPT_MAX = 8192

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
  #isDirty = new Uint8Array(0)
  #retired: { readonly start: number; readonly entersAt: number }[] = []
  /** Sequences of restored rows, until `attach` found their slots. */
  #restored: number[] = []
  #restoredRows: number[] = []

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
    const from = new ByteWriter(16)
    const to = new ByteWriter(16)
    for (const { start, entersAt } of this.#retired.sort(byTime)) {
      from.clear()
      from.integerOrdered(start)
      from.integerOrdered(entersAt)
      to.clear()
      to.integerOrdered(start)
      to.integerOrdered(entersAt + 1)
      segment.deleteRange(from.view(), to.view())
    }
    this.#retired = []
    const changed: Pane[] = []
    for (const pane of this.panes) if (pane.dirtyCount > 0) changed.push(pane)
    for (const pane of changed.sort(byTime)) this.#writePane(pane, segment)
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const keyReader = new ByteReader(key)
    const start = keyReader.integerOrdered()
    const entersAt = keyReader.integerOrdered()
    const pane = this.panes.find(start, entersAt) ?? this.create(start, entersAt)
    pane.isStored = true
    const row = this.#newRow(pane)
    pane.size++
    this.#restored.push(keyReader.integerOrdered())
    this.#restoredRows.push(row)
    const reader = new ByteReader(value)
    for (const partials of this.partials) partials.decode(row, reader)
    if (reader.remaining > 0) throw corrupt(`${reader.remaining} bytes left over`)
  }

  /** After a restore: leads the rows' sequences back to slots. @throws StateCorruptError */
  attach(): void {
    this.#order.ensureSlots(this.#keys.slotCount)
    for (const pane of this.panes) pane.size = 0
    for (let i = 0; i < this.#restoredRows.length; i++) {
      const row = this.#restoredRows[i] ?? 0
      const sequence = this.#restored[i] ?? 0
      const slot = this.#keys.slotOfSequence(sequence)
      if (slot < 0) throw corrupt(`a row of the unknown key ${sequence}`)
      this.paneOf(row).put(slot, row, this.#keys.slotCount)
      this.slotOf[row] = slot
    }
    // Keys get their positions in the order of their sequences, as they did when they appeared.
    const rows = Int32Array.from(this.#restoredRows)
    const sequences = this.#keys.sequenceOf
    for (const row of sortBySequence(rows, rows.length, this.slotOf, sequences)) {
      const slot = this.slotOf[row]!
      this.#order.hold(slot, sequences[slot]!)
    }
    this.#restored = []
    this.#restoredRows = []
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
    this.#order.hold(slot, this.#keys.sequenceOf[slot]!)
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
    for (const partials of this.partials) partials.ensureRows(capacity)
  }

  #writePane(pane: Pane, segment: SegmentWriter): void {
    const { bytes } = segment
    const sequences = this.#keys.sequenceOf
    const rows = sortBySequence(pane.dirty, pane.dirtyCount, this.slotOf, sequences)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      segment.beginKey()
      bytes.integerOrdered(pane.start)
      bytes.integerOrdered(pane.entersAt)
      bytes.integerOrdered(sequences[this.slotOf[row]!]!)
      segment.beginValue()
      for (const partials of this.partials) partials.encode(row, bytes)
      segment.end()
      this.#isDirty[row] = 0
    }
    pane.isStored = true
    pane.dirtyCount = 0
    if (pane.dirty.length > DIRTY_KEPT_MAX) pane.dirty = new Int32Array(64)
  }
}

function byTime(
  a: { readonly start: number; readonly entersAt: number },
  b: { readonly start: number; readonly entersAt: number },
): number {
  return a.start - b.start || a.entersAt - b.entersAt
}

function corrupt(found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'PANES_CORRUPT',
    message: 'the stored panes of a window do not fit together',
    found,
    remedy: 'Restore a savepoint.',
  })
}
