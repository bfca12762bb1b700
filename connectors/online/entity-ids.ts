// EntityIds: numbers the entities that rows come for, so that what an epoch keeps of each stands in
// arrays. A dictionary column costs one load a row once its values are known. Entities that no
// longer come are forgotten together, when they are most of what is known.
import {
  ByteWriter,
  type Column,
  columnAt,
  Dictionary,
  type DictionaryColumn,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import type { KeyCodec } from '../../engine/codec/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import { entityHash } from './bucket.ts'
import { writeEntity } from './online-key.ts'

const KNOWN_MIN = 4096
/** Known entities, at most, for each that came in an epoch. */
const KNOWN_PER_USED = 4

export class EntityIds {
  /** Value i is the entity's part of its store key. */
  entities = new Dictionary()
  /** By id. Replaced when it grows. */
  hashes = new Int32Array(256)
  readonly #codec: KeyCodec
  readonly #ids = new Int32Array(BATCH_RECORDS_MAX)
  readonly #key = new ByteWriter()
  readonly #entity = new ByteWriter()
  /** Id + 1 of each value of a dictionary; 0 where not known. */
  #known = new WeakMap<Dictionary, Int32Array>()

  constructor(codec: KeyCodec) {
    this.#codec = codec
  }

  get size(): number {
    return this.entities.size
  }

  /** The id of each row's entity; valid until the next call. */
  resolve(batch: RecordBatch, keyColumns: readonly number[]): Int32Array {
    const columns = keyColumns.map((index) => columnAt(batch, index))
    const [only] = columns
    if (columns.length === 1 && only?.kind === 'dictionary') this.#resolveDictionary(only)
    else for (let row = 0; row < batch.length; row++) this.#ids[row] = this.#intern(columns, row)
    return this.#ids
  }

  /** Ends an epoch in which `used` entities came. True when all ids are void from now on. */
  endEpoch(used: number): boolean {
    if (this.size <= Math.max(KNOWN_MIN, used * KNOWN_PER_USED)) return false
    this.entities = new Dictionary()
    this.#known = new WeakMap()
    return true
  }

  #resolveDictionary(column: DictionaryColumn): void {
    const { ids, dictionary } = column
    const known = this.#knownOf(dictionary)
    const columns = [column]
    for (let row = 0; row < ids.length; row++) {
      const value = ids[row]!
      let id = value < 0 ? -1 : known[value]! - 1
      if (id < 0) {
        id = this.#intern(columns, row)
        if (value >= 0) known[value] = id + 1
      }
      this.#ids[row] = id
    }
  }

  #knownOf(dictionary: Dictionary): Int32Array {
    const known = this.#known.get(dictionary)
    if (known !== undefined && known.length >= dictionary.size) return known
    const larger = new Int32Array(Math.max(64, dictionary.size * 2))
    if (known !== undefined) larger.set(known)
    this.#known.set(dictionary, larger)
    return larger
  }

  #intern(columns: readonly Column[], row: number): number {
    const key = this.#key
    key.clear()
    this.#codec.encode(columns, row, key)
    const entity = this.#entity
    entity.clear()
    writeEntity(key.bytes, key.length, entity)
    const count = this.size
    const id = this.entities.intern(entity.bytes, 0, entity.length)
    if (id === count) {
      if (id === this.hashes.length) this.#grow()
      this.hashes[id] = entityHash(entity.bytes, 0, entity.length)
    }
    return id
  }

  #grow(): void {
    const hashes = new Int32Array(this.hashes.length * 2)
    hashes.set(this.hashes)
    this.hashes = hashes
  }
}
