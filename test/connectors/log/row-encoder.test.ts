import { expect, test } from 'vitest'
import {
  logSource,
  rowEncoder,
  type TopicFormat,
  topicHome,
  topicSink,
} from '../../../connectors/log/index.ts'
import { batchOfRows, valueAt } from '../../../engine/batch/index.ts'
import { keyCodec, msgpackDecoder } from '../../../engine/codec/index.ts'
import type { DecisionStores, RecordDecoder } from '../../../engine/connector.ts'
import { jsonDecoder } from '../../../engine/json/index.ts'
import { decimal, int64, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { MemoryStores } from '../../support/connectors.ts'

const FEATURES = schema({
  user_id: string(),
  window_start: timestamp(),
  orders_5min: int64(),
  spend_5min: decimal(12, 2).nullable(),
})

const DECODERS: [TopicFormat, () => RecordDecoder][] = [
  ['json', () => jsonDecoder(FEATURES)],
  ['msgpack', () => msgpackDecoder(FEATURES, {})],
]

test.each(DECODERS)('rows of a topic in %s are read back', async (format, decoderOf) => {
  const rows = Array.from({ length: 900 }, (_, i) => ({
    user_id: `u${i % 37}-ü"\\`,
    window_start: 1_700_000_000_000_001 + i,
    orders_5min: 9_007_199_254_740_993n + BigInt(i),
    spend_5min: i % 5 === 0 ? null : `${i}.50`,
  }))
  const [key] = FEATURES.fields
  if (key === undefined) throw new Error('no key')
  const sink = topicSink({
    topic: 'features',
    partitions: 3,
    format,
    encoder: rowEncoder(FEATURES, format),
    key: { columns: [0], codec: keyCodec([key]) },
    slot: 0,
    lineage: 'L1',
  })
  const times = { eventTimes: rows.map((_, i) => i), watermarksBefore: rows.map(() => 0) }
  sink.write(batchOfRows(FEATURES, rows, times))
  const stores = new MemoryStores()
  const steps: ((stores: DecisionStores) => void)[] = []
  await sink.flush({ slot: 0, term: 1, epoch: 1, during: (step) => steps.push(step) })
  for (const step of steps) step(stores)
  const source = logSource(topicHome(stores.view('topics')), 'features', { bounded: true })
  const read = [0, 1, 2].flatMap((partition) => {
    const reader = source.open(partition, decoderOf(), 0, undefined)
    const records = reader.poll()
    expect(records?.rejected).toEqual([])
    return Array.from({ length: records?.length ?? 0 }, (_, row) =>
      Object.fromEntries(
        FEATURES.fields.map((field, i) => {
          const column = records?.columns[i]
          return [field.name, column && valueAt(column, field.type, row)]
        }),
      ),
    )
  })
  const byStart = (a: Record<string, unknown>, b: Record<string, unknown>) =>
    Number(a.window_start) - Number(b.window_start)
  expect(read.sort(byStart)).toEqual(rows)
})
