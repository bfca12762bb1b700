// Carries out what `decideStart` decides, in one transaction: it bumps the term, so that every earlier
// owner is fenced, and for a new history writes new slot records. Segments belong to tasks, so a
// rescale rewrites none.
import { assertNever, StateMismatchError } from '../errors.ts'
import { checkMarks } from './decision-stores.ts'
import { type Environment, STORES } from './environment.ts'
import type { Claim, ClaimRequest, PreviousLineage } from './epoch.ts'
import { failpoint } from './failpoint.ts'
import {
  checkTasks,
  corruptStore,
  digestOf,
  type JobRecord,
  readJob,
  readSlot,
  readTasks,
  readTerm,
  removeSlot,
  type SlotRecord,
  tasksOfSlot,
  writeJob,
  writeSlot,
  writeTerm,
} from './job-records.ts'
import { decideStart } from './recovery-decision.ts'

export function claimJob(
  env: Environment,
  request: ClaimRequest,
  wasClaimed: boolean,
  newLineage: () => string,
): Claim {
  const claim = env.write(() => {
    const fresh = request.fresh === true
    const stored = fresh ? undefined : readJob(env)
    const term = nextTerm(env, stored, fresh)
    if (stored !== undefined) checkMarks(env)
    const facts = { stored, wasClaimed, request: { ...request, fresh } }
    const decision = decideStart(facts)
    const made = carryOut(env, request, decision, stored, term, newLineage)
    writeTerm(env, { term, lineage: made.lineage })
    failpoint('claim.in-transaction')
    return made
  })
  failpoint('claim.after')
  return claim
}

function carryOut(
  env: Environment,
  request: ClaimRequest,
  decision: ReturnType<typeof decideStart>,
  stored: JobRecord | undefined,
  term: number,
  newLineage: () => string,
): Claim {
  switch (decision.kind) {
    case 'fresh':
      return startFresh(env, request, term, newLineage())
    case 'continue':
      return goOn(env, stored ?? lost(env), term)
    case 'rescale':
      return rescale(env, stored ?? lost(env), request, term, newLineage())
    case 'refuse':
      throw refused(decision.reason, decision.difference)
    case 'lost':
      return lost(env)
    default:
      return assertNever(decision)
  }
}

function startFresh(env: Environment, request: ClaimRequest, term: number, lineage: string): Claim {
  for (const store of STORES) env.clear(store)
  const { job, slots, topology } = request
  const record: JobRecord = { format: 1, job, lineage, slots, topology, accepted: [lineage] }
  writeJob(env, record)
  for (let slot = 0; slot < slots; slot++) {
    writeSlot(env, { lineage, slot, epoch: 0, tasks: 0, digest: 0, pending: [] })
  }
  return claimOf(record, term, 'fresh', new Array<number>(slots).fill(0))
}

function goOn(env: Environment, stored: JobRecord, term: number): Claim {
  const records = readSlots(env, stored)
  const epochs = records.map(({ epoch }) => epoch)
  return claimOf(stored, term, 'continue', epochs)
}

function rescale(
  env: Environment,
  stored: JobRecord,
  request: ClaimRequest,
  term: number,
  lineage: string,
): Claim {
  const records = readSlots(env, stored)
  const previous = {
    lineage: stored.lineage,
    slots: stored.slots,
    epochs: records.map(({ epoch }) => epoch),
  }
  const { slots } = request
  const accepted = [lineage, ...stored.accepted]
  const record = childRecord(stored, { lineage, slots, accepted, previous })
  writeJob(env, record)
  assignTasks(env, records, lineage, slots)
  return claimOf(record, term, 'rescale', new Array<number>(slots).fill(0))
}

/** A history that goes on from another one. */
export function childRecord(
  parent: JobRecord,
  child: {
    readonly lineage: string
    readonly slots: number
    readonly accepted: readonly string[]
    readonly previous: PreviousLineage
  },
): JobRecord {
  return { ...parent, ...child }
}

/** The records of all slots, checked against their tasks. @throws StateCorruptError */
export function readSlots(env: Environment, stored: JobRecord): SlotRecord[] {
  const tasks = readTasks(env)
  return Array.from({ length: stored.slots }, (_, slot) => {
    const record = readSlot(env, stored.lineage, slot)
    checkTasks(env, record, tasksOfSlot(tasks, slot, stored.slots))
    return record
  })
}

/** Writes the slot records of a new history over the same tasks; undelivered work moves along. */
export function assignTasks(
  env: Environment,
  before: readonly SlotRecord[],
  lineage: string,
  slots: number,
): void {
  const tasks = readTasks(env)
  for (const { slot } of before) removeSlot(env, slot)
  for (let slot = 0; slot < slots; slot++) {
    const own = tasksOfSlot(tasks, slot, slots)
    const pending = before.filter((old) => old.slot % slots === slot).flatMap((old) => old.pending)
    const digest = digestOf(own)
    writeSlot(env, { lineage, slot, epoch: 0, tasks: own.length, digest, pending })
  }
}

function nextTerm(env: Environment, stored: JobRecord | undefined, fresh: boolean): number {
  const before = readTerm(env)
  if (before === undefined && stored !== undefined && !fresh) {
    throw corruptStore(env.folder, 'the term of the last owner', 'none')
  }
  return (before?.term ?? 0) + 1
}

function claimOf(
  record: JobRecord,
  term: number,
  start: Claim['start'],
  epochs: readonly number[],
): Claim {
  const { job, lineage, slots, previous, accepted } = record
  return { job, lineage, term, slots, epochs, start, previous, accepted }
}

function lost(env: Environment): never {
  throw corruptStore(env.folder, 'the state of a job that was run here', 'an empty store')
}

function refused(reason: 'job' | 'topology', difference: string): StateMismatchError {
  return new StateMismatchError({
    code: reason === 'job' ? 'JOB_DIFFERS' : 'TOPOLOGY_DIFFERS',
    message: 'the stored state belongs to another definition',
    found: difference,
    remedy:
      'Change the definition back, restore a savepoint into the new one, or begin anew (--fresh).',
  })
}
