// Damages copies of a store one after another, opens each and says what came of it, one line a copy:
// `<number> same|gap|older|wrong|<error code>` (a gap: a topic lacks records, as its offsets show).
// Damage `n` is a function of n: a flipped bit, a zeroed page, two swapped pages or a cut. A copy that
// ends the process is seen by the parent, which goes on behind.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, JobStore } from '../../../engine/checkpoint/index.ts'
import { seededRandom } from '../../../engine/clock.ts'
import { errorCode, MillraceError } from '../../../engine/errors.ts'
import {
  contents,
  expectedContents,
  newTables,
  operatorTables,
  readStep,
  stepKey,
  TASK,
} from './history.ts'

const [folder = '', first = '0', last = '0', steps = '0'] = process.argv.slice(2)
const topology = { operators: [{ id: 'count' }, { id: 'window' }] }
const PAGE = 4096

function damage(bytes: Buffer, n: number): Buffer {
  const random = seededRandom(n + 1)
  const pages = bytes.length / PAGE
  const page = Math.floor(random() * pages)
  const kind = n % 8
  if (kind === 5) bytes.fill(0, page * PAGE, (page + 1) * PAGE)
  else if (kind === 6) {
    const other = Math.floor(random() * pages)
    const held = Buffer.from(bytes.subarray(page * PAGE, (page + 1) * PAGE))
    bytes.copy(bytes, page * PAGE, other * PAGE, (other + 1) * PAGE)
    held.copy(bytes, other * PAGE)
  } else if (kind === 7) return bytes.subarray(0, Math.floor(random() * bytes.length))
  else {
    const at = kind === 4 ? Math.floor(random() * 2 * PAGE) : Math.floor(random() * bytes.length)
    bytes[at]! ^= 1 << Math.floor(random() * 8)
  }
  return bytes
}

/** A record that a step wrote, whichever. */
function isOfHistory({ key, value }: Entry): boolean {
  return Buffer.compare(key, stepKey(Number(Buffer.from(value).toString()))) === 0
}

async function outcome(run: string): Promise<string> {
  let store: JobStore | undefined
  try {
    store = JobStore.open(run)
    const claim = store.claim({ job: 'damage', slots: 1, topology })
    const slot = store.slot(0, claim)
    const tables = newTables()
    slot.restore(TASK, operatorTables(tables))
    const reader = store.reader()
    const step = readStep((key) => reader.get('marks', key))
    const topic = [...reader.range('topics')]
    const isWhole = topic.every(({ key, value }, i) => {
      const isKey = Buffer.compare(key, stepKey(i + 1)) === 0
      return isKey && Buffer.from(value).toString() === `${i + 1}`
    })
    if (contents(tables) !== expectedContents(step)) return 'wrong'
    const due = Array.from({ length: Math.floor(step / 3) }, (_, i) => `${(i + 1) * 3}`)
    const pending = slot.undelivered().map(({ bytes }) => Buffer.from(bytes).toString())
    if (pending.join() !== due.join()) return 'wrong'
    if (topic.length < step && topic.every(isOfHistory)) return 'gap'
    if (topic.length !== step || !isWhole) return 'wrong'
    return step === Number(steps) ? 'same' : 'older'
  } catch (error) {
    return error instanceof MillraceError ? error.code : `unnamed ${errorCode(error)} ${error}`
  } finally {
    await store?.close()
  }
}

for (let n = Number(first); n < Number(last); n++) {
  const run = join(folder, `copy-${n}`)
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, 'data.mdb'), damage(readFileSync(join(folder, 'run/data.mdb')), n))
  copyFileSync(join(folder, 'run/job.json'), join(run, 'job.json'))
  writeSync(1, `${n} ${await outcome(run)}\n`)
  rmSync(run, { recursive: true, force: true })
}
