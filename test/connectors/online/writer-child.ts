// A process that commits epochs to an online view: node --import tsx writer-child.ts <store folder>
// <epochs>. Each epoch writes both users in one transaction. It says "ready" after the first one.
import { OnlineSink } from '../../../connectors/online/index.ts'
import { batchOfRows } from '../../../engine/batch/index.ts'
import { Environment } from '../../../engine/checkpoint/index.ts'
import { systemClock } from '../../../engine/clock.ts'
import type { DecisionStores } from '../../../engine/connector.ts'
import { int64, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { decide } from './environment-stores.ts'

const [folder = '', epochs = '0'] = process.argv.slice(2)
const rows = schema({ user_id: string(), window_end: timestamp(), n: int64() })
const env = new Environment(folder)
const sink = new OnlineSink({
  view: 'pairs',
  schema: rows,
  key: ['user_id'],
  order: 'window_end',
  ttlMicros: Number.MAX_SAFE_INTEGER,
  mode: 'live',
  job: 'pairs',
  lineage: 'l1',
  clock: systemClock,
})

for (let epoch = 1; epoch <= Number(epochs); epoch++) {
  const values = ['ann', 'bob'].map((user_id) => ({ user_id, window_end: epoch, n: BigInt(epoch) }))
  const times = [epoch, epoch]
  sink.write(batchOfRows(rows, values, { eventTimes: times, watermarksBefore: times }))
  const steps: ((stores: DecisionStores) => void)[] = []
  await sink.flush({ slot: 0, term: 1, epoch, during: (step) => steps.push(step) })
  decide(env, steps)
  if (epoch === 1) process.stdout.write('ready\n')
}
await env.close()
