// FileLock: one process of this host at a time, by a file that names its holder from the first moment
// on: process, the start of that process, and a number of this one lock. A dead holder never blocks,
// wherever it died: its lock is taken over, and so is the claim of one that died while it took a lock
// over. It does not serve hosts that share a disk.
//
//   <path>                  the lock
//   <path>.<holder>         the claim of who takes over the lock of that dead holder: a lock too
//   <path>.own-<holder>     written first and linked, so that no lock is ever without its holder
import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { type Clock, chanceSeed, systemClock } from '../../engine/clock.ts'
import { errorCode, StorageError } from '../../engine/errors.ts'

const TRIES_MAX = 500
const DELAY_MS = 10

/** Where a lock of a dead holder is being taken over; crash tests end the process there. */
export type LockStep = 'linked' | 'claimed' | 'freed'

export interface LockOptions {
  readonly clock?: Clock
  /** Told each step. */
  readonly hook?: (step: LockStep) => void
}

interface Holder {
  readonly process: number
  /** When the process started, in the system's own count; empty where the system does not tell. */
  readonly start: string
  /** Names this one lock of this one process, once and never again. */
  readonly name: string
}

/**
 * Takes the lock, waiting for a living holder; the returned function gives it back.
 * @throws StorageError LOCK_HELD after TRIES_MAX * DELAY_MS; what the file system says
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<() => void> {
  const { clock = systemClock, hook = () => {} } = options
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (linked(path, hook)) return () => unlinkSync(path)
    freeOfDead(path, hook)
    await clock.delay(DELAY_MS)
  }
  throw new StorageError({
    code: 'LOCK_HELD',
    message: `another process holds ${path}`,
    expected: `the lock within ${(TRIES_MAX * DELAY_MS) / 1000} s`,
    found: `process ${readHolder(path)?.process ?? 'unknown'}, which is alive`,
    remedy: 'Wait for it, or remove the file if that process is no millrace.',
  })
}

/** False when somebody has it. */
function linked(path: string, hook: (step: LockStep) => void): boolean {
  const start = processFacts(process.pid)?.start ?? ''
  const name = `${process.pid}-${start}-${chanceSeed().toString(36)}`
  const own = `${path}.own-${name}`
  try {
    writeFileSync(own, name)
    linkSync(own, path)
    hook('linked')
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Removes the lock of a dead holder. Only who holds the claim on this very holder may do so: names
 * never come again, so a claim that comes late finds another holder and leaves its lock alone.
 */
function freeOfDead(path: string, hook: (step: LockStep) => void): void {
  const dead = readHolder(path)
  if (dead === undefined || isAlive(dead)) return
  const claim = `${path}.${dead.name}`
  if (!linked(claim, hook)) {
    freeOfDead(claim, hook)
    return
  }
  try {
    hook('claimed')
    if (readHolder(path)?.name === dead.name) unlinkSync(path)
    rmSync(`${path}.own-${dead.name}`, { force: true })
    hook('freed')
  } finally {
    unlinkSync(claim)
  }
}

/** Undefined when the lock was just given back. */
function readHolder(path: string): Holder | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const [id = '', start = ''] = text.split('-')
    // What names nobody, as another version or a full disk left it, was held by nobody alive.
    const isName = /^[a-z0-9-]{1,80}$/.test(text)
    return { process: Number(id), start, name: isName ? text : 'unnamed' }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A process that has the number of an earlier one is not that one. */
function isAlive(holder: Holder): boolean {
  if (!(holder.process > 0)) return false
  try {
    process.kill(holder.process, 0)
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false
  }
  const found = processFacts(holder.process)
  if (found === undefined || holder.start === '') return true
  return found.start === holder.start && found.state !== 'Z'
}

/**
 * State and start of a process, where the system tells: fields 3 and 22 of /proc/<process>/stat,
 * counted behind its name, which may hold blanks. A zombie ended, but nobody asked how.
 */
function processFacts(id: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state = '', start = ''] = [fields[0], fields[19]]
    return { state, start }
  } catch {
    return undefined
  }
}
