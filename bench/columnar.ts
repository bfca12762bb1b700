// Question: how many events per second does the same job take when its input is columns already?
// Shapes: as end-to-end.ts, with an epoch a second into a real store, without a file and without JSON;
// one slot on the main thread of a fresh process, pinned to a core.
// It should not win where every event has a key of its own: then the key index is all there is.
// Usage: npm run build && node dist/bench/columnar.js [--small] [--rounds 5] [--core 0]
import { fileURLToPath } from 'node:url'
import { SLOT_HEAP_MB } from '../engine/limits.ts'
import ordersJob from './orders-job.ts'
import {
  hasFlag,
  isProgram,
  numberOption,
  print,
  remark,
  withFolder,
} from './support/command-line.ts'
import { runMeasured } from './support/measured-process.ts'
import { orderSource } from './support/order-source.ts'
import { ORDERS, type OrdersShape } from './support/orders.ts'
import { runSlot, type SlotRun } from './support/slot-run.ts'
import { median } from './support/statistics.ts'

export const small = { ...ORDERS, events: 40_000, users: 1000, stepMs: 30, rounds: 1 }
export const large = { ...ORDERS, rounds: 5 }

/** One run in this process. */
export function once(shape: OrdersShape): Promise<SlotRun> {
  const source = orderSource(shape)
  return withFolder((folder) => runSlot(ordersJob, source, { folder, epochMs: 1000 }))
}

async function rounds(count: number, core: number) {
  const runs: (SlotRun & { readonly rssMbMax: number })[] = []
  const size = hasFlag('small') ? ['--small'] : []
  for (let round = 0; round < count; round++) {
    // As slots' threads are started.
    const heap = `--initial-old-space-size=${SLOT_HEAP_MB}`
    const args = [heap, fileURLToPath(import.meta.url), '--once', ...size]
    const use = await runMeasured({ command: process.execPath, args, core })
    const run: SlotRun = JSON.parse(use.stdout)
    runs.push({ ...run, rssMbMax: use.rssMbMax })
    remark(`round ${round}: ${run.eventsPerSecond} events/s`)
  }
  const [first] = runs
  return {
    ...first,
    eventsPerSecond: median(runs.map((run) => run.eventsPerSecond)),
    steadyPerSecond: median(runs.map((run) => run.steadyPerSecond)),
    eventsPerCpuSecond: median(runs.map((run) => run.eventsPerCpuSecond)),
    rssMbMax: median(runs.map((run) => run.rssMbMax)),
    rounds: runs.map((run) => run.eventsPerSecond),
  }
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  if (hasFlag('once')) print(await once(shape))
  else print(await rounds(numberOption('rounds', shape.rounds), numberOption('core', 0)))
}
