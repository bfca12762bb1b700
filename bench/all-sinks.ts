// Question: how many events per second does BiteBridge's main job take with everything that it
// writes: output topic, online view, features in the lake and the raw orders in the lake?
// Shapes: simulated orders of a busy day in a file (disorder, duplicates, late and broken ones), an
// epoch a second, Parquet written by threads of its own; on one core and on all cores, in turns.
// It should not win against a job that only appends: each event is made durable in a lake table, and
// each window in three places.
// Usage: npm run build && node dist/bench/all-sinks.js [--small] [--rounds 3] [--core 0]
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { simulate } from '../jobs/bitebridge/simulation/index.ts'
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
import { median } from './support/statistics.ts'

export const small = {
  orders: 5000,
  ratePerSecond: 20,
  customers: 500,
  restaurants: 100,
  rounds: 1,
}
export const large = {
  orders: 600_000,
  ratePerSecond: 300,
  customers: 100_000,
  restaurants: 5000,
  rounds: 3,
}
export type AllSinksShape = typeof small

const PLACES = ['one core', 'all cores', 'one core, output topic only'] as const

export async function run(shape: AllSinksShape, core: number) {
  return withFolder(async (folder) => {
    const input = join(folder, 'orders.jsonl')
    writeSimulated(input, shape)
    const runs = new Map<string, JobRun[]>(PLACES.map((place) => [place, []]))
    for (let round = 0; round < shape.rounds; round++) {
      const order = round % 2 === 0 ? PLACES : [...PLACES].reverse()
      for (const place of order) {
        const made = await runJob(
          {
            jobFile: compiled('jobs', 'bitebridge', 'fraud.js'),
            data: join(folder, `${place}-${round}`),
            inputs: { orders: [input] },
            ...(place.endsWith('only') ? { only: ['fraud-features'] } : {}),
          },
          place === 'all cores' ? undefined : core,
        )
        remark(`round ${round}, ${place}: ${made.eventsPerSecond} events/s`)
        runs.get(place)?.push(made)
      }
    }
    return Object.fromEntries([...runs].map(([place, of]) => [place, summary(of)]))
  })
}

function summary(runs: readonly JobRun[]) {
  const [first] = runs
  const middle = (of: (run: JobRun) => number) => median(runs.map(of))
  return {
    events: first?.events ?? 0,
    rows: first?.rows ?? {},
    eventsPerSecond: middle((each) => each.eventsPerSecond),
    workingPerSecond: middle((each) => each.workingPerSecond),
    steadyPerSecond: middle((each) => each.steadyPerSecond),
    eventsPerCpuSecond: middle((each) => each.eventsPerCpuSecond),
    pauseP50Ms: middle((each) => each.pauseMs.p50),
    pauseMsMax: middle((each) => each.pauseMs.max),
    pauseShare: middle((each) => each.pauseShare),
    rssMbMax: middle((each) => each.use.rssMbMax),
  }
}

/** Orders in the order of their arrival, as they come from the simulation, broken ones too. */
function writeSimulated(path: string, shape: AllSinksShape): void {
  const startMicros = Date.UTC(2024, 5, 7, 18) * 1000
  const file = openSync(path, 'w')
  let left = shape.orders
  let waiting: Uint8Array[] = []
  const newline = Uint8Array.of(10)
  for (const event of simulate({ seed: 7, startMicros, ...shape })) {
    if (event.topic !== 'orders') continue
    waiting.push(event.bytes, newline)
    left--
    if (waiting.length < 8000 && left > 0) continue
    writeSync(file, Buffer.concat(waiting))
    waiting = []
    if (left === 0) break
  }
  closeSync(file)
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  const rounds = numberOption('rounds', shape.rounds)
  print(await run({ ...shape, rounds }, numberOption('core', 0)))
}
