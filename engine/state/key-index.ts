// KeyIndex: gives every key of a keyed operator a dense slot number, so that its state can stand in
// typed arrays. Slots are reused after `release`; sequence numbers never are: they say in which order
// keys first appeared and name a key in stored rows. Slot numbers are local to one process: a
// restored index gives others, so nothing that leaves the operator may depend on them.
//
// Stored rows: sequence (8 bytes, big-endian) → key bytes, and 8 × 0xff → the next sequence.
// Cost: one array load a record for a dictionary column, one probe for a number, encode and probe
// for the rest; memory: about 50 bytes and the key's own bytes a live key.
import {
  ByteWriter,
  type Column,
  columnAt,
  type Dictionary,
  type DictionaryColumn,
  hashInteger,
  type RecordBatch,
} from '../batch/index.ts'
import { assert } from '../errors.ts'
import { type Field, typeName } from '../schema/index.ts'
import {
  checkKey,
  checkKeyFields,
  decodeKeyColumn,
  encodeIntegerPart,
  encodeKeyPart,
  encodeNullPart,
  encodeTextPart,
  integerOfKey,
  isIntegerKey,
} from './key-bytes.ts'
import { integerKeyColumn, isTextKey, KeyTexts } from './key-columns.ts'
import { DictionaryCaches } from './key-dictionary.ts'
import { hashKey, KeySlots } from './key-slots.ts'
import { findSequence, sequenceOfBytes, unordered, writeSequence } from './sequence.ts'
import type { SegmentWriter, StateTable, TableFormat } from './state-table.ts'

const COUNTER_KEY = new Uint8Array(8).fill(0xff)

export class KeyIndex implements StateTable {
  readonly name = 'keys'
  readonly format: TableFormat
  /** When the key of a slot first appeared. The array is replaced when it grows: read it anew. */
  sequenceOf = new Float64Array(64)
  /** The sequence that the next new key gets. */
  nextSequence = 0
  readonly #fields: readonly Field[]
  readonly #integerField: Field | undefined
  readonly #texts: KeyTexts | undefined
  readonly #slots = new KeySlots()
  readonly #caches = new DictionaryCaches()
  readonly #scratch = new ByteWriter()
  /** Slots of the keys added since the last snapshot, in order of their sequences. */
  #added = new Int32Array(64)
  #addedFrom = 0
  #removed: number[] = []
  #restoreCursor = 0

  /** @throws ConfigError KEY_TYPE for lists and structs. No fields: every record has the same key. */
  constructor(keyFields: readonly Field[]) {
    checkKeyFields(keyFields)
    this.#fields = keyFields
    const [only] = keyFields
    if (keyFields.length === 1 && only && isIntegerKey(only.type)) this.#integerField = only
    if (keyFields.length === 1 && only && isTextKey(only.type)) this.#texts = new KeyTexts()
    const types = keyFields.map((field) => typeName(field.type)).join(',')
    this.format = { version: 1, layout: `keys(${types})` }
  }

  get rows(): number {
    return this.#slots.live
  }

  get sizeBytes(): number {
    const texts = this.#texts?.sizeBytes ?? 0
    return this.#slots.sizeBytes + this.sequenceOf.byteLength + this.#caches.sizeBytes + texts
  }

  /** One more than the greatest slot that was ever given: state arrays must be this long. */
  get slotCount(): number {
    return this.#slots.slotCount
  }

  /** True while the slot belongs to a key. */
  isLive(slot: number): boolean {
    return slot < this.#slots.slotCount && this.#slots.lengths[slot]! >= 0
  }

