// Question: how many events per second does a job take from JSON lines in a file through hopping
// windows to rows that are counted, on one core, with an epoch every second?
// Shapes: the orders of all peers (orders.ts), 5 min windows every minute, count, sum and exact
// distinct a user; fresh processes, pinned to core 0. One more run writes its rows to a file, for
// their hash.
// It should not win against a query over a file that sorts once and keeps no state: windows of
// 100,000 users are made durable every second.
// Usage: npm run build && node dist/bench/end-to-end.js [--small] [--rounds 5] [--core 0]
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compiled,
  hasFlag,
  isProgram,
  numberOption,
  print,
  remark,
  withFolder,
} from './support/command-line.ts'
import { type JobRun, runJob } from './support/job-process.ts'
import { makeOrders, ORDERS, type OrdersShape, writeOrders } from './support/orders.ts'
import { median, type Spread } from './support/statistics.ts'

export const small = { ...ORDERS, events: 40_000, users: 1000, stepMs: 30, rounds: 1 }
export const large = { ...ORDERS, rounds: 5 }

export interface EndToEndResult {
  readonly events: number
  readonly rows: number
  readonly rowsPerEvent: number
  /** Medians of all rounds. */
  readonly eventsPerSecond: number
  readonly eventsPerCpuSecond: number
  readonly workingPerSecond: number
  readonly firstPerSecond: number
  readonly steadyPerSecond: number
  readonly rounds: readonly number[]
  readonly pauseMs: Spread
  readonly pauseShare: number
  readonly epochs: number
  readonly stateMbMax: number
  readonly rssMbMax: number
  /** SHA-256 of the sorted rows of a run that writes them. */
  readonly rowsHash: string
}

export async function run(
  shape: OrdersShape & { readonly rounds: number },
  core?: number,
): Promise<EndToEndResult> {
  return withFolder(async (folder) => {
    const input = join(folder, 'orders.jsonl')
    writeOrders(input, makeOrders(shape))
    const runs: JobRun[] = []
    for (let round = 0; round < shape.rounds; round++) {
      runs.push(await countRows(input, join(folder, `round-${round}`), core))
      remark(`round ${round}: ${runs.at(-1)?.eventsPerSecond} events/s`)
    }
    return resultOf(runs, await writtenRows(input, folder, core))
  })
}

/** One run that counts its rows. */
export function countRows(input: string, data: string, core?: number): Promise<JobRun> {
  const outputs = { features: '/dev/null' }
  return runJob({ ...ordersJob(input, data), outputs }, core)
}

function ordersJob(input: string, data: string) {
  const jobFile = compiled('bench', 'orders-job.js')
  return { jobFile, data, inputs: { orders: [input] }, only: ['features'] }
}

async function writtenRows(input: string, folder: string, core?: number) {
  const path = join(folder, 'features.jsonl')
  const outputs = { features: path }
  await runJob({ ...ordersJob(input, join(folder, 'written')), outputs }, core)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const hash = createHash('sha256').update(lines.sort().join('\n'))
  return { count: lines.length, hash: hash.digest('hex') }
}

function resultOf(
  runs: readonly JobRun[],
  written: { readonly count: number; readonly hash: string },
): EndToEndResult {
  const [first] = runs
  const middle = (of: (run: JobRun) => number) => median(runs.map(of))
  const last = [...runs].sort((a, b) => a.eventsPerSecond - b.eventsPerSecond)
  const typical = last[Math.floor(last.length / 2)]
  if (first === undefined || typical === undefined) throw new Error('no round was run')
  const rows = Object.values(first.rows).reduce((sum, count) => sum + count, 0)
  if (rows !== written.count) throw new Error(`${rows} rows were counted, ${written.count} written`)
  return {
    events: first.events,
    rows,
    rowsPerEvent: rows / first.events,
    eventsPerSecond: middle((each) => each.eventsPerSecond),
    eventsPerCpuSecond: middle((each) => each.eventsPerCpuSecond),
    workingPerSecond: middle((each) => each.workingPerSecond),
    firstPerSecond: middle((each) => each.firstPerSecond),
    steadyPerSecond: middle((each) => each.steadyPerSecond),
    rounds: runs.map((each) => each.eventsPerSecond),
    pauseMs: typical.pauseMs,
    pauseShare: typical.pauseShare,
    epochs: typical.epochs,
    stateMbMax: typical.stateMbMax,
    rssMbMax: middle((each) => each.use.rssMbMax),
    rowsHash: written.hash,
  }
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  const rounds = numberOption('rounds', shape.rounds)
  print(await run({ ...shape, rounds }, numberOption('core', 0)))
}
