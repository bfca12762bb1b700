// The records of the meta store, as JSON: the job and its history, the term, and one record a slot.
// A slot's record carries a digest of its tasks' manifests, so that a manifest that is missing, old
// or of another task is seen. Read and written inside the transaction that needs them.
import { crc32c } from '@node-rs/crc32'
import { FencedError, StateCorruptError } from '../errors.ts'
import type { Environment } from './environment.ts'
import type { PreviousLineage } from './epoch.ts'
import {
  decodeManifest,
  partitionOf,
  type TaskManifest,
  taskKey,
  taskOfKey,
} from './task-manifest.ts'

export interface JobRecord {
  readonly format: 1
  readonly job: string
  readonly lineage: string
  readonly slots: number
  readonly topology: unknown
  readonly previous?: PreviousLineage
  /** Own lineage first, then those that pure rescales came from. */
  readonly accepted: readonly string[]
}

export interface TermRecord {
  readonly term: number
  readonly lineage: string
}

/** A committable that waits for delivery, with where it was decided. */
export interface PendingRecord {
  readonly lineage: string
  readonly slot: number
  readonly term: number
  readonly epoch: number
  readonly sink: string
}

export interface SlotRecord {
  readonly lineage: string
  readonly slot: number
  readonly epoch: number
  readonly tasks: number
  /** Sum of the tasks' checksums, modulo 2^32. */
  readonly digest: number
  readonly pending: readonly PendingRecord[]
}

/** A task's manifest with its checksum. */
export interface StoredTask {
  readonly manifest: TaskManifest
  readonly checksum: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const JOB_KEY = encoder.encode('job')
const TERM_KEY = encoder.encode('term')

export function readJob(env: Environment): JobRecord | undefined {
  const bytes = env.get('meta', JOB_KEY)
  return bytes && JSON.parse(decoder.decode(bytes))
}

export function writeJob(env: Environment, record: JobRecord): void {
  env.put('meta', JOB_KEY, encoder.encode(JSON.stringify(record)))
}

export function readTerm(env: Environment): TermRecord | undefined {
  const bytes = env.get('meta', TERM_KEY)
  return bytes && JSON.parse(decoder.decode(bytes))
}

export function writeTerm(env: Environment, record: TermRecord): void {
  env.put('meta', TERM_KEY, encoder.encode(JSON.stringify(record)))
}

/** @throws FencedError when another process has taken the job over since the claim */
export function checkTerm(env: Environment, claim: { term: number; lineage: string }): void {
  const found = readTerm(env)
  if (found?.term === claim.term && found.lineage === claim.lineage) return
  throw new FencedError({
    code: 'FENCED',
    message: 'another process has taken this job over',
    expected: `term ${claim.term} of lineage ${claim.lineage}`,
    found: found === undefined ? 'none' : `term ${found.term} of lineage ${found.lineage}`,
    remedy: 'This process ends; the other one goes on.',
  })
}

export function readSlot(env: Environment, lineage: string, slot: number): SlotRecord {
  const bytes = env.get('meta', slotKey(slot))
  const record: SlotRecord | undefined = bytes && JSON.parse(decoder.decode(bytes))
  if (record?.lineage === lineage && record.slot === slot) return record
  throw corruptStore(
    env.folder,
    `the record of slot ${slot} in lineage ${lineage}`,
    record === undefined ? 'none' : `slot ${record.slot} of lineage ${record.lineage}`,
  )
}

export function writeSlot(env: Environment, record: SlotRecord): void {
  env.put('meta', slotKey(record.slot), encoder.encode(JSON.stringify(record)))
}

export function removeSlot(env: Environment, slot: number): void {
  env.remove('meta', slotKey(slot))
}

/** Every task of the store; checksums are of what is stored. */
export function readTasks(env: Environment): StoredTask[] {
  const tasks: StoredTask[] = []
  for (const { key, value } of env.range('tasks')) {
    const manifest = decodeManifest(taskOfKey(key), value)
    tasks.push({ manifest, checksum: taskChecksum(manifest.taskId, value) })
  }
  return tasks
}

export function tasksOfSlot(tasks: readonly StoredTask[], slot: number, slots: number) {
  return tasks.filter(({ manifest }) => partitionOf(manifest.taskId) % slots === slot)
}

export function taskChecksum(taskId: string, manifest: Uint8Array): number {
  return crc32c(manifest, crc32c(taskKey(taskId)))
}

export function digestOf(tasks: readonly StoredTask[]): number {
  return tasks.reduce((sum, task) => (sum + task.checksum) >>> 0, 0)
}

/** @throws StateCorruptError when the tasks are not those that the slot's last epoch left. */
export function checkTasks(env: Environment, record: SlotRecord, tasks: readonly StoredTask[]) {
  const digest = digestOf(tasks)
  if (record.tasks === tasks.length && record.digest === digest) return
  throw corruptStore(
    env.folder,
    `${record.tasks} tasks of slot ${record.slot} with digest ${record.digest}`,
    `${tasks.length} with digest ${digest}`,
  )
}

export function corruptStore(folder: string, expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'STORE_CORRUPT',
    message: `the stored state in ${folder} is damaged`,
    expected,
    found,
    remedy: 'Restore a savepoint, or begin anew in an empty data folder.',
  })
}

function slotKey(slot: number): Uint8Array {
  return encoder.encode(`slot/${slot}`)
}
