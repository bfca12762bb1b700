// FolderLock: lets one start at a time work in a data folder, so that two of them never append the
// same events. The lock is a file that names its process, made in one step by a link; that of a dead
// process is taken over. It does not wait: who comes second is told who was first.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, errorCode } from '../../engine/errors.ts'
import { makeDataFolder } from '../run/data-folder.ts'

const FILE = 'start.lock'
/** A lock that was abandoned is taken over; more often than this others were faster. */
const TRIES_MAX = 10

/**
 * Takes the lock of a data folder; the returned function gives it back.
 * @throws ConfigError START_RUNNING when a living process holds it; StorageError where it can't be written
 */
export function lockFolder(folder: string): () => void {
  makeDataFolder(folder)
  const path = join(folder, FILE)
  const own = `${path}.${process.pid}`
  writeFileSync(own, `${process.pid}`)
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      if (linked(own, path)) return () => rmSync(path, { force: true })
      const holder = holderOf(path)
      if (holder !== undefined && isRunning(holder)) throw held(folder, path, holder)
      if (holder !== undefined) discard(path, holder)
    }
    throw held(folder, path, holderOf(path))
  } finally {
    rmSync(own, { force: true })
  }
}

function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** The process in the lock; undefined when it was just given back. */
function holderOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A number of this process in a lock that it did not take is that of an earlier one. */
function isRunning(holder: number): boolean {
  if (!(holder > 0) || holder === process.pid) return false
  try {
    process.kill(holder, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/**
 * Moves the lock of a dead process aside. When another start did so first and what was moved is
 * already its lock, that one is put back.
 */
function discard(path: string, holder: number): void {
  const aside = `${path}.${process.pid}.aside`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  if (holderOf(aside) !== holder) linked(aside, path)
  rmSync(aside, { force: true })
}

function held(folder: string, path: string, holder: number | undefined): ConfigError {
  return new ConfigError({
    code: 'START_RUNNING',
    message: `another start works in ${folder}`,
    expected: 'none',
    found: `process ${holder ?? 'unknown'}`,
    remedy:
      'Wait for it or stop it, or use another --data folder; ' +
      `if it is no millrace, remove ${path}.`,
  })
}
