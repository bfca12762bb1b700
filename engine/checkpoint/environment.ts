// Environment: the one LMDB environment of a job and its named stores. Settings are fixed here, so
// that every opener of a path has the same ones. Values are wrapped in a CRC32C over store, key and
// value (LMDB has none): a damaged value is StateCorruptError. Segments carry their own checksums.
// A commit is durable when `write` returns; what `write` throws before that changed nothing.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { StorageError } from '../errors.ts'
import { unwrapValue, wrapValue } from './checked-value.ts'
import { coverPages } from './data-file.ts'
import { storageError } from './storage-error.ts'

export const STORES = [
  'meta',
  'tasks',
  'footers',
  'blocks',
  'committables',
  'topics',
  'online',
  'marks',
] as const

export type StoreName = (typeof STORES)[number]

export interface EnvironmentOptions {
  readonly readOnly?: boolean
}

type Store = Database<Uint8Array, Uint8Array>

/** A stored pair. The bytes are copies. */
export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

const KEY_BYTES_MAX = 1900

export class Environment {
  readonly folder: string
  readonly #root: RootDatabase<Uint8Array, Uint8Array>
  readonly #stores: ReadonlyMap<StoreName, Store>

  /** @throws StorageError, StateCorruptError */
  constructor(folder: string, options: EnvironmentOptions = {}) {
    this.folder = folder
    const isReadOnly = options.readOnly === true
    try {
      if (isReadOnly && !existsSync(join(folder, 'data.mdb'))) throw missing(folder)
      if (!isReadOnly) mkdirSync(folder, { recursive: true })
      coverPages(join(folder, 'data.mdb'))
      this.#root = open<Uint8Array, Uint8Array>({
        path: folder,
        noSubdir: false,
        encoding: 'binary',
        keyEncoding: 'binary',
        maxDbs: 16,
        maxReaders: 512,
        overlappingSync: false,
        ...FREE_SPACE,
        ...(isReadOnly ? { readOnly: true } : {}),
      })
      this.#root.readerCheck()
      this.#stores = new Map(STORES.map((name) => [name, this.#openStore(name)]))
    } catch (error) {
      throw storageError(error, folder)
    }
  }

  /** Runs `action` in one write transaction and returns when it is flushed to disk. */
  write<T>(action: () => T): T {
    try {
      return this.#root.transactionSync(action)
    } catch (error) {
      throw storageError(error, this.folder)
    }
  }

  /** The stored value, a copy, or undefined. @throws StateCorruptError VALUE_CORRUPT */
  get(store: StoreName, key: Uint8Array): Uint8Array | undefined {
    const value = this.getRaw(store, key)
    return value === undefined ? undefined : unwrapValue(store, key, value)
  }

  put(store: StoreName, key: Uint8Array, value: Uint8Array): void {
    this.putRaw(store, key, wrapValue(store, key, value))
  }

  /** A value without the wrapper, for bytes that check themselves. */
  getRaw(store: StoreName, key: Uint8Array): Uint8Array | undefined {
    const value = this.#guard(() => this.#store(store).getBinary(key))
    // Not a Buffer: views of it cost several times as much.
    return value && new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }

  /**
   * Copies a value without the wrapper into a buffer of the caller, or a new one where it is longer.
   * @returns a view of it
   */
  readInto(store: StoreName, key: Uint8Array, buffer: Uint8Array): Uint8Array | undefined {
    const value = this.#guard(() => this.#store(store).getBinaryFast(key))
    if (value === undefined) return undefined
    const { length } = value
    const into = length <= buffer.length ? buffer : new Uint8Array(length)
    into.set(value.subarray(0, length))
    return into.subarray(0, length)
  }

  putRaw(store: StoreName, key: Uint8Array, value: Uint8Array): void {
    if (key.length === 0 || key.length > KEY_BYTES_MAX) throw keyLength(store, key)
    this.#guard(() => this.#store(store).putSync(key, value))
  }

  remove(store: StoreName, key: Uint8Array): void {
    this.#guard(() => this.#store(store).removeSync(key))
  }

  clear(store: StoreName): void {
    this.#guard(() => this.#store(store).clearSync())
  }

  /** The greatest key below `key` with its value. */
  before(store: StoreName, key: Uint8Array): Entry | undefined {
    const range = { start: key, reverse: true, limit: 2 }
    const found = this.#guard(() => [...this.#store(store).getRange(range)])
    for (const entry of found) {
      if (Buffer.compare(entry.key, key) < 0) return unwrapped(store, entry.key, entry.value)
    }
    return undefined
  }

  /** Entries with from ≤ key < to in key order, read in one snapshot. */
  *range(store: StoreName, from?: Uint8Array, to?: Uint8Array): Generator<Entry> {
    const range = {
      ...(from === undefined ? {} : { start: from }),
      ...(to === undefined ? {} : { end: to }),
    }
    try {
      for (const { key, value } of this.#store(store).getRange(range)) {
        yield unwrapped(store, key, value)
      }
    } catch (error) {
      throw storageError(error, this.folder)
    }
  }

  /** Number of entries of a store. */
  count(store: StoreName): number {
    return this.#guard(() => this.#store(store).getCount())
  }

  /** A compacted copy of the last commit, made while others write. */
  async backup(folder: string): Promise<void> {
    try {
      await this.#root.backup(folder, true)
    } catch (error) {
      throw storageError(error, folder)
    }
  }

  async close(): Promise<void> {
    await this.#root.close()
  }

  #openStore(name: StoreName): Store {
    const store = this.#root.openDB<Uint8Array, Uint8Array>(name, {
      encoding: 'binary',
      keyEncoding: 'binary',
    })
    if (store === undefined) throw missing(`${this.folder} (${name})`)
    return store
  }

  #store(name: StoreName): Store {
    const store = this.#stores.get(name)
    if (store === undefined) throw missing(`${this.folder} (${name})`)
    return store
  }

  #guard<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw storageError(error, this.folder)
    }
  }
}

// Not among lmdb's published types; read by its native part when an environment is opened.
const FREE_SPACE = { maxFreeSpaceToLoad: 1000, maxFreeSpaceToRetain: 2000 }

function unwrapped(store: StoreName, key: Uint8Array, value: Uint8Array): Entry {
  const copy = Uint8Array.from(key)
  return { key: copy, value: unwrapValue(store, copy, value) }
}

function missing(folder: string): StorageError {
  return new StorageError({
    code: 'STORE_MISSING',
    message: `there is no stored state in ${folder}`,
    remedy: 'Run the job first, or name the --data folder that it ran with.',
  })
}

function keyLength(store: StoreName, key: Uint8Array): StorageError {
  return new StorageError({
    code: 'KEY_LENGTH',
    message: `a key of ${store} can not be stored`,
    expected: `1 to ${KEY_BYTES_MAX} bytes`,
    found: `${key.length}`,
    remedy: 'Shorten the key columns.',
  })
}
