// Restores a savepoint as the state of a run: a new history whose parent is the one in the copy. The
// copy is prepared in a folder beside the run's and then swapped in by renames, so that a crash leaves
// the old run or the new one; `checkNoRestore` puts a half-done swap right at the next open.
//
//   run.restoring   the prepared copy          run.replaced   the old run, until the swap is done
import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { chanceSeed } from '../clock.ts'
import { ConfigError, StateMismatchError } from '../errors.ts'
import { carryTopic } from './carried-topic.ts'
import { assignTasks, childRecord, readSlots } from './claim.ts'
import { type Difference, describeDifferences, differences } from './difference.ts'
import { flush, renameDurably, writeDurably } from './durable-file.ts'
import { Environment } from './environment.ts'
import { failpoint } from './failpoint.ts'
import {
  corruptStore,
  readJob,
  readTasks,
  readTerm,
  type StoredTask,
  taskChecksum,
  writeJob,
  writeTerm,
} from './job-records.ts'
import { inspectSavepoint } from './savepoint.ts'
import { identityOf, SegmentStore } from './segment-store.ts'
import { storageError } from './storage-error.ts'
import { encodeManifest, type TaskManifest, taskKey } from './task-manifest.ts'

export interface RestoreRequest {
  /** Folder of the savepoints: `<data>/jobs/<job>/savepoints`. */
  readonly savepoints: string
  readonly name: string
  /** The run folder that the state goes to. */
  readonly into: string
  readonly job: string
  /** Of the definition that will run. */
  readonly topology: unknown
  /** Replace a run that is there. */
  readonly replace?: boolean
  /**
   * Topic of the job whose records behind the savepoint come along, where the run that is replaced
   * went on from it with the same definition: `<job>.ticks`.
   */
  readonly carry?: string
  /** Let go the state of operators that the new definition doesn't have. */
  readonly dropRemoved?: boolean
  readonly newLineage?: () => string
}

/** What became of the definition and the state. */
export interface RestoreReport {
  readonly savepoint: string
  readonly lineage: string
  readonly parent: string
  /** Ids of operators that only the new, only the old, or both but differently, have. */
  readonly operators: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly changed: readonly string[]
  }
  /** All differences of the definitions. */
  readonly differences: readonly Difference[]
  /** Stored tables that were let go: `operator/table`. Formats are compared when tables restore. */
  readonly dropped: readonly string[]
  /** Records of the replaced run came along and will be applied again (`carry`). */
  readonly carries: boolean
}

/**
 * @throws StateMismatchError STATE_REMOVED when operators with state are gone and `dropRemoved` isn't
 * set; ConfigError RUN_EXISTS; StateCorruptError SAVEPOINT_CORRUPT
 */
export async function restoreSavepoint(request: RestoreRequest): Promise<RestoreReport> {
  const { into, name, savepoints } = request
  checkNoRestore(into)
  if (existsSync(into) && request.replace !== true) throw runExists(into)
  inspectSavepoint(savepoints, name)
  const restoring = `${into}.restoring`
  try {
    rmSync(restoring, { recursive: true, force: true })
    mkdirSync(restoring, { recursive: true })
    const data = join(restoring, 'data.mdb')
    copyFileSync(join(savepoints, name, 'data.mdb'), data, constants.COPYFILE_FICLONE)
    flush(data)
    const report = await makeChild(restoring, into, request)
    writeDurably(join(restoring, 'job.json'), `${JSON.stringify({ job: request.job })}\n`)
    failpoint('restore.before-swap')
    swapIn(restoring, into)
    failpoint('restore.after-swap')
    return report
  } catch (error) {
    throw storageError(error, into)
  }
}

/** Puts a swap right that a crash cut short: the old run comes back, or goes if the new one is in. */
export function checkNoRestore(into: string): void {
  const replaced = `${into}.replaced`
  if (!existsSync(replaced)) return
  try {
    if (existsSync(into)) rmSync(replaced, { recursive: true, force: true })
    else renameDurably(replaced, into)
  } catch (error) {
    throw storageError(error, into)
  }
}

function swapIn(restoring: string, into: string): void {
  const replaced = `${into}.replaced`
  mkdirSync(dirname(into), { recursive: true })
  if (existsSync(into)) renameSync(into, replaced)
  failpoint('restore.between-renames')
  renameDurably(restoring, into)
  rmSync(replaced, { recursive: true, force: true })
}

