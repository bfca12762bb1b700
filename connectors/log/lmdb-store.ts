// The environment of the embedded log: opened once per process and path with one set of options,
// and shared by all who ask for it. Reads leave no transaction open; writes are synchronous and
// durable when they return (the asynchronous path of the binding may never settle when a disk is
// full).
import { existsSync, mkdirSync, statfsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { coverPages } from '../../engine/checkpoint/index.ts'
import { ConfigError, errorCode, MillraceError, StorageError } from '../../engine/errors.ts'
import type { ChunkStore, StoreEntry } from './chunk-store.ts'

/** With less free space a failed write is put down to a full disk. */
const LITTLE_SPACE_BYTES = 1024 * 1024

/** A binary LMDB database as one of the places that topics live in. Values are copies. */
export function lmdbChunkStore(database: Database<Uint8Array, Uint8Array>): ChunkStore {
  return {
    get(key) {
      try {
        return database.getBinary(key)
      } finally {
        database.resetReadTxn()
      }
    },
    before(key) {
      return entries(database, { start: key, exclusiveStart: true, reverse: true, limit: 1 })[0]
    },
    range(from, to, limit) {
      return entries(database, { start: from, end: to, limit })
    },
  }
}

/** A shared, open environment. `release` closes it when nobody else in the process uses it. */
export interface LogEnvironment {
  readonly path: string
  readonly isReadOnly: boolean
  readonly database: RootDatabase<Uint8Array, Uint8Array>
  release(): Promise<void>
}

interface Shared {
  readonly isReadOnly: boolean
  readonly database: RootDatabase<Uint8Array, Uint8Array>
  users: number
}

const opened = new Map<string, Shared>()

/**
 * Opens the environment in `folder`. All threads of a process must ask for the same `readOnly`; a
 * reader inside a process that also writes simply opens it writable.
 * @throws ConfigError LOG_MISSING when it is opened read-only and was never created
 * @throws ConfigError LOG_OPENED_READ_ONLY when this thread has it open read-only already
 * @throws StorageError LOG_UNREADABLE for a folder that can't be used
 * @throws StateCorruptError STORE_CORRUPT for a data file without its first pages
 */
export function openEnvironment(folder: string, isReadOnly: boolean): LogEnvironment {
  const path = resolve(folder)
  let shared = opened.get(path)
  if (shared === undefined) {
    shared = { isReadOnly, database: openDatabase(path, isReadOnly), users: 0 }
    opened.set(path, shared)
  } else if (shared.isReadOnly && !isReadOnly) {
    throw new ConfigError({
      code: 'LOG_OPENED_READ_ONLY',
      message: `the log in ${path} is open in this process already`,
      expected: 'one set of options for a folder',
      found: 'read-only before, writable now',
      remedy: 'Open it writable first, or close the read-only log.',
    })
  }
  const mine = shared
  mine.users++
  let isReleased = false
  return {
    path,
    isReadOnly,
    database: mine.database,
    async release() {
      if (isReleased) return
      isReleased = true
      mine.users--
      if (mine.users > 0) return
      opened.delete(path)
      await mine.database.close()
    },
  }
}

function openDatabase(path: string, readOnly: boolean): RootDatabase<Uint8Array, Uint8Array> {
  if (readOnly && !existsSync(join(path, 'data.mdb'))) {
    throw new ConfigError({
      code: 'LOG_MISSING',
      message: `there is no log in ${path}`,
      expected: 'a folder that a log was created in',
      found: existsSync(path) ? 'a folder without data.mdb' : 'no folder',
      remedy: 'Check the data folder, or create a topic first.',
    })
  }
  try {
    if (!readOnly) mkdirSync(path, { recursive: true })
    coverPages(join(path, 'data.mdb'))
    const database = open<Uint8Array, Uint8Array>({
      path,
      readOnly,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      cache: false,
      overlappingSync: false,
      maxReaders: 512,
      ...{ maxFreeSpaceToLoad: 1000, maxFreeSpaceToRetain: 2000 },
    })
    if (!readOnly) database.readerCheck()
    return database
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw new StorageError({
      code: 'LOG_UNREADABLE',
      message: `the log in ${path} can not be opened`,
      expected: readOnly ? 'a readable folder' : 'a writable folder',
      found: errorCode(error) === 'UNKNOWN' ? String(error) : errorCode(error),
      remedy: 'Check the rights of the folder and the space on its disk.',
      cause: error,
    })
  }
}

/** What a failed commit means. */
export function writeFailed(path: string, error: unknown): StorageError {
  const text = `${errorCode(error)} ${String(error)}`
  const isFull =
    /ENOSPC|EDQUOT|No space left|MDB_MAP_FULL|quota/i.test(text) || hasLittleSpace(path)
  return new StorageError({
    code: isFull ? 'DISK_FULL' : 'LOG_WRITE_FAILED',
    message: `the log in ${path} could not be written; nothing of this commit was kept`,
    expected: isFull ? 'space on its disk' : 'the right to write',
    found: errorCode(error) === 'UNKNOWN' ? String(error) : errorCode(error),
    remedy: isFull ? 'Free space, then append again.' : 'Check the folder, then append again.',
    cause: error,
  })
}

/** LMDB reports a write that was cut short by a full disk as an input/output error. */
function hasLittleSpace(path: string): boolean {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize < LITTLE_SPACE_BYTES
}

interface RangeQuery {
  readonly start: Uint8Array
  readonly end?: Uint8Array
  readonly exclusiveStart?: boolean
  readonly reverse?: boolean
  readonly limit: number
}

function entries(database: Database<Uint8Array, Uint8Array>, query: RangeQuery): StoreEntry[] {
  try {
    const found: StoreEntry[] = []
    for (const { key, value } of database.getRange(query)) found.push({ key, value })
    return found
  } finally {
    database.resetReadTxn()
  }
}
