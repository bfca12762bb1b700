import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Stream } from '../../engine/graph/index.ts'
import { int32, schema, string, timestamp } from '../../engine/schema/index.ts'
import { keyBy, listState, mapState, process, valueState } from '../../operators/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

const events = schema({ user: string(), kind: string(), n: int32(), at: timestamp() })
const texts = schema({ text: string() })

const keyed = streamOf(events).pipe(keyBy('user'))

/** One record `user kind n at`, with the watermark before it and behind it. */
function record(line: string, watermarkBefore?: number, after?: number): Input {
  const [user = '', kind = '', n, at] = line.split(' ')
  const data = [{ user, kind, n: Number(n), at: Number(at) }]
  const options = { time: 'at', partition: 2, firstOffset: 77 }
  return {
    batch: rows(
      events,
      data,
      watermarkBefore === undefined ? options : { ...options, watermarkBefore },
    ),
    ...(after === undefined ? {} : { after }),
  }
}

const textsOf = (found: readonly Row[]) => found.map((row) => row.text)

/** The texts sent, equal in every way of cutting. */
function results(stream: Stream<unknown>, inputs: readonly Input[], port = 0): unknown[] {
  const ways: unknown[][] = []
  everyWay(stream, inputs, (harness) => ways.push(textsOf(harness.rows(port))))
  for (const way of ways) expect(way).toEqual(ways[0])
  return ways[0] ?? []
}

