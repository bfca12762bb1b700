// Question: how much faster is a job with two slots than with one?
// Shapes: the peers' orders in a topic of 4 partitions of the embedded log, keyed by user; the same
// job with one slot (one thread) and with two, in turns, on all cores; rows are counted.
// It should not win on one core, and on two cores it can not double: both slots commit their epochs
// into one environment, one after the other, and the main thread and the garbage collectors have
// no core of their own.
// Usage: npm run build && node dist/bench/slots.js [--small] [--rounds 3]
import { type LogRecord, openLog } from '../connectors/log/index.ts'
import { ByteWriter, murmur2Partition } from '../engine/batch/index.ts'
import { keyCodec } from '../engine/codec/index.ts'
import { columnIndex, fieldAt } from '../engine/schema/index.ts'
import { logFolder } from '../jobs/run/data-folder.ts'
import { orders as ordersTopic } from './orders-job.ts'
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
import { makeOrders, ORDERS, type Orders, type OrdersShape, orderLine } from './support/orders.ts'
import { median, rounded } from './support/statistics.ts'

export const small = { ...ORDERS, events: 40_000, users: 1000, stepMs: 30, rounds: 1 }
export const large = { ...ORDERS, rounds: 3 }

const PARTITIONS = 4
const RECORDS_PER_APPEND = 10_000

export async function run(shape: OrdersShape & { readonly rounds: number }) {
  return withFolder(async (data) => {
    await fillLog(data, makeOrders(shape))
    const runs: JobRun[][] = [[], []]
    for (let round = 0; round < shape.rounds; round++) {
      for (const slots of round % 2 === 0 ? [1, 2] : [2, 1]) {
        const result = await runJob(
          {
            jobFile: compiled('bench', 'orders-job.js'),
            data,
            outputs: { features: '/dev/null' },
            only: ['features'],
            slots,
            fresh: true,
          },
          undefined,
        )
        remark(`round ${round}, ${slots} slots: ${result.eventsPerSecond} events/s`)
        runs[slots - 1]?.push(result)
      }
    }
    const [one = [], two = []] = runs
    const single = summary(one)
    const double = summary(two)
    return {
      speedUp: rounded(double.eventsPerSecond / single.eventsPerSecond),
      steadySpeedUp: rounded(double.steadyPerSecond / single.steadyPerSecond),
      slots: { 1: single, 2: double },
    }
  })
}

function summary(runs: readonly JobRun[]) {
  const [first] = runs
  const middle = (of: (run: JobRun) => number) => median(runs.map(of))
  return {
    events: first?.events ?? 0,
    rows: Object.values(first?.rows ?? {}).reduce((sum, count) => sum + count, 0),
    eventsPerSecond: middle((each) => each.eventsPerSecond),
    steadyPerSecond: middle((each) => each.steadyPerSecond),
    eventsPerCpuSecond: middle((each) => each.eventsPerCpuSecond),
    rssMbMax: middle((each) => each.use.rssMbMax),
  }
}

async function fillLog(data: string, orders: Orders): Promise<void> {
  const log = openLog(logFolder(data))
  const field = fieldAt(ordersTopic.schema, columnIndex(ordersTopic.schema, 'user_id'))
  const codec = keyCodec([field])
  const writer = new ByteWriter()
  const encoder = new TextEncoder()
  log.create('orders', { partitions: PARTITIONS })
  let waiting = emptyAppends()
  for (let i = 0; i < orders.length; i++) {
    writer.clear()
    codec.encodeValues([BigInt(orders.userIds[i]!)], writer)
    const key = writer.bytes.slice(0, writer.length)
    const partition = murmur2Partition(key, 0, key.length, PARTITIONS)
    const value = encoder.encode(orderLine(orders, i).trimEnd())
    waiting[partition]?.push({ key, value })
    if (i % RECORDS_PER_APPEND !== RECORDS_PER_APPEND - 1 && i < orders.length - 1) continue
    await Promise.all(waiting.map((records, to) => log.append('orders', to, records)))
    waiting = emptyAppends()
  }
  await log.close()
}

function emptyAppends(): LogRecord[][] {
  return Array.from({ length: PARTITIONS }, () => [])
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  print(await run({ ...shape, rounds: numberOption('rounds', shape.rounds) }))
}
