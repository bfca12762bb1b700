import { afterEach, describe, expect, it } from 'vitest'
import { col } from '../../../engine/expression/index.ts'
import { type Job, job, topic } from '../../../engine/graph/index.ts'
import { int32, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { deduplicate, keyBy, process, split, union, valueState } from '../../../operators/index.ts'
import { JobHarness } from '../../support/job-harness.ts'
import { topicSinkOf } from '../../support/test-sinks.ts'

const events = topic('events', {
  schema: schema({ user: string(), n: int32(), at: timestamp({ unit: 'ms' }) }),
  eventTime: 'at',
  disorder: '5ms',
  key: 'user',
  partitioner: 'unknown',
})

const texts = schema({ text: string() })

/** Writes down what its function and its timers see, in the order in which they see it. */
const diary = () =>
  process<'user', { user: string; n: number }, typeof diaryState, { text: string }>({
    state: diaryState,
    output: texts,
    onRecord(row, { state, schedule, eventTime, emit, key }) {
      const seen = (state.seen.get() ?? 0) + 1
      state.seen.set(seen)
      emit({ text: `${key.user} record ${row.n} as ${seen}` })
      schedule(eventTime + row.n * 1000)
    },
    onTimer({ time }, { state, emit, key }) {
      emit({ text: `${key.user} timer ${time % 1_000_000} after ${state.seen.get()}` })
    },
  })
const diaryState = { seen: valueState(int32()) }

const plain = job('plain', ({ from, to }) => {
  to(from(events).pipe(keyBy('user'), diary()), topicSinkOf('rows'))
})

const diamond = job('diamond', ({ from, to }) => {
  const { even, rest } = from(events).pipe(split({ even: col<number>('n').mod(2).eq(0) }))
  to(even.pipe(union(rest), keyBy('user'), diary()), topicSinkOf('rows'))
})

const firsts = job('firsts', ({ from, to }) => {
  const unique = from(events).pipe(deduplicate({ within: '20ms', by: ['user'] }))
  to(unique, topicSinkOf('rows'))
})

/**
 * Records with times that mostly rise, some out of order, by partition. Each eleventh lags behind by
 * so many milliseconds.
 */
function lines(partitions: number, lagMs: number): string[][] {
  const made: string[][] = Array.from({ length: partitions }, () => [])
  for (let i = 0; i < 120; i++) {
    const lag = i % 11 === 10 ? lagMs : 0
    const at = 1_700_000_000_000 + i * 2 - ((i * 7) % 5) - lag
    const line = JSON.stringify({ user: `u${(i * i) % 3}`, n: (i * 5) % 17, at })
    made[(i * 7) % partitions]?.push(line)
  }
  return made
}

const harnesses: JobHarness[] = []
afterEach(() => {
  for (const made of harnesses.splice(0)) made.dispose()
})

/** What each user's diary says, for one way of running. */
async function written(
  made: Job,
  partitions: number,
  batchRecords: number,
  slots = 1,
  epochMs = 5,
  lagMs = 0,
): Promise<Record<string, unknown[]>> {
  const harness = new JobHarness(made)
  harnesses.push(harness)
  await harness.run({ topics: { events: lines(partitions, lagMs) }, batchRecords, slots, epochMs })
  const byUser: Record<string, unknown[]> = {}
  for (const row of harness.rows.rows ?? []) {
    const user = String(row.user ?? row.text).slice(0, 2)
    byUser[user] = [...(byUser[user] ?? []), row.text ?? row]
  }
  return byUser
}

describe('an operator of total order', () => {
  it.each([
    ['one channel', plain],
    ['two ways from one channel', diamond],
    ['deduplicate', firsts],
  ])('sees the same order of records and timers whatever the batches: %s', async (_, made) => {
    const one = await written(made, 1, 1)
    expect(Object.keys(one).sort()).toEqual(['u0', 'u1'])
    for (const batchRecords of [7, 1024]) expect(await written(made, 1, batchRecords)).toEqual(one)
  })

  it.each([
    ['records and timers', plain, 0],
    ['late records too', plain, 40],
    ['deduplicate', firsts, 0],
  ])('sees the same order however channels interleave: %s', async (_, made, lagMs) => {
    const run = (batchRecords: number, slots: number, epochMs: number) =>
      written(made, 3, batchRecords, slots, epochMs, lagMs)
    const one = await run(1, 1, 5)
    for (const batchRecords of [5, 1024]) expect(await run(batchRecords, 1, 5)).toEqual(one)
    expect(await run(4, 2, 5)).toEqual(one)
    expect(await run(1024, 3, 5)).toEqual(one)
    // An epoch behind each batch: watermarks cross the repartition topic in small steps.
    expect(await run(1, 1, 0)).toEqual(one)
    expect(await run(3, 3, 0)).toEqual(one)
  })
})
