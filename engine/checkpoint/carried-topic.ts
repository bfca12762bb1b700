// A carried topic: when a savepoint takes the place of a run that went on from it, what that run wrote
// to `<job>.ticks` behind the savepoint comes along. The ticks were decided, so the restored history
// applies them again where its inputs stand as they stood then (law 5). Which part of the topic that
// is stands in a mark; how far each task got in it is the runtime's.
//
//   mark       replay/<topic> = JSON list of ranges of keys, (after, to], in hexadecimal; one more for
//              each restore, never one fewer
//   entries    <topic> 00 … in store `topics`, as everywhere; copied as they are
import type { DecisionStores } from '../connector.ts'
import { decisionStores } from './decision-stores.ts'
import type { Environment } from './environment.ts'
import { type JobRecord, readJob } from './job-records.ts'

/** Keys of store `topics`, in hexadecimal: after < key ≤ to. */
export interface CarriedRange {
  readonly after: string
  readonly to: string
}

const encoder = new TextEncoder()

/**
 * Copies what a topic of `old` holds behind the savepoint. Inside of `env.write`.
 * @param env the savepoint's copy, before anything of it is changed
 * @returns true when there was anything
 */
export function carryTopic(
  env: Environment,
  old: Environment,
  savepoint: string,
  topic: string,
): boolean {
  const saved = readJob(env)
  const run = readJob(old)
  if (saved === undefined || run === undefined) return false
  if (!goesOnFrom(run, saved, savepoint)) return false
  const from = encoder.encode(`${topic}\0`)
  const end = encoder.encode(`${topic}\u0001`)
  const last = env.before('topics', end)
  const lastKey = last !== undefined && Buffer.compare(last.key, from) >= 0 ? last.key : from
  if (!hasSame(old, lastKey, env)) return false
  let to: Uint8Array | undefined
  for (const { key, value } of old.range('topics', lastKey, end)) {
    if (env.get('topics', key) !== undefined) continue
    env.put('topics', key, value)
    to = key
  }
  if (to === undefined || to.length === from.length) return false
  addRange(env, topic, { after: hex(lastKey), to: hex(to) })
  return true
}

/** The parts of a topic that restored histories were given, oldest first. */
export function carriedRanges(
  stores: Pick<DecisionStores, 'get'>,
  topic: string,
): readonly CarriedRange[] {
  const mark = stores.get('marks', markKey(topic))
  return mark === undefined ? [] : JSON.parse(new TextDecoder().decode(mark))
}

function markKey(topic: string): Uint8Array {
  return encoder.encode(`replay/${topic}`)
}

/** One line of histories leads from the savepoint to the run. */
function goesOnFrom(run: JobRecord, saved: JobRecord, savepoint: string): boolean {
  const { previous } = run
  const isChild = previous?.savepoint === savepoint && previous.lineage === saved.lineage
  return run.job === saved.job && (run.accepted.includes(saved.lineage) || isChild)
}

/** The last entry of the savepoint names its writer and epoch: equal ones have one past. */
function hasSame(old: Environment, key: Uint8Array, env: Environment): boolean {
  const saved = env.get('topics', key)
  const found = old.get('topics', key)
  return saved === undefined || (found !== undefined && Buffer.compare(saved, found) === 0)
}

function addRange(env: Environment, topic: string, range: CarriedRange): void {
  const stores = decisionStores(env)
  const ranges = carriedRanges(stores, topic)
  stores.put('marks', markKey(topic), encoder.encode(JSON.stringify([...ranges, range])))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
