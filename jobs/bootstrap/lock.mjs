// Lets one process at a time work in the project's folder. A lock is a folder (made in one step on
// every file system) that names its owner; a lock whose owner is gone is taken over. It does not
// wait for ever: after `lockWaitMs` the start ends and says who holds the lock.
import { mkdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inRoot, readText, say } from './project.mjs'
import { Stop } from './stop.mjs'

const lockFolder = inRoot('dist', '.lock')
const ownerFile = join(lockFolder, 'owner')
const breakerFolder = inRoot('dist', '.lock-breaking')

const lockPollMs = 100
const lockWaitMs = 600_000
const namelessLockMs = 10_000

/** Runs `work` while no other start does. */
export async function withLock(work) {
  mkdirSync(inRoot('dist'), { recursive: true })
  for (let waitedMs = 0; !takeLock(); waitedMs += lockPollMs) {
    if (waitedMs === 0) say('waiting for another start that installs or builds')
    if (waitedMs >= lockWaitMs) throw heldTooLong()
    breakAbandonedLock()
    await sleep(lockPollMs)
  }
  process.on('exit', releaseLock)
  try {
    return await work()
  } finally {
    process.off('exit', releaseLock)
    releaseLock()
  }
}

function takeLock() {
  if (!makeFolder(lockFolder)) return false
  writeFileSync(ownerFile, `${hostname()} ${process.pid}`)
  return true
}

function releaseLock() {
  rmSync(lockFolder, { recursive: true, force: true })
}

/** Only the holder of the breaker deletes a lock of others, so a fresh one is never deleted. */
function breakAbandonedLock() {
  if (!isAbandoned() || !makeFolder(breakerFolder)) return
  try {
    if (isAbandoned()) releaseLock()
  } finally {
    rmdirSync(breakerFolder)
  }
}

function isAbandoned() {
  const made = statSync(lockFolder, { throwIfNoEntry: false })
  if (made === undefined) return false
  const owner = readText(ownerFile)
  if (!owner) return Date.now() - made.mtimeMs > namelessLockMs
  const [host, processId] = owner.split(' ')
  return host === hostname() && !isRunning(Number(processId))
}

function isRunning(processId) {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}

/** Whether this call made the folder. */
function makeFolder(path) {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function heldTooLong() {
  const owner = readText(ownerFile) ?? 'an unknown process'
  return new Stop(
    'LOCK_HELD',
    `expected the lock to be free within ${lockWaitMs / 1000} s, found it held by ${owner}; ` +
      'end that process, or delete dist/.lock and dist/.lock-breaking',
  )
}
