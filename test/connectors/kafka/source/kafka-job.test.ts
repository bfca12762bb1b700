import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { fileSource } from '../../../../connectors/files/index.ts'
import { JobStore } from '../../../../engine/checkpoint/index.ts'
import { systemClock } from '../../../../engine/clock.ts'
import type { Source } from '../../../../engine/connector.ts'
import { job, planJob, topic } from '../../../../engine/graph/index.ts'
import { checkedOperator } from '../../../../engine/observe/index.ts'
import { type Deployment, Slot, SlotControl } from '../../../../engine/runtime/index.ts'
import { int32, schema, string, timestamp } from '../../../../engine/schema/index.ts'
import { keyBy, process, valueState } from '../../../../operators/index.ts'
import { CollectingSink, type Row } from '../../../support/collecting-sink.ts'
import { requireKafka } from '../../../support/kafka/require-broker.ts'
import { topicSinkOf } from '../../../support/test-sinks.ts'
import { TopicFixture } from './topic-fixture.ts'

// Brokers that come back and transactions of a foreign client take their time.
vi.setConfig({ testTimeout: 60_000 })

const PARTITIONS = 2

const events = topic('events', {
  schema: schema({ user: string(), n: int32(), at: timestamp({ unit: 'ms' }) }),
  eventTime: 'at',
  disorder: '5ms',
  key: 'user',
  partitioner: 'unknown',
})
const seenState = { seen: valueState(int32()) }

/** Counts each user's records, and says the count again a second later in event time. */
const counting = job('counting', ({ from, to }) => {
  const counted = process<'user', { user: string; n: number }, typeof seenState, { text: string }>({
    state: seenState,
    output: schema({ text: string() }),
    onRecord(row, { state, schedule, eventTime, emit, key }) {
      const seen = (state.seen.get() ?? 0) + 1
      state.seen.set(seen)
      emit({ text: `${key.user} record ${row.n} as ${seen}` })
      schedule(eventTime + 1_000_000)
    },
    onTimer({ time }, { state, emit, key }) {
      emit({ text: `${key.user} at ${time} after ${state.seen.get()}` })
    },
  })
  to(from(events).pipe(keyBy('user'), counted), topicSinkOf('rows'))
})

/** Records by partition, with times that mostly rise. */
function linesOf(count: number): string[][] {
  const made: string[][] = Array.from({ length: PARTITIONS }, () => [])
  for (let i = 0; i < count; i++) {
    const at = 1_700_000_000_000 + i * 2 - ((i * 7) % 5)
    const line = JSON.stringify({ user: `u${(i * i) % 7}`, n: (i * 5) % 17, at })
    made[(i * 7) % PARTITIONS]?.push(line)
  }
  return made
}

/** The rows of one run to the end, or until it is stopped; a run in the same folder goes on. */
async function runJob(folder: string, source: Source, rows: Row[]): Promise<void> {
  const store = JobStore.open(folder)
  const logical = counting.build()
  const plan = planJob(logical, () => source.partitions)
  const topology = { stages: plan.stages.length }
  const claim = store.claim({ job: logical.name, slots: 1, topology })
  const deployment: Deployment = {
    source: () => source,
    sink: () => ({ kind: 'decision', sink: new CollectingSink(rows) }),
    ownTopic: () => new CollectingSink([]),
    close: async () => {},
  }
  const times = { epochMicros: 5000, heartbeatMicros: 1_000_000 }
  const slot = new Slot({
    plan,
    deployment,
    store: store.slot(0, claim),
    decided: store.reader(),
    settings: { slot: 0, claim, mode: 'bounded', ...times },
    control: new SlotControl(),
    clock: systemClock,
    wrap: checkedOperator,
  })
  await slot.run()
  await store.reader().close()
}

requireKafka('a job on a topic of a broker', (brokers) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-job-'))
  let fixture: TopicFixture
  beforeAll(() => {
    fixture = new TopicFixture(brokers())
  })
  afterAll(async () => {
    await fixture.close()
    rmSync(folder, { recursive: true })
  })

  it('gives the rows that it gives for files with the same records', async () => {
    const lines = linesOf(3000)
    const name = await fixture.createTopic({ partitions: PARTITIONS })
    const producer = await fixture.producer(`job-${name}`)
    for (const [from, to] of [
      [0, 500],
      [500, 3000],
    ]) {
      const messages = lines.flatMap((values, partition) =>
        values.slice(from, to).map((value) => ({ value, partition })),
      )
      const aborted = await producer.transaction()
      await aborted.send({ topic: name, messages: messages.slice(0, 20) })
      await aborted.abort()
      const transaction = await producer.transaction()
      await transaction.send({ topic: name, messages })
      await transaction.commit()
    }
    const files = lines.map((values, partition) => {
      const path = join(folder, `${partition}.jsonl`)
      writeFileSync(path, values.map((value) => `${value}\n`).join(''))
      return path
    })
    const expected: Row[] = []
    await runJob(join(folder, 'files'), fileSource(files), expected)
    const found: Row[] = []
    await runJob(join(folder, 'kafka'), await fixture.source(name), found)
    expect(expected.length).toBeGreaterThan(3000)
    expect(found).toEqual(expected)
  })
})
