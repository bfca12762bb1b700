// DictionaryCaches: for the dictionaries whose columns came lately, which slot each of their values
// has, so that a known value costs one array load. A released slot is forgotten in every cache. The
// caches hold dictionaries weakly and are bounded: a dropped one only costs look-ups.
import type { Dictionary } from '../batch/index.ts'

const CACHES_MAX = 16

interface DictionaryCache {
  readonly dictionary: WeakRef<Dictionary>
  /** Slot of each id, -1 where not known; at least as long as the dictionary. */
  slots: Int32Array
  /** Id of each slot, -1 where not known. */
  ids: Int32Array
  lastUse: number
}

export class DictionaryCaches {
  readonly #caches: DictionaryCache[] = []
  #uses = 0

  get sizeBytes(): number {
    return this.#caches.reduce((sum, c) => sum + c.slots.byteLength + c.ids.byteLength, 0)
  }

  /** Slot of each id of the dictionary; kept up to date by `remember` and `forget`. */
  slotsOf(dictionary: Dictionary): Int32Array {
    const cache = this.#find(dictionary) ?? this.#create(dictionary)
    cache.lastUse = ++this.#uses
    if (dictionary.size > cache.slots.length) {
      cache.slots = lengthened(cache.slots, Math.max(dictionary.size, cache.slots.length * 2))
    }
    return cache.slots
  }

  remember(dictionary: Dictionary, id: number, slot: number): void {
    const cache = this.#find(dictionary)
    if (cache === undefined || id >= cache.slots.length) return
    if (slot >= cache.ids.length) {
      cache.ids = lengthened(cache.ids, Math.max(slot + 1, cache.ids.length * 2))
    }
    cache.slots[id] = slot
    cache.ids[slot] = id
  }

  forget(slot: number): void {
    for (const cache of this.#caches) {
      if (slot >= cache.ids.length) continue
      const id = cache.ids[slot]!
      if (id < 0) continue
      cache.slots[id] = -1
      cache.ids[slot] = -1
    }
  }

  #find(dictionary: Dictionary): DictionaryCache | undefined {
    for (const cache of this.#caches) {
      if (cache.dictionary.deref() === dictionary) return cache
    }
    return undefined
  }

  #create(dictionary: Dictionary): DictionaryCache {
    const cache = {
      dictionary: new WeakRef(dictionary),
      slots: new Int32Array(Math.max(64, dictionary.size)).fill(-1),
      ids: new Int32Array(64).fill(-1),
      lastUse: 0,
    }
    if (this.#caches.length < CACHES_MAX) {
      this.#caches.push(cache)
      return cache
    }
    let oldest = 0
    for (let i = 0; i < this.#caches.length; i++) {
      if (age(this.#caches[i]) < age(this.#caches[oldest])) oldest = i
    }
    this.#caches[oldest] = cache
    return cache
  }
}

function age(cache: DictionaryCache | undefined): number {
  if (cache === undefined || cache.dictionary.deref() === undefined) return -1
  return cache.lastUse
}

function lengthened(from: Int32Array, length: number): Int32Array {
  const into = new Int32Array(length).fill(-1)
  into.set(from)
  return into
}
