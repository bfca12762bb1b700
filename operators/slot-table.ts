// SlotTable: what a keyed operator keeps of each key slot, as a table: some numbers in arrays by
// slot, and whatever else the operator writes behind them. It knows which slots changed and which
// are gone.
//
//   key = key sequence (8 bytes, big-endian) · value = the numbers (float64 each), then the rest
import { ByteReader, ByteWriter } from '../engine/batch/index.ts'
import { StateCorruptError } from '../engine/errors.ts'
import {
  type KeyIndex,
  readSequence,
  type SegmentWriter,
  type StateTable,
  sortByNumber,
  type TableFormat,
  writeSequence,
} from '../engine/state/index.ts'

export interface SlotTableOptions {
  readonly name: string
  /** Names of the numbers; they say what the stored bytes mean. */
  readonly numbers: readonly string[]
  /** What stands behind the numbers, e.g. partial results. */
  readonly rest?: {
    readonly layout: string
    write(slot: number, into: ByteWriter): void
    read(slot: number, from: ByteReader): void
    /** Makes slots [0, count) addressable. */
    ensureSlots(count: number): void
    readonly sizeBytes: number
  }
}

const KNOWN = 1
const DIRTY = 2

export class SlotTable implements StateTable {
  readonly name: string
  readonly format: TableFormat
  readonly #keys: KeyIndex
  readonly #rest: SlotTableOptions['rest']
  readonly #lanes: Float64Array[]
  #state = new Uint8Array(64)
  #dirty: number[] = []
  #removed: number[] = []
  #restored: { readonly sequence: number; readonly value: Uint8Array }[] = []

  constructor(keys: KeyIndex, { name, numbers, rest }: SlotTableOptions) {
    this.name = name
    this.#keys = keys
    this.#rest = rest
    this.#lanes = numbers.map(() => new Float64Array(64).fill(Number.NaN))
    this.format = { version: 1, layout: [...numbers, ...(rest ? [rest.layout] : [])].join(',') }
  }

  get rows(): number {
    return this.#keys.rows
  }

  get sizeBytes(): number {
    const lanes = this.#state.length * (1 + 8 * this.#lanes.length)
    return lanes + this.#dirty.length * 8 + (this.#rest?.sizeBytes ?? 0)
  }

  /**
   * The numbers by slot; NaN where nothing was written. Read anew after `ensureSlots`.
   * @param index position of the number in `numbers`
   */
  lane(index: number): Float64Array {
    return this.#lanes[index] ?? new Float64Array(0)
  }

  ensureSlots(count: number): void {
    this.#rest?.ensureSlots(count)
    if (count <= this.#state.length) return
    const length = Math.max(count, this.#state.length * 2)
    for (let i = 0; i < this.#lanes.length; i++) {
      const grown = new Float64Array(length).fill(Number.NaN)
      grown.set(this.lane(i))
      this.#lanes[i] = grown
    }
    const state = new Uint8Array(length)
    state.set(this.#state)
    this.#state = state
  }

  /** True when the key was marked before and not forgotten since. */
  isKnown(slot: number): boolean {
    return this.#state[slot] !== 0
  }

  /** The slot's row changed: it will be stored. Returns whether the key was known. */
  mark(slot: number): boolean {
    const state = this.#state[slot]!
    if ((state & DIRTY) === 0) this.#dirty.push(slot)
    this.#state[slot] = KNOWN | DIRTY
    return state !== 0
  }

  /** The key is gone; call it before its slot is released. */
  forget(slot: number): void {
    if (this.#state[slot] !== 0) this.#removed.push(this.#keys.sequenceOf[slot]!)
    for (const lane of this.#lanes) lane[slot] = Number.NaN
    this.#state[slot] = 0
  }

  snapshot(segment: SegmentWriter): void {
    const slots = this.#takeDirty()
    const sequences = Float64Array.from(slots, (slot) => this.#keys.sequenceOf[slot]!)
    sortByNumber(slots, sequences)
    const removed = Float64Array.from(this.#removed).sort()
    let gone = 0
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!
      const sequence = sequences[i]!
      for (; gone < removed.length && removed[gone]! < sequence; gone++) {
        segment.delete(sequenceKey(removed[gone]!))
      }
      segment.beginKey()
      writeSequence(sequence, segment.bytes)
      segment.beginValue()
      for (const lane of this.#lanes) segment.bytes.float64(lane[slot]!)
      this.#rest?.write(slot, segment.bytes)
      segment.end()
    }
    for (; gone < removed.length; gone++) segment.delete(sequenceKey(removed[gone]!))
    this.#removed = []
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    this.#restored.push({ sequence: readSequence(new ByteReader(key)), value: value.slice() })
  }

  /** After the restore of this table and of its keys: puts the rows in their slots. */
  attach(): void {
    this.ensureSlots(this.#keys.slotCount)
    for (const { sequence, value } of this.#restored) {
      const slot = this.#keys.slotOfSequence(sequence)
      if (slot < 0) throw strayRow(sequence)
      const reader = new ByteReader(value)
      for (const lane of this.#lanes) lane[slot] = reader.float64()
      this.#rest?.read(slot, reader)
      this.#state[slot] = KNOWN
    }
    this.#restored = []
  }

  /** Slots that changed; one that was forgotten and given to another key counts once. */
  #takeDirty(): Int32Array {
    const slots = new Int32Array(this.#dirty.length)
    let count = 0
    for (const slot of this.#dirty) {
      if ((this.#state[slot]! & DIRTY) === 0) continue
      this.#state[slot] = KNOWN
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
