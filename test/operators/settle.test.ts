import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { int32, schema, string, timestamp } from '../../engine/schema/index.ts'
import { settle } from '../../operators/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

const windows = schema({ user: string(), end: timestamp(), orders: int32() })
const LATENESS = 30

const settled = streamOf(windows, {
  isChangelog: true,
  keys: ['user', 'end'],
  settledAfterMicros: LATENESS,
}).pipe(settle())

/** Rows written `op user end orders`. */
function batch(...lines: readonly string[]): Input {
  const parts = lines.map((line) => line.split(' '))
  const data = parts.map(([, user, end, orders]): Row => {
    return { user, end: Number(end), orders: Number(orders) }
  })
  const ops = parts.map(([op]) => op ?? '+I')
  return { batch: rows(windows, data, { time: 'end', ops }) }
}

function lines(found: readonly Row[]): string[] {
  return found.map((row) => `${row.user} ${row.end} ${row.orders}`)
}

describe('settle', () => {
  it('gives a row once, as it was last, when the watermark has passed it by the lateness', () => {
    const inputs: Input[] = [
      batch('+I a 10 1', '+I b 10 1'),
      { watermark: 20 },
      batch('-U a 10 1', '+U a 10 2', '+I a 20 7'),
      { watermark: 39 },
      batch('-U a 10 2', '+U a 10 3'),
    ]
    const early = run(settled, inputs, (harness) => {
      expect(harness.rows()).toEqual([])
    })
    expect(lines(early.rows())).toEqual(['b 10 1', 'a 10 3', 'a 20 7'])
    everyWay(settled, [...inputs, { watermark: 40 }], (harness, way) => {
      expect(lines(harness.rows()), way).toEqual(['b 10 1', 'a 10 3', 'a 20 7'])
      expect(harness.rows()[0], way).not.toHaveProperty('op')
    })
  })

  it('sends rows before the watermark that made them final', () => {
    const { sent } = run(settled, [batch('+I a 10 1', '+I a 20 2'), { watermark: 45 }])
    const shown = sent.map((each) => (each.kind === 'batch' ? 'rows' : each.time))
    expect(shown).toEqual(['rows', 40, 45, 'rows', 50, Number.POSITIVE_INFINITY])
  })

  it('leaves out rows that were deleted in the end', () => {
    const inputs = [
      batch('+I a 10 1', '+I b 10 1'),
      batch('-D a 10 1'),
      batch('-D b 10 1', '+I b 10 4'),
    ]
    everyWay(settled, inputs, (harness, way) => {
      expect(lines(harness.rows()), way).toEqual(['b 10 4'])
    })
  })

  it('stores what changed and removes what left', () => {
    const harness = run(
      settled,
      [batch('+I a 10 1', '+I b 10 1'), 'barrier', batch('+U a 10 2'), 'barrier', 'barrier'],
      () => undefined,
    )
    expect(harness.stored('waiting').size).toBe(2)
    harness.checkpoint(9000)
    expect(harness.stored('waiting').size).toBe(0)
    expect(harness.timerCount).toBe(0)
    expect(harness.tables.map((table) => table.rows)).toEqual([0])
  })

  it('gives every row of a large window, in batches that are not too long', () => {
    const inputs = Array.from({ length: 4 }, (_, b) =>
      batch(...Array.from({ length: 1000 }, (_, i) => `+I u${b * 1000 + i} 10 ${i}`)),
    )
    const harness = run(settled, inputs, (running) => running.restart())
    expect(lines(harness.rows())).toEqual(
      Array.from({ length: 4000 }, (_, i) => `u${i} 10 ${i % 1000}`),
    )
  })

  it('gives the last state of every row of any changelog, however it is cut', () => {
    const change = fc.tuple(
      fc.constantFrom('+U', '-D'),
      fc.constantFrom('a', 'b'),
      fc.constantFrom(10, 20),
      fc.integer({ min: 0, max: 9 }),
    )
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 5 }), (history) => {
        const last = new Map<string, string>()
        for (const [op, user, end, orders] of history.flat()) {
          if (op === '-D') last.delete(`${user} ${end}`)
          else last.set(`${user} ${end}`, `${user} ${end} ${orders}`)
        }
        const inputs = history.flatMap((each): Input[] => [
          batch(...each.map((parts) => parts.join(' '))),
          'barrier',
        ])
        everyWay(settled, inputs, (harness, way) => {
          expect(lines(harness.rows()).sort(), way).toEqual([...last.values()].sort())
        })
      }),
      { numRuns: 60 },
    )
  })

  it('gives a stream of inserts back as it is', () => {
    const stream = streamOf(windows)
    expect(stream.pipe(settle())).toBe(stream)
  })

  it('is one operator for all who settle a stream, unless they name it', () => {
    const stream = streamOf(windows, { isChangelog: true, keys: ['user'], settledAfterMicros: 1 })
    const [first, second] = [stream.pipe(settle()), stream.pipe(settle())]
    expect(second.reference.operator).toBe(first.reference.operator)
    const named = stream.pipe(settle({ name: 'own' }))
    expect(named.reference.operator).not.toBe(first.reference.operator)
    expect(named.reference.operator.name).toBe('own')
  })

  it('refuses a changelog that never settles', () => {
    const running = streamOf(windows, { isChangelog: true, keys: ['user'] })
    expect(() => running.pipe(settle())).toThrow('SETTLE_NEVER')
  })
})
