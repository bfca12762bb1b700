// Question: what do more windows over each event cost? Events meet one pane however many windows
// share it, so time must go by events and by rows that come out, not by size / slide.
// Shapes: orders of 10,000 users as columns, a window of 5, 60 and 720 slides of a minute; one slot
// with an epoch a second, on one core. `nsPerMoreRow` is what each row costs that a longer window adds.
// It should not win where a window that nobody reads is as long as 720 slides: its rows are the cost.
// Usage: npm run build && node dist/bench/window-shapes.js [--small] [--rounds 3] [--core 0]

import { fileURLToPath } from 'node:url'
import {
  aggregate,
  count,
  countDistinct,
  hoppingWindow,
  type Job,
  job,
  keyBy,
  sum,
  topicSink,
} from 'millrace'
import { orders } from './orders-job.ts'
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
import { rounded } from './support/statistics.ts'

export const small = { ...ORDERS, events: 10_000, users: 20, stepMs: 30 }
export const large = { ...ORDERS, users: 10_000 }

const SLIDES = [5, 60, 720] as const

export interface ShapeResult extends SlotRun {
  readonly slidesPerWindow: number
  readonly rowsPerEvent: number
  readonly rowsPerCpuSecond: number
  /** Against the shortest window: processor time that was added, by rows that were added. */
  readonly nsPerMoreRow: number | undefined
}

/** Each shape in a fresh process: the first would pay for the compiler of all others. */
export async function run(shape: OrdersShape): Promise<SlotRun[]> {
  const results: SlotRun[] = []
  for (const slides of SLIDES) results.push(await once(shape, slides))
  return results
}

/** One run in this process. */
export function once(shape: OrdersShape, slides: number): Promise<SlotRun> {
  const source = orderSource(shape)
  return withFolder((folder) => runSlot(hopping(slides), source, { folder, epochMs: 1000 }))
}

async function rounds(count: number, core: number) {
  const runs = new Map<number, SlotRun[]>(SLIDES.map((slides) => [slides, []]))
  const size = hasFlag('small') ? ['--small'] : []
  for (let round = 0; round < count; round++) {
    for (const slides of round % 2 === 0 ? SLIDES : [...SLIDES].reverse()) {
      const args = [fileURLToPath(import.meta.url), '--once', `${slides}`, ...size]
      const use = await runMeasured({ command: process.execPath, args, core })
      const result: SlotRun = JSON.parse(use.stdout)
      remark(`round ${round}, ${slides} slides: ${result.eventsPerCpuSecond} events/CPU s`)
      runs.get(slides)?.push(result)
    }
  }
  return compared([...runs].map(([slides, of]) => ({ slides, run: middleOf(of) })))
}

function middleOf(runs: readonly SlotRun[]): SlotRun {
  const sorted = [...runs].sort((a, b) => a.eventsPerCpuSecond - b.eventsPerCpuSecond)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('no round was run')
  return middle
}

function compared(results: readonly { readonly slides: number; readonly run: SlotRun }[]) {
  const [shortest] = results
  const cpuSeconds = (run: SlotRun) => run.events / run.eventsPerCpuSecond
  return results.map(({ slides, run }): ShapeResult => {
    const moreSeconds = cpuSeconds(run) - cpuSeconds(shortest?.run ?? run)
    const moreRows = run.rows - (shortest?.run.rows ?? 0)
    return {
      ...run,
      slidesPerWindow: slides,
      rowsPerEvent: rounded(run.rows / run.events),
      rowsPerCpuSecond: Math.round(run.rows / cpuSeconds(run)),
      nsPerMoreRow: moreRows === 0 ? undefined : Math.round((moreSeconds * 1e9) / moreRows),
    }
  })
}

function hopping(slides: number): Job {
  return job(`hop-${slides}`, ({ from, to, drop }) => {
    const features = from(orders).pipe(
      keyBy('user_id'),
      hoppingWindow({ size: `${slides}m`, every: '1m' }),
      aggregate({
        orders: count(),
        amount: sum('amount_cents'),
        restaurants: countDistinct('restaurant_id'),
      }),
    )
    to(features, topicSink('features'))
    drop(features.late)
  })
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  if (hasFlag('once')) print(await once(shape, numberOption('once', 5)))
  else print(await rounds(numberOption('rounds', 3), numberOption('core', 0)))
}
