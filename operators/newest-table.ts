// NewestTable: of each key slot the order and event time of its newest row, as arrays and as a table.
//
//   key = key sequence (8 bytes, big-endian) · value = order float64, event time float64
import { ByteReader, ByteWriter } from '../engine/batch/index.ts'
import { StateCorruptError } from '../engine/errors.ts'
import {
  type KeyIndex,
  readSequence,
  type SegmentWriter,
  type StateTable,
  type TableFormat,
  writeSequence,
} from '../engine/state/index.ts'
import { sortBySequence } from './window/sequence-order.ts'

export class NewestTable implements StateTable {
  readonly name = 'newest'
  readonly format: TableFormat = { version: 1, layout: 'order,time' }
  /** NaN for a key without a row. The arrays are replaced when they grow: read them anew. */
  orderOf = new Float64Array(64).fill(Number.NaN)
  timeOf = new Float64Array(64).fill(Number.NaN)
  /** By slot: bit 0 = in the table, bit 1 = changed since the last snapshot. */
  #state = new Uint8Array(64)
  #dirty: number[] = []
  #removed: number[] = []
  #restored: number[] = []
  readonly #keys: KeyIndex

  constructor(keys: KeyIndex) {
    this.#keys = keys
  }

  get rows(): number {
    return this.#keys.rows
  }

  get sizeBytes(): number {
    return this.orderOf.byteLength * 2 + this.#state.byteLength + this.#dirty.length * 8
  }

  ensureSlots(count: number): void {
    if (count <= this.orderOf.length) return
    const length = Math.max(count, this.orderOf.length * 2)
    const orders = new Float64Array(length).fill(Number.NaN)
    orders.set(this.orderOf)
    const times = new Float64Array(length).fill(Number.NaN)
    times.set(this.timeOf)
    const state = new Uint8Array(length)
    state.set(this.#state)
    this.orderOf = orders
    this.timeOf = times
    this.#state = state
  }

  /** The key's newest row leaves: it will be stored. Returns whether an earlier one had left. */
  markSent(slot: number): boolean {
    const state = this.#state[slot]!
    if ((state & 2) === 0) this.#dirty.push(slot)
    this.#state[slot] = 3
    return (state & 1) === 1
  }

  /** The key is gone; call it before its slot is released. */
  forget(slot: number): void {
    if (this.#state[slot] !== 0) this.#removed.push(this.#keys.sequenceOf[slot]!)
    this.orderOf[slot] = Number.NaN
    this.timeOf[slot] = Number.NaN
    this.#state[slot] = 0
  }

  snapshot(segment: SegmentWriter): void {
    const slots = this.#takeDirty()
    const sequences = this.#keys.sequenceOf
    const rows = Int32Array.from(slots.keys())
    const removed = Float64Array.from(this.#removed).sort()
    let gone = 0
    for (const row of sortBySequence(rows, rows.length, slots, sequences)) {
      const slot = slots[row]!
      const sequence = sequences[slot]!
      for (; gone < removed.length && removed[gone]! < sequence; gone++) {
        segment.delete(sequenceKey(removed[gone]!))
      }
      segment.beginKey()
      writeSequence(sequence, segment.bytes)
      segment.beginValue()
      segment.bytes.float64(this.orderOf[slot]!)
      segment.bytes.float64(this.timeOf[slot]!)
      segment.end()
    }
    for (; gone < removed.length; gone++) segment.delete(sequenceKey(removed[gone]!))
    this.#removed = []
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const reader = new ByteReader(value)
    this.#restored.push(readSequence(new ByteReader(key)), reader.float64(), reader.float64())
  }

  /** After the restore of this table and of its keys: puts the rows in their slots. */
  attach(): void {
    this.ensureSlots(this.#keys.slotCount)
    const restored = this.#restored
    for (let i = 0; i < restored.length; i += 3) {
      const slot = this.#keys.slotOfSequence(restored[i] ?? -1)
      if (slot < 0) throw strayRow(restored[i] ?? -1)
      this.orderOf[slot] = restored[i + 1] ?? Number.NaN
      this.timeOf[slot] = restored[i + 2] ?? Number.NaN
      this.#state[slot] = 1
    }
    this.#restored = []
  }

  /** Slots that changed; one that was forgotten and given to another key counts once. */
  #takeDirty(): Int32Array {
    const slots = new Int32Array(this.#dirty.length)
    let count = 0
    for (const slot of this.#dirty) {
      if (this.#state[slot] !== 3) continue
      this.#state[slot] = 1
      slots[count++] = slot
    }
    this.#dirty = []
    return slots.subarray(0, count)
  }
}

function sequenceKey(sequence: number): Uint8Array {
  const key = new ByteWriter(8)
  writeSequence(sequence, key)
  return key.view()
}

function strayRow(sequence: number): StateCorruptError {
  return new StateCorruptError({
    code: 'KEY_SEQUENCE',
    message: 'a stored row belongs to no stored key',
    found: `sequence ${sequence}`,
    remedy: 'Restore a savepoint.',
  })
}
