// The process that a crash test kills: goes on from what is stored, first checks that it is the fold of
// the decided steps, then commits, compacts, delivers and makes savepoints until it is killed or done.
// Exit code 0: done; 3: what was stored is wrong (one line on stderr).
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  failpoint,
  JobStore,
  restoreSavepoint,
  type SlotStore,
} from '../../../engine/checkpoint/index.ts'
import {
  commitStep,
  contents,
  expectedContents,
  newTables,
  operatorTables,
  readStep,
  stepKey,
  TASK,
} from './history.ts'

const [folder = '', mode = '', count = '0'] = process.argv.slice(2)
const run = join(folder, 'run')
const lake = join(folder, 'lake.txt')
const topology = { operators: [{ id: 'count' }, { id: 'window' }] }

function wrong(words: string): never {
  process.stderr.write(`${words}\n`)
  process.exit(3)
}

function delivered(): string[] {
  return existsSync(lake) ? readFileSync(lake, 'utf8').split('\n').filter(Boolean) : []
}

/** An idempotent sink: the lake knows what it has. */
function deliver(store: SlotStore): void {
  for (const { epoch, sink, bytes, permit } of store.undelivered()) {
    const line = `${permit.lineage}:${epoch}:${Buffer.from(bytes).toString()}`
    failpoint('deliver.before')
    if (!delivered().includes(line)) appendFileSync(lake, `${line}\n`)
    failpoint('deliver.after')
    store.markDelivered(epoch, sink, permit)
  }
}

function checkTopics(store: JobStore, step: number): void {
  const found = [...store.reader().range('topics')]
  if (found.length !== step) wrong(`${found.length} records in the topic after ${step} steps`)
  found.forEach(({ key, value }, i) => {
    const isOwn = Buffer.compare(key, stepKey(i + 1)) === 0
    if (!isOwn || Buffer.from(value).toString() !== `${i + 1}`) wrong(`record ${i + 1} is another`)
  })
}

async function restoreLatest(): Promise<void> {
  const opened = JobStore.open(run)
  const name = opened.listSavepoints().at(-1)?.name
  await opened.close()
  if (name === undefined) return
  const savepoints = join(folder, 'savepoints')
  await restoreSavepoint({ savepoints, name, into: run, job: 'crash', topology, replace: true })
}

async function main(): Promise<void> {
  if (mode === 'restore') await restoreLatest()
  const opened = JobStore.open(run)
  const claim = opened.claim({ job: 'crash', slots: 1, topology })
  const store = opened.slot(0, claim)
  const tables = newTables()
  store.restore(TASK, operatorTables(tables))
  let step = readStep((key) => opened.reader().get('marks', key))
  if (contents(tables) !== expectedContents(step)) wrong(`the tables are not those of step ${step}`)
  checkTopics(opened, step)
  for (const { name } of opened.listSavepoints()) opened.inspectSavepoint(name)
  deliver(store)
  const lines = delivered()
  if (new Set(lines).size !== lines.length) wrong('something was delivered twice')
  const steps = lines.map((line) => Number(line.split(':')[2]))
  for (let i = 3; i <= step; i += 3) if (!steps.includes(i)) wrong(`step ${i} was not delivered`)
  for (let done = 0; done < Number(count); done++) {
    commitStep(store, tables, ++step, mode === 'fill' ? 20_000 : 0)
    deliver(store)
    store.compact(40_000)
    if (mode === 'savepoint' && done % 4 === 3) {
      await opened.createSavepoint(`sp-${claim.term}-${done}`)
    }
  }
  await opened.close()
  process.stdout.write(`${step}\n`)
}

await main()