async function makeChild(
  folder: string,
  into: string,
  request: RestoreRequest,
): Promise<RestoreReport> {
  const old = existsSync(join(into, 'data.mdb')) ? new Environment(into) : undefined
  const env = new Environment(folder)
  try {
    return env.write(() => {
      const stored = readJob(env)
      const term = readTerm(env)
      if (stored === undefined || term === undefined) {
        throw corruptStore(folder, 'a job in the copy', 'none')
      }
      const records = readSlots(env, stored)
      const found = differences(stored.topology, request.topology)
      const operators = operatorDifferences(stored.topology, request.topology)
      const carries = found.length === 0 && carried(env, old, request)
      const dropped = dropTables(env, operators.removed, request.dropRemoved === true, found)
      const lineage = request.newLineage?.() ?? `${chanceSeed().toString(36)}${chanceSeed()}`
      const previous = {
        lineage: stored.lineage,
        slots: stored.slots,
        epochs: records.map(({ epoch }) => epoch),
        savepoint: request.name,
      }
      const { slots } = stored
      const child = childRecord(stored, { lineage, slots, accepted: [lineage], previous })
      writeJob(env, { ...child, job: request.job, topology: request.topology })
      assignTasks(env, records, lineage, slots)
      // The term never falls within a run folder: what was there before counts too.
      const termBefore = (old && readTerm(old)?.term) ?? 0
      writeTerm(env, { term: Math.max(term.term, termBefore) + 1, lineage })
      const [savepoint, parent] = [request.name, stored.lineage]
      return { savepoint, lineage, parent, operators, differences: found, dropped, carries }
    })
  } finally {
    await env.close()
    await old?.close()
  }
}

function carried(env: Environment, old: Environment | undefined, request: RestoreRequest): boolean {
  const { carry, name } = request
  return carry !== undefined && old !== undefined && carryTopic(env, old, name, carry)
}

function dropTables(
  env: Environment,
  removed: readonly string[],
  isAllowed: boolean,
  found: readonly Difference[],
): string[] {
  const gone = new Set(removed)
  const dropped = new Set<string>()
  const store = new SegmentStore(env)
  for (const { manifest } of readTasks(env)) {
    const kept = manifest.tables.filter(({ operatorId }) => !gone.has(operatorId))
    if (kept.length === manifest.tables.length) continue
    for (const table of manifest.tables) {
      if (!gone.has(table.operatorId)) continue
      dropped.add(`${table.operatorId}/${table.table}`)
      for (const entry of table.segments) {
        store.remove(identityOf(manifest.taskId, table, entry.number), entry)
      }
    }
    writeManifest(env, { ...manifest, tables: kept })
  }
  if (dropped.size > 0 && !isAllowed) throw stateRemoved([...dropped], found)
  return [...dropped].sort()
}

function writeManifest(env: Environment, manifest: TaskManifest): StoredTask {
  const bytes = encodeManifest(manifest)
  env.put('tasks', taskKey(manifest.taskId), bytes)
  return { manifest, checksum: taskChecksum(manifest.taskId, bytes) }
}

function operatorDifferences(before: unknown, after: unknown): RestoreReport['operators'] {
  const from = operatorsOf(before)
  const to = operatorsOf(after)
  const both = [...to.keys()].filter((id) => from.has(id))
  return {
    added: [...to.keys()].filter((id) => !from.has(id)),
    removed: [...from.keys()].filter((id) => !to.has(id)),
    changed: both.filter((id) => differences(from.get(id), to.get(id)).length > 0),
  }
}

/** Every member with an `id` of any array named `operators`, however deep. */
function operatorsOf(topology: unknown, into = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof topology !== 'object' || topology === null) return into
  for (const [name, value] of Object.entries(topology)) {
    if (name === 'operators' && Array.isArray(value)) {
      for (const member of value) {
        if (typeof member?.id === 'string') into.set(member.id, member)
      }
    }
    operatorsOf(value, into)
  }
  return into
}

function stateRemoved(dropped: readonly string[], found: readonly Difference[]) {
  return new StateMismatchError({
    code: 'STATE_REMOVED',
    message: `the new definition has no place for the state of ${dropped.join(', ')}`,
    found: describeDifferences(found),
    remedy: 'Keep those operators (with their ids), or allow their state to be dropped.',
  })
}

function runExists(into: string): ConfigError {
  return new ConfigError({
    code: 'RUN_EXISTS',
    message: `${into} holds the state of a run`,
    remedy: 'Restore into another --data folder, or say that this run is to be replaced.',
  })
}
