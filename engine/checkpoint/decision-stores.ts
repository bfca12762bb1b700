// The stores that decision sinks write in the deciding transaction. Steps are synchronous and run
// inside of it only. `marks` is what sinks recover from, so a lost mark must be seen: its entries and
// the sum of their checksums are kept and compared when the job is claimed. (Values of topics and of
// the online store are checked one by one; that one is missing shows as a gap in a topic's offsets.)
import type { DecisionStores } from '../connector.ts'
import { storedChecksum } from './checked-value.ts'
import type { Environment } from './environment.ts'
import { corruptStore } from './job-records.ts'

interface MarksRecord {
  readonly entries: number
  /** Sum of the checksums, modulo 2^32. */
  readonly digest: number
}

const encoder = new TextEncoder()
const MARKS_KEY = encoder.encode('marks')

/** Use them inside `Environment.write` only. */
export function decisionStores(env: Environment): DecisionStores {
  return {
    get: (store, key) => env.get(store, key),
    put: (store, key, value) => {
      if (store === 'marks') changeMark(env, key, () => env.put(store, key, value))
      else env.put(store, key, value)
    },
    remove: (store, key) => {
      if (store === 'marks') changeMark(env, key, () => env.remove(store, key))
      else env.remove(store, key)
    },
    before: (store, key) => env.before(store, key),
  }
}

function changeMark(env: Environment, key: Uint8Array, change: () => void): void {
  let { entries, digest } = readMarks(env)
  const before = env.getRaw('marks', key)
  if (before !== undefined) {
    entries--
    digest = (digest - storedChecksum(before)) >>> 0
  }
  change()
  const after = env.getRaw('marks', key)
  if (after !== undefined) {
    entries++
    digest = (digest + storedChecksum(after)) >>> 0
  }
  env.put('meta', MARKS_KEY, encoder.encode(JSON.stringify({ entries, digest })))
}

/** @throws StateCorruptError when a mark is missing, added or another */
export function checkMarks(env: Environment): void {
  const { entries, digest } = readMarks(env)
  let found = 0
  let sum = 0
  for (const { key } of env.range('marks')) {
    const value = env.getRaw('marks', key)
    if (value === undefined) continue
    found++
    sum = (sum + storedChecksum(value)) >>> 0
  }
  if (found === entries && sum === digest) return
  const expected = `${entries} marks with digest ${digest}`
  throw corruptStore(env.folder, expected, `${found} with digest ${sum}`)
}

function readMarks(env: Environment): MarksRecord {
  const bytes = env.get('meta', MARKS_KEY)
  if (bytes === undefined) return { entries: 0, digest: 0 }
  return JSON.parse(new TextDecoder().decode(bytes))
}
