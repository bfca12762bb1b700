import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimerQueue } from '../../../engine/runtime/timer-queue.ts'
import { SegmentBlock, SegmentEncoder } from '../../../engine/state/index.ts'

const key = (text: string) => new TextEncoder().encode(text)
const identity = { taskId: 's0/0', operatorId: 'o', table: 'timers', segment: 1 }

/** All timers due at a time, as `time key`. */
function due(queue: TimerQueue, until: number, domain: 'event' | 'processing' = 'event'): string[] {
  const found: string[] = []
  for (;;) {
    const timer = queue.takeDue(domain, until)
    if (timer === undefined) return found
    found.push(
      `${timer.time} ${timer.key === undefined ? '-' : new TextDecoder().decode(timer.key)}`,
    )
  }
}

/** Stored rows after a snapshot: later ones replace or remove earlier ones. */
function store(queue: TimerQueue, rows: Map<string, Uint8Array>): void {
  const encoder = new SegmentEncoder()
  encoder.begin(identity)
  queue.snapshot(encoder)
  const segment = encoder.finish(queue.format)
  segment?.blocks.forEach((bytes, i) => {
    const block = new SegmentBlock()
    block.load(bytes, i, identity)
    for (let row = 0; row < block.rows; row++) {
      const name = Buffer.from(block.key(row)).toString('hex')
      if ((block.valueLengths[row] ?? -1) < 0) rows.delete(name)
      else rows.set(name, block.value(row).slice())
    }
  })
}

function restored(rows: ReadonlyMap<string, Uint8Array>): TimerQueue {
  const queue = new TimerQueue()
  for (const name of [...rows.keys()].sort()) {
    queue.restore(new Uint8Array(Buffer.from(name, 'hex')), rows.get(name) ?? new Uint8Array())
  }
  return queue
}

describe('the timer queue', () => {
  it('gives due timers in the order of time, then of first scheduling', () => {
    const queue = new TimerQueue()
    queue.schedule(20, key('b'))
    queue.schedule(10, key('z'))
    queue.schedule(20, key('a'))
    queue.schedule(30)
    expect(queue.nextDue('event')).toBe(10)
    expect(due(queue, 25)).toEqual(['10 z', '20 b', '20 a'])
    expect(due(queue, 25)).toEqual([])
    expect(queue.nextDue('event')).toBe(30)
  })

  it('knows one timer for the same domain, time and key', () => {
    const queue = new TimerQueue()
    queue.schedule(10, key('a'))
    queue.schedule(10, key('b'))
    queue.schedule(10, key('a'))
    queue.schedule(10, key('a'), 'processing')
    queue.schedule(10)
    expect(queue.rows).toBe(4)
    expect(due(queue, 10)).toEqual(['10 a', '10 b', '10 -'])
    expect(due(queue, 10, 'processing')).toEqual(['10 a'])
    expect(queue.nextDue('processing')).toBe(Number.POSITIVE_INFINITY)
  })

  it('keeps a key of its own, whatever becomes of the one given', () => {
    const queue = new TimerQueue()
    const shared = key('a')
    queue.schedule(10, shared)
    shared[0] = 'b'.charCodeAt(0)
    expect(due(queue, 10)).toEqual(['10 a'])
  })

  it('writes nothing of timers that came and went between two snapshots', () => {
    const queue = new TimerQueue()
    queue.schedule(10)
    queue.cancel(10)
    queue.schedule(20)
    due(queue, 20)
    const rows = new Map<string, Uint8Array>()
    store(queue, rows)
    expect(rows.size).toBe(0)
  })

  it('is the same queue after any history of snapshots and restores', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constantFrom('schedule', 'cancel'),
        time: fc.integer({ min: -3, max: 9 }),
        name: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant('fire'), time: fc.integer({ min: -3, max: 9 }) }),
      fc.record({ kind: fc.constantFrom('snapshot', 'restart'), time: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const rows = new Map<string, Uint8Array>()
        let queue = new TimerQueue()
        let model: { time: number; text: string }[] = []
        for (const { kind, time, ...rest } of steps) {
          const name = 'name' in rest && typeof rest.name === 'string' ? rest.name : undefined
          const text = `${time} ${name ?? '-'}`
          const bytes = name === undefined ? undefined : key(name)
          if (kind === 'schedule') {
            queue.schedule(time, bytes)
            if (!model.some((each) => each.text === text)) model.push({ time, text })
          } else if (kind === 'cancel') {
            queue.cancel(time, bytes)
            model = model.filter((each) => each.text !== text)
          } else if (kind === 'fire') {
            const expected = model.filter((each) => each.time <= time)
            expected.sort((a, b) => a.time - b.time)
            expect(due(queue, time)).toEqual(expected.map((each) => each.text))
            model = model.filter((each) => each.time > time)
          } else {
            store(queue, rows)
            expect(rows.size).toBe(model.length)
            if (kind === 'restart') queue = restored(rows)
          }
          expect(queue.rows).toBe(model.length)
        }
      }),
      { numRuns: 200 },
    )
  })
})
