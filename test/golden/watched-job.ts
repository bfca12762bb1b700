// A job that shows every tick: windows that idle channels close, late records, and timers that go by
// the wall clock; and seeded arrivals for it, with silences.
import { seededRandom } from '../../engine/clock.ts'
import { col } from '../../engine/expression/index.ts'
import { type Job, job, topic } from '../../engine/graph/index.ts'
import { int64, schema, string, timestamp } from '../../engine/schema/index.ts'
import {
  aggregate,
  count,
  filter,
  keyBy,
  process,
  tumblingWindow,
  union,
  valueState,
} from '../../operators/index.ts'
import { topicSinkOf } from '../support/test-sinks.ts'

export const SECOND = 1_000_000
/** 2024-06-07T12:00:00Z, epoch microseconds. */
export const NOON = 1_717_761_600 * SECOND

const shape = schema({ user: string(), at: timestamp({ unit: 'us' }) })
const options = { schema: shape, eventTime: 'at', disorder: '1s', idleAfter: '2s' } as const
const left = topic('left', options)
const right = topic('right', options)

/** Sends the records that may be late: in which order those meet is not promised. */
const TARDY = 'tardy'

/** Windows that idle channels close, late records, and timers that go by the wall clock. */
export const watched: Job = job('watched', ({ from, to }) => {
  const both = from(left).pipe(union(from(right)), keyBy('user'))
  const windows = both.pipe(tumblingWindow({ size: '4s' }), aggregate({ n: count() }))
  to(windows, topicSinkOf('windows'))
  to(windows.late, topicSinkOf('late'))
  const reminders = from(left).pipe(
    union(from(right)),
    filter(col('user').ne(TARDY)),
    keyBy('user'),
    process({
      state: { seen: valueState(int64()) },
      output: schema({ user: string(), seen: int64(), rung: timestamp(), watermark: timestamp() }),
      onRecord(_row, { state, schedule, eventTime }) {
        const seen = (state.seen.get() ?? 0n) + 1n
        state.seen.set(seen)
        schedule(eventTime + 3 * SECOND, 'processing')
      },
      onTimer(_timer, { key, state, emit, processingTime, watermark }) {
        const seen = state.seen.get() ?? 0n
        emit({ user: key.user, seen, rung: processingTime ?? 0, watermark })
      },
    }),
  )
  to(reminders, topicSinkOf('reminders'))
})

export interface Arrival {
  readonly atMicros: number
  readonly side: 'left' | 'right'
  readonly line: string
}

/** Bursts with silences on either side, and records that come late. */
export function arrivalsOf(seed: number): Arrival[] {
  const random = seededRandom(seed)
  const arrivals: Arrival[] = []
  let now = NOON
  for (let i = 0; i < 60; i++) {
    now += Math.floor(random() < 0.2 ? random() * 9 * SECOND : random() * SECOND)
    const isLeft = random() < (i % 20 < 10 ? 0.9 : 0.2)
    const isTardy = random() < 0.2
    const behind = Math.floor(random() * (isTardy ? 8 : 1) * SECOND)
    const user = isTardy ? TARDY : `u${Math.floor(random() * 3)}`
    const line = JSON.stringify({ user, at: now - behind })
    arrivals.push({ atMicros: now, side: isLeft ? 'left' : 'right', line })
  }
  return arrivals
}
