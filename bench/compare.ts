// Question: how many times as many events as its peers does millrace take on the same core?
// Shapes: the peers' own orders, 5 min windows every minute with count, sum and exact distinct, JSON
// lines in a file → rows that are counted. All in one run: fresh processes on one pinned core, in
// turns, the order reversed every round; medians. millrace commits an epoch every second, the peers
// keep nothing: Flink runs without checkpoints, plain JavaScript has none.
// It should not win by as much where windows hold few users, or where a peer may use many cores.
// Usage: npm run build && node dist/bench/compare.js [--small] [--rounds 3] [--core 0]
import { join } from 'node:path'
import { countRows } from './end-to-end.ts'
import {
  hasFlag,
  isProgram,
  numberOption,
  print,
  remark,
  withFolder,
} from './support/command-line.ts'
import { makeOrders, ORDERS, type OrdersShape, writeOrders } from './support/orders.ts'
import { type Contestant, flink, type Measured, plainJavaScript } from './support/peers.ts'
import { median, rounded } from './support/statistics.ts'

export const small = { ...ORDERS, events: 40_000, users: 1000, stepMs: 30, rounds: 1 }
export const large = { ...ORDERS, rounds: 3 }

export interface Comparison {
  /** Peer → how many times as many events per second millrace takes. */
  readonly ratios: Readonly<Record<string, Ratio>>
  readonly medians: Readonly<Record<string, Measured>>
  /** Peers that could not run here, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>
}

export interface Ratio {
  /** As each says itself, from the start of the job to its end. */
  readonly wholeRun: number
  /** Between a fifth and nine tenths of the events. */
  readonly steady: number
  /** By processor time of whole processes: holds on a busy machine too. */
  readonly perCpuSecond: number
}

let runsOfOurs = 0

const ours: Contestant = {
  name: 'millrace',
  missing: undefined,
  prepare: async () => {},
  async run(input, folder, core) {
    const run = await countRows(input, join(folder, `data-${runsOfOurs++}`), core)
    return {
      events: run.events,
      rows: Object.values(run.rows).reduce((sum, count) => sum + count, 0),
      eventsPerSecond: run.eventsPerSecond,
      steadyPerSecond: run.steadyPerSecond,
      eventsPerCpuSecond: run.eventsPerCpuSecond,
      rssMbMax: run.use.rssMbMax,
    }
  },
}

export async function compare(
  shape: OrdersShape & { readonly rounds: number },
  core: number,
  peers: readonly Contestant[] = [plainJavaScript, flink],
): Promise<Comparison> {
  const present = [ours, ...peers.filter(({ missing }) => missing === undefined)]
  const leftOut = Object.fromEntries(
    peers.flatMap(({ name, missing }) => (missing === undefined ? [] : [[name, missing]])),
  )
  return withFolder(async (folder) => {
    const input = join(folder, 'orders.jsonl')
    writeOrders(input, makeOrders(shape))
    for (const contestant of present) await contestant.prepare(folder)
    const results = new Map<string, Measured[]>(present.map(({ name }) => [name, []]))
    for (let round = 0; round < shape.rounds; round++) {
      const order = round % 2 === 0 ? present : [...present].reverse()
      for (const contestant of order) {
        const result = await contestant.run(input, folder, core)
        remark(`round ${round}, ${contestant.name}: ${JSON.stringify(result)}`)
        results.get(contestant.name)?.push(result)
      }
    }
    return { ...concluded(results), leftOut }
  })
}

function concluded(results: ReadonlyMap<string, readonly Measured[]>) {
  const medians: Record<string, Measured> = {}
  for (const [name, rounds] of results) medians[name] = middleOf(name, rounds)
  const own = medians[ours.name]
  const ratios: Record<string, Ratio> = {}
  for (const [name, peer] of Object.entries(medians)) {
    if (own === undefined || name === ours.name) continue
    if (peer.rows !== undefined && peer.rows !== own.rows) {
      throw new Error(`${name} gives ${peer.rows} rows, millrace ${own.rows}`)
    }
    ratios[name] = {
      wholeRun: rounded(own.eventsPerSecond / peer.eventsPerSecond),
      steady: rounded(own.steadyPerSecond / peer.steadyPerSecond),
      perCpuSecond: rounded(own.eventsPerCpuSecond / peer.eventsPerCpuSecond),
    }
  }
  return { ratios, medians }
}

function middleOf(name: string, rounds: readonly Measured[]): Measured {
  const [first] = rounds
  if (first === undefined) throw new Error(`${name} was not run`)
  const middle = (of: (result: Measured) => number) => median(rounds.map(of))
  return {
    events: first.events,
    rows: first.rows,
    eventsPerSecond: middle((result) => result.eventsPerSecond),
    steadyPerSecond: middle((result) => result.steadyPerSecond),
    eventsPerCpuSecond: middle((result) => result.eventsPerCpuSecond),
    rssMbMax: middle((result) => result.rssMbMax),
  }
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  const rounds = numberOption('rounds', shape.rounds)
  print(await compare({ ...shape, rounds }, numberOption('core', 0)))
}