describe('process', () => {
  it('keeps one value a key', () => {
    const counting = keyed.pipe(
      process({
        state: { count: valueState(int32()), last: valueState({ kind: string(), n: int32() }) },
        output: texts,
        onRecord(row, { state, emit, key }) {
          expectTypeOf(row.n).toEqualTypeOf<number>()
          expectTypeOf(key).toEqualTypeOf<{ readonly user: string }>()
          expectTypeOf(state.last.get()).toEqualTypeOf<
            { readonly kind: string; readonly n: number } | undefined
          >()
          const count = (state.count.get() ?? 0) + 1
          emit({ text: `${key.user}${count} after ${state.last.get()?.kind ?? 'nothing'}` })
          if (row.kind === 'stop') state.count.clear()
          else state.count.set(count)
          state.last.set({ kind: row.kind, n: row.n })
        },
      }),
    )
    expectTypeOf(counting).toExtend<Stream<{ readonly text: string }>>()
    const inputs = ['a x 0 1', 'b x 0 1', 'a stop 0 2', 'a x 0 3'].map((line) => record(line))
    expect(results(counting, inputs)).toEqual([
      'a1 after nothing',
      'b1 after nothing',
      'a2 after x',
      'a1 after stop',
    ])
  })

  it('keeps lists and maps a key', () => {
    const gathering = keyed.pipe(
      process({
        state: { all: listState(int32()), byKind: mapState(string(), int32()) },
        output: texts,
        onRecord(row, { state, emit }) {
          if (row.kind === 'clear') {
            state.all.clear()
            state.byKind.delete('x')
          } else {
            state.all.add(row.n)
            state.byKind.set(row.kind, (state.byKind.get(row.kind) ?? 0) + row.n)
          }
          emit({ text: `${state.all.get().join('+')} ${state.byKind.entries().join(' ')}` })
        },
      }),
    )
    const lines = ['a y 1 1', 'a x 2 2', 'b y 7 2', 'a y 3 3', 'a clear 0 4']
    expect(
      results(
        gathering,
        lines.map((line) => record(line)),
      ),
    ).toEqual(['1 y,1', '1+2 x,2 y,1', '7 y,7', '1+2+3 x,2 y,4', ' y,4'])
  })

  it('fires event timers with the time, key and state of their key, before the watermark', () => {
    const waiting = keyed.pipe(
      process({
        state: { open: valueState(string()) },
        output: texts,
        onRecord(row, { state, schedule, cancel, eventTime }) {
          if (row.kind === 'open') {
            state.open.set(`${row.n}`)
            schedule(eventTime + 100)
          } else cancel(row.n)
        },
        onTimer(timer, { state, key, emit, eventTime, watermark }) {
          expect(watermark).toBeLessThan(timer.time)
          emit({ text: `${key.user} ${state.open.get()} at ${eventTime}` })
        },
      }),
    )
    const inputs = [
      record('a open 1 0'),
      record('b open 2 50'),
      record('c open 3 10'),
      record('c close 110 60'),
      { watermark: 120 },
      { watermark: 160 },
    ]
    expect(results(waiting, inputs)).toEqual(['a 1 at 100', 'b 2 at 150'])
    const { sent } = run(waiting, inputs.slice(0, 4))
    const shown = sent.map((each) => (each.kind === 'batch' ? 'rows' : each.time))
    expect(shown).toEqual(['rows', 100, 'rows', Number.POSITIVE_INFINITY])
    expect(sent[0]).toMatchObject({
      batch: { eventTimes: Float64Array.of(100), watermarksBefore: Float64Array.of(99) },
    })
  })

  it('fires processing timers at ticks, and only then knows a processing time', () => {
    const ticking = keyed.pipe(
      process({
        state: {},
        output: texts,
        onRecord(row, { schedule, processingTime }) {
          expect(processingTime).toBeUndefined()
          schedule(row.n, 'processing')
        },
        onTimer({ time, domain }, { key, emit, processingTime, eventTime }) {
          emit({ text: `${key.user} ${domain} ${time} ${processingTime} ${eventTime}` })
        },
      }),
    )
    const inputs = [
      record('a x 500 1'),
      record('b x 900 2'),
      { watermark: 3 },
      { tick: 600 },
      { tick: 950 },
    ]
    expect(results(ticking, inputs)).toEqual(['a processing 500 600 3', 'b processing 900 950 3'])
  })

  it('forgets state by event time, the same after a restart', () => {
    const remembering = keyed.pipe(
      process({
        state: { seen: valueState(int32(), { ttl: '1ms' }) },
        output: texts,
        onRecord(row, { state, emit }) {
          emit({ text: `${row.user} ${state.seen.get() ?? 'new'}` })
          state.seen.set(row.n)
        },
      }),
    )
    const inputs = [
      record('a x 1 0'),
      record('a x 2 999'),
      record('b x 9 1500'),
      record('a x 3 1998'),
      record('b x 8 2600'),
      record('a x 4 3100', 0, 3000),
      record('c x 5 1000'),
      record('c x 6 2000'),
    ]
    expect(results(remembering, inputs)).toEqual([
      'a new',
      'a 1',
      'b new',
      'a 2',
      'b new',
      'a new',
      'c new',
      'c new',
    ])
    const harness = run(remembering, [...inputs, { watermark: 9000 }, 'barrier'])
    expect(harness.stored('state-seen').size).toBe(0)
  })

  it('sends rows to side outputs', () => {
    const sorting = keyed.pipe(
      process({
        state: {},
        output: texts,
        sideOutputs: { numbers: schema({ n: int32() }) },
        onRecord(row, { emit, emitTo }) {
          if (row.n > 0) emitTo('numbers', { n: row.n })
          else emit({ text: row.kind })
        },
      }),
    )
    const numbers = sorting.side('numbers')
    expectTypeOf(numbers).toEqualTypeOf<Stream<{ readonly n: number }>>()
    expect(numbers.reference.port).toBe(1)
    const inputs = [record('a x 0 1'), record('a y 5 1')]
    expect(results(sorting, inputs)).toEqual(['x'])
    expect(run(sorting, inputs).rows(1)).toEqual([{ n: 5 }])
  })

  it('stops the job at an exception and names the record or timer', () => {
    const failing = keyed.pipe(
      process({
        state: {},
        output: texts,
        onRecord(row, { schedule, emit }) {
          if (row.kind === 'throw') throw new Error('no such user')
          if (row.kind === 'shape') emit(JSON.parse('{"text":5}'))
          if (row.kind === 'timer') schedule(40)
          if (row.kind === 'never') schedule(Number.NaN)
        },
        onTimer() {
          throw new Error('too late')
        },
      }),
    )
    const error = (kind: string) => () => run(failing, [record(`a ${kind} 1 5`)])
    expect(error('throw')).toThrow(
      /PROCESS_FAILED: .*no such user; found partition 2, offset 77, event time 5 µs/,
    )
    expect(error('shape')).toThrow(/column "text" can not hold this value.*offset 77/)
    expect(error('never')).toThrow(/TIMER_TIME.*offset 77/)
    expect(error('timer')).toThrow(/too late; found event timer at 40 of key user=a/)
  })

  it('refuses a changelog', () => {
    const changing = streamOf(events, { isChangelog: true }).pipe(keyBy('user'))
    const step = process({ state: {}, output: texts, onRecord: () => undefined })
    expect(() => step(changing)).toThrow('CHANGELOG_INPUT')
  })
})