  /**
   * Writes the slot of each record's key to `slots[0 .. batch.length)`; an unseen key gets a slot and
   * the next sequence number.
   * @param keyColumns positions of the key columns in the batch, in the order of the key fields
   */
  resolve(batch: RecordBatch, keyColumns: readonly number[], slots: Int32Array): void {
    const count = batch.length
    const [first] = keyColumns
    const isOne = keyColumns.length === 1 && first !== undefined
    const only = isOne ? columnAt(batch, first) : undefined
    if (only?.kind === 'dictionary') this.#resolveDictionary(only, count, slots)
    else if (only !== undefined && this.#integerField !== undefined) {
      this.#resolveIntegers(only, this.#integerField, count, slots)
    } else {
      const columns = keyColumns.map((i) => columnAt(batch, i))
      for (let row = 0; row < count; row++) slots[row] = this.#resolveRow(columns, row)
    }
  }

  /** Forgets a key. Its slot is given to the next new key; call it when the key holds no state. */
  release(slot: number): void {
    this.#slots.release(slot)
    this.#caches.forget(slot)
    this.#texts?.forget(slot)
    const sequence = this.sequenceOf[slot]!
    this.sequenceOf[slot] = -1
    if (sequence < this.#addedFrom) this.#removed.push(sequence)
  }

  /** The key columns of `slots[0 .. count)`, one a key field, for output rows. */
  keyColumns(slots: Int32Array, count: number): Column[] {
    if (this.#texts !== undefined) return [this.#texts.column(slots, count, this.#slots)]
    const { arena, starts, numbers } = this.#slots
    const integers =
      this.#integerField && integerKeyColumn(this.#integerField, numbers, slots, count)
    if (integers !== undefined) return [integers]
    const at = new Int32Array(count)
    for (let i = 0; i < count; i++) at[i] = starts[slots[i]!]!
    const cursors = { bytes: arena, view: new DataView(arena.buffer), at }
    return this.#fields.map((field) => decodeKeyColumn(field, cursors))
  }

  /**
   * The slot of a restored sequence, or -1: for tables whose rows name keys by sequence. Valid until
   * the first release after a restore; cheapest when asked in ascending order.
   */
  slotOfSequence(sequence: number): number {
    const sequences = this.sequenceOf
    const end = this.#slots.slotCount
    const next = this.#restoreCursor
    for (let at = next; at <= next + 1 && at < end; at++) {
      if (sequences[at] === sequence) {
        this.#restoreCursor = at
        return at
      }
    }
    const found = findSequence(sequences, end, sequence)
    if (found >= 0) this.#restoreCursor = found
    return found
  }

  snapshot(segment: SegmentWriter): void {
    const { arena, starts, lengths } = this.#slots
    const end = this.nextSequence
    const count = end - this.#addedFrom
    if (count === 0 && this.#removed.length === 0) return
    const key = new ByteWriter(8)
    for (const sequence of Float64Array.from(this.#removed).sort()) {
      key.clear()
      writeSequence(sequence, key)
      segment.delete(key.view())
    }
    for (let i = 0; i < count; i++) {
      const slot = this.#added[i]!
      const sequence = this.#addedFrom + i
      if (this.sequenceOf[slot] !== sequence) continue
      segment.beginKey()
      writeSequence(sequence, segment.bytes)
      segment.beginValue()
      segment.bytes.raw(arena, starts[slot]!, starts[slot]! + lengths[slot]!)
      segment.end()
    }
    if (count > 0) {
      segment.beginKey()
      segment.bytes.raw(COUNTER_KEY)
      segment.beginValue()
      writeSequence(end, segment.bytes)
      segment.end()
    }
    this.#addedFrom = end
    this.#removed = []
    if (this.#added.length > 65536) this.#added = new Int32Array(64)
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const isCounter = key[0] === 0xff
    const sequence = sequenceOfBytes(isCounter ? value : key)
    if (!(sequence >= this.nextSequence) || key.length !== 8) throw unordered(sequence)
    if (!isCounter) this.#restoreKey(sequence, value)
    this.nextSequence = isCounter ? sequence : sequence + 1
    this.#addedFrom = this.nextSequence
  }

  #restoreKey(sequence: number, key: Uint8Array): void {
    checkKey(this.#fields, key)
    const number = this.#integerField === undefined ? Number.NaN : integerOfKey(key)
    const hash = Number.isNaN(number) ? hashKey(key, key.length) : hashInteger(number)
    const slot = this.#slots.add(key, key.length, hash, number)
    this.#setSequence(slot, sequence)
  }

  #resolveDictionary(column: DictionaryColumn, count: number, slots: Int32Array): void {
    const { ids, dictionary, nulls } = column
    const known = this.#caches.slotsOf(dictionary)
    if (nulls === undefined) {
      for (let row = 0; row < count; row++) {
        const id = ids[row]!
        const slot = known[id]!
        slots[row] = slot >= 0 ? slot : this.#resolveId(dictionary, id)
      }
      return
    }
    for (let row = 0; row < count; row++) {
      const id = nulls[row] === 1 ? -1 : ids[row]!
      const slot = id < 0 ? -1 : known[id]!
      slots[row] = slot >= 0 ? slot : this.#resolveId(dictionary, id)
    }
  }

  #resolveId(dictionary: Dictionary, id: number): number {
    const scratch = this.#scratch
    scratch.clear()
    if (id < 0) {
      encodeNullPart(scratch)
      return this.#resolveScratch()
    }
    const { offsets } = dictionary
    encodeTextPart(dictionary.bytes, offsets[id]!, offsets[id + 1]!, scratch)
    const slot = this.#resolveScratch()
    this.#caches.remember(dictionary, id, slot)
    return slot
  }

  #resolveIntegers(column: Column, field: Field, count: number, slots: Int32Array): void {
    if (column.kind !== 'integer' && column.kind !== 'int32' && column.kind !== 'float64') {
      assert(false, `a ${column.kind} column for a key of type ${typeName(field.type)}`)
      return
    }
    const { values, nulls } = column
    const isWide = column.kind === 'integer' && column.wide !== undefined
    const columns = [column]
    for (let row = 0; row < count; row++) {
      const value = values[row]!
      if ((nulls !== undefined && nulls[row] === 1) || (isWide && !Number.isSafeInteger(value))) {
        slots[row] = this.#resolveRow(columns, row)
        continue
      }
      const slot = this.#slots.findNumber(value)
      slots[row] = slot >= 0 ? slot : this.#addInteger(value)
    }
  }

  #addInteger(value: number): number {
    const scratch = this.#scratch
    scratch.clear()
    encodeIntegerPart(value, scratch)
    return this.#add(hashInteger(value), value)
  }

  #resolveRow(columns: readonly Column[], row: number): number {
    const scratch = this.#scratch
    scratch.clear()
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]
      const field = this.#fields[i]
      assert(column !== undefined && field !== undefined, 'a key has a column a field')
      encodeKeyPart(column, field, row, scratch)
    }
    return this.#resolveScratch()
  }

  #resolveScratch(): number {
    const { bytes, length } = this.#scratch
    const hash = hashKey(bytes, length)
    const slot = this.#slots.findBytes(bytes, length, hash)
    return slot >= 0 ? slot : this.#add(hash, Number.NaN)
  }

  #add(hash: number, value: number): number {
    const { bytes, length } = this.#scratch
    const slot = this.#slots.add(bytes, length, hash, value)
    const sequence = this.nextSequence++
    const at = sequence - this.#addedFrom
    if (at >= this.#added.length) {
      const added = new Int32Array(this.#added.length * 2)
      added.set(this.#added)
      this.#added = added
    }
    this.#added[at] = slot
    this.#setSequence(slot, sequence)
    return slot
  }

  #setSequence(slot: number, sequence: number): void {
    if (slot >= this.sequenceOf.length) {
      const sequences = new Float64Array(this.sequenceOf.length * 2)
      sequences.set(this.sequenceOf)
      this.sequenceOf = sequences
    }
    this.sequenceOf[slot] = sequence
  }
}
