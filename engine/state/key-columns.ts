// The key columns of output rows, from what a KeyIndex knows of its slots.
import { type Column, Dictionary, type DictionaryColumn } from '../batch/index.ts'
import type { DataType, Field } from '../schema/index.ts'
import { textOfKey } from './key-bytes.ts'
import type { KeySlots } from './key-slots.ts'

/** Values of keys that are gone, in a dictionary, before the next generation begins. */
const GONE_MIN = 1024
const UNKNOWN = -1
const NULL = -2

/** True when a key of this one type is a text or bytes. */
export function isTextKey({ kind }: DataType): boolean {
  return kind === 'string' || kind === 'bytes'
}

/**
 * The column of a single text key: ids of a dictionary that lives as long as the keys do, so that
 * whoever gets the rows can remember what it knows of a key by its id.
 */
export class KeyTexts {
  #dictionary = new Dictionary()
  /** Id of each slot's key. */
  #ids = new Int32Array(64).fill(UNKNOWN)

  get sizeBytes(): number {
    const { bytes, offsets } = this.#dictionary
    return bytes.length + offsets.byteLength * 3 + this.#ids.byteLength
  }

  column(slots: Int32Array, count: number, keys: KeySlots): DictionaryColumn {
    const dictionary = this.#generation(keys.live)
    if (keys.slotCount > this.#ids.length) this.#grow(keys.slotCount)
    const known = this.#ids
    const ids = new Int32Array(count)
    let nulls: Uint8Array | undefined
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      let id = known[slot]!
      if (id === UNKNOWN) id = this.#learn(slot, keys)
      if (id === NULL) {
        nulls ??= new Uint8Array(count)
        nulls[i] = 1
        id = -1
      }
      ids[i] = id
    }
    return { kind: 'dictionary', ids, dictionary, nulls }
  }

  /** The slot's key is gone. */
  forget(slot: number): void {
    if (slot < this.#ids.length) this.#ids[slot] = UNKNOWN
  }

  #learn(slot: number, { arena, starts, lengths }: KeySlots): number {
    const end = starts[slot]! + lengths[slot]!
    const start = textOfKey(arena, starts[slot]!)
    const id = start < 0 ? NULL : this.#dictionary.intern(arena, start, end)
    this.#ids[slot] = id
    return id
  }

  #generation(live: number): Dictionary {
    const { size, full } = this.#dictionary
    if (full || size > live * 2 + GONE_MIN) {
      this.#dictionary = new Dictionary()
      this.#ids.fill(UNKNOWN)
    }
    return this.#dictionary
  }

  #grow(count: number): void {
    const ids = new Int32Array(Math.max(count, this.#ids.length * 2)).fill(UNKNOWN)
    ids.set(this.#ids)
    this.#ids = ids
  }
}

/**
 * The column of a single whole-number key, straight from the slots' numbers; undefined when one of
 * the keys is no such number (null, or beyond 2^53).
 */
export function integerKeyColumn(
  field: Field,
  numbers: Float64Array,
  slots: Int32Array,
  count: number,
): Column | undefined {
  const { kind } = field.type
  const isInt32 = kind === 'int32' || kind === 'date'
  const values = isInt32 ? new Int32Array(count) : new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const value = numbers[slots[i]!]!
    if (Number.isNaN(value)) return undefined
    values[i] = value
  }
  if (values instanceof Int32Array) return { kind: 'int32', values, nulls: undefined }
  if (kind === 'timestamp') return { kind: 'float64', values, nulls: undefined }
  return { kind: 'integer', values, wide: undefined, nulls: undefined }
}
