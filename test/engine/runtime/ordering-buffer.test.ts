import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchOfRows, type RecordBatch, rowsOf } from '../../../engine/batch/index.ts'
import { OrderingBuffer } from '../../../engine/runtime/ordering-buffer.ts'
import { int32, schema } from '../../../engine/schema/index.ts'
import { fromHex, StoreWriter } from '../../support/table-store.ts'

const row = schema({ id: int32() })
const CHANNELS = 3
const DISORDER = 5

interface Given {
  readonly id: number
  readonly channel: number
  readonly offset: number
  readonly time: number
  readonly before: number
}

/** Records of each channel, some behind its watermark. */
function recordsOf(times: readonly (readonly number[])[]): Given[][] {
  return times.map((ofChannel, channel) => {
    let newest = Number.NEGATIVE_INFINITY
    return ofChannel.map((time, offset) => {
      const before = newest - DISORDER
      newest = Math.max(newest, time)
      return { id: channel * 1000 + offset, channel, offset, time, before }
    })
  })
}

/** The order by place, told without the buffer. */
function expectedOrder(records: readonly Given[]): number[] {
  const isLate = ({ time, before }: Given) => (time > before ? 0 : 1)
  return [...records]
    .sort(
      (a, b) =>
        Math.max(a.time, a.before) - Math.max(b.time, b.before) ||
        isLate(a) - isLate(b) ||
        a.channel - b.channel ||
        a.offset - b.offset,
    )
    .map(({ id }) => id)
}

function batchOf(records: readonly Given[]): RecordBatch {
  const [first] = records
  return batchOfRows(
    row,
    records.map(({ id }) => ({ id })),
    {
      eventTimes: records.map(({ time }) => time),
      watermarksBefore: records.map(({ before }) => before),
      source: {
        partition: first?.channel ?? 0,
        offsets: Float64Array.from(records, ({ offset }) => offset),
      },
    },
  )
}

/** A buffer with what it gives: ids, each with the watermark that was sent last before it. */
class Run {
  readonly given: { readonly id: number; readonly after: number }[] = []
  readonly #stored = new Map<string, Uint8Array>()
  readonly #hasTimers: boolean
  #buffer: OrderingBuffer
  #watermark = Number.NEGATIVE_INFINITY
  readonly #ofChannel: number[] = new Array(CHANNELS).fill(Number.NEGATIVE_INFINITY)
  readonly #out = {
    emit: (batch: RecordBatch) => {
      for (const { id } of rowsOf(batch)) {
        if (typeof id === 'number') this.given.push({ id, after: this.#watermark })
      }
    },
    watermark: (time: number) => {
      this.#watermark = Math.max(this.#watermark, time)
    },
  }

  constructor(hasTimers: boolean) {
    this.#hasTimers = hasTimers
    this.#buffer = new OrderingBuffer([row], hasTimers)
  }

  push(records: readonly Given[]): void {
    const last = records.at(-1)
    if (last === undefined) return
    this.#buffer.onBatch(batchOf(records), 0)
    const newest = Math.max(...records.map(({ time, before }) => Math.max(time, before + DISORDER)))
    this.#ofChannel[last.channel] = newest - DISORDER
    this.#advance(Math.min(...this.#ofChannel))
  }

  end(): void {
    this.#advance(Number.MAX_VALUE)
    this.#buffer.onEnd(this.#out)
  }

  restart(): void {
    this.#buffer.snapshot(new StoreWriter(this.#stored))
    this.#buffer = new OrderingBuffer([row], this.#hasTimers)
    for (const key of [...this.#stored.keys()].sort()) {
      const value = this.#stored.get(key)
      if (value !== undefined) this.#buffer.restore(fromHex(key), value)
    }
    this.#buffer.restored()
  }

  #advance(time: number): void {
    if (time > this.#watermark) this.#buffer.onWatermark({ kind: 'watermark', time }, this.#out)
  }
}

const history = fc.array(
  fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 25 }),
  { minLength: CHANNELS, maxLength: CHANNELS },
)
const steps = fc.array(
  fc.record({
    channel: fc.nat(CHANNELS - 1),
    count: fc.integer({ min: 1, max: 8 }),
    restarts: fc.boolean(),
  }),
  { maxLength: 40 },
)

describe('the ordering buffer', () => {
  test('gives every record at its place, however channels interleave, across restarts', () => {
    fc.assert(
      fc.property(history, steps, fc.boolean(), (times, taken, hasTimers) => {
        const left = recordsOf(times)
        const all = left.flat()
        const run = new Run(hasTimers)
        for (const { channel, count, restarts } of taken) {
          run.push(left[channel]?.splice(0, count) ?? [])
          if (restarts) run.restart()
        }
        for (const rest of left) run.push(rest)
        run.end()
        expect(run.given.map(({ id }) => id)).toEqual(expectedOrder(all))
        if (!hasTimers) return
        for (const { id, after } of run.given) {
          const { time, before } = all.find((each) => each.id === id) ?? { time: 0, before: 0 }
          if (time > before) expect(after).toBeLessThan(time)
          else expect(after).toBeGreaterThanOrEqual(before)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('keeps nothing of what it gave away', () => {
    const run = new Run(false)
    const [records = []] = recordsOf([[1, 2, 3], [], []])
    run.push(records)
    run.restart()
    run.end()
    run.restart()
    run.end()
    expect(run.given.map(({ id }) => id)).toEqual([0, 1, 2])
  })
})
