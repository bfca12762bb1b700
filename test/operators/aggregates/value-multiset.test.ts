import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Dictionary } from '../../../engine/batch/index.ts'
import { ValueIntern } from '../../../operators/aggregates/value-intern.ts'
import { ValueMultisets } from '../../../operators/aggregates/value-multiset.ts'

const encoder = new TextEncoder()

describe('a value intern', () => {
  test('gives one id a value and forgets a value with its last holder', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(30)), { maxLength: 300 }), (steps) => {
        const intern = new ValueIntern()
        const held = new Map<number, { id: number; holders: number }>()
        for (const [isTaken, value] of steps) {
          const known = held.get(value)
          if (isTaken) {
            const id = idOf(intern, value)
            expect(id).toBe(known?.id ?? id)
            intern.retain(id)
            held.set(value, { id, holders: (known?.holders ?? 0) + 1 })
          } else if (known !== undefined) {
            intern.release(known.id)
            known.holders--
            if (known.holders === 0) held.delete(value)
          }
          expect(intern.size).toBe(held.size)
        }
        expect(new Set([...held.values()].map((entry) => entry.id)).size).toBe(held.size)
        for (const [value, { id }] of held) expect(idOf(intern, value)).toBe(id)
      }),
    )
  })

  test('memory is flat while values come and go', () => {
    const intern = new ValueIntern()
    const sizes: number[] = []
    for (let round = 0; round < 30; round++) {
      const ids: number[] = []
      for (let i = 0; i < 2000; i++) {
        const bytes = encoder.encode(`value ${round} ${i} ${'x'.repeat(50)}`)
        const id = intern.ofBytes(bytes, 0, bytes.length)
        intern.retain(id)
        ids.push(id)
      }
      for (const id of ids) intern.release(id)
      sizes.push(intern.sizeBytes)
    }
    expect(intern.size).toBe(0)
    expect(sizes.at(-1)).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 15)))
  })

  test('a dictionary id that was remembered is not trusted after its value was forgotten', () => {
    const intern = new ValueIntern()
    const dictionary = new Dictionary()
    const column = (...values: string[]) => ({
      kind: 'dictionary' as const,
      ids: Int32Array.from(values, (value) => dictionary.internString(value)),
      dictionary,
      nulls: undefined,
    })
    const ids = new Int32Array(4)
    intern.ofColumn(column('a', 'b'), 0, 2, ids)
    intern.retain(ids[0] ?? -1)
    intern.retain(ids[1] ?? -1)
    intern.release(ids[0] ?? -1)
    const other = intern.ofNumber(7)
    intern.retain(other)
    intern.ofColumn(column('a', 'b', 'a'), 0, 3, ids)
    expect(ids[0]).not.toBe(other)
    expect(ids[2]).toBe(ids[0])
    expect(new TextDecoder().decode(intern.bytesOf(ids[0] ?? -1))).toBe('a')
    expect(new TextDecoder().decode(intern.bytesOf(ids[1] ?? -1))).toBe('b')
  })
})

describe('multisets', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), row: fc.nat(3), value: fc.nat(60) }),
    fc.record({ kind: fc.constant('move' as const), row: fc.nat(3), value: fc.nat(3) }),
    fc.record({ kind: fc.constant('undo' as const), row: fc.nat(3), value: fc.nat(0) }),
    fc.record({ kind: fc.constant('clear' as const), row: fc.nat(3), value: fc.nat(0) }),
  )

  test('agree with plain maps through adds, merges, retractions and clears', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const intern = new ValueIntern()
        const panes = new ValueMultisets(intern)
        const running = new ValueMultisets(intern, 2)
        panes.ensureRows(4)
        running.ensureRows(4)
        const paneModel = [0, 1, 2, 3].map(() => new Map<number, number>())
        const runningModel = [0, 1, 2, 3].map(() => new Map<number, number>())
        /** What was merged: a frozen pane row, undone in order. */
        const merged: { row: number; from: ValueMultisets; model: Map<number, number> }[] = []
        for (const { kind, row, value } of steps) {
          const own = paneModel[row] ?? new Map<number, number>()
          const target = runningModel[row] ?? new Map<number, number>()
          if (kind === 'add') {
            const id = intern.ofNumber(value)
            panes.add(Int32Array.of(row), Int32Array.of(id), 0, 1)
            own.set(value, (own.get(value) ?? 0) + 1)
          } else if (kind === 'move') {
            const frozen = new ValueMultisets(intern)
            frozen.ensureRows(1)
            frozen.merge(Int32Array.of(0), panes, Int32Array.of(row), 1)
            running.merge(Int32Array.of(row), frozen, Int32Array.of(0), 1)
            for (const [v, n] of own) target.set(v, (target.get(v) ?? 0) + n)
            merged.push({ row, from: frozen, model: new Map(own) })
          } else if (kind === 'undo') {
            const last = merged.shift()
            if (last === undefined) continue
            running.retract(Int32Array.of(last.row), last.from, Int32Array.of(0), 1)
            const model = runningModel[last.row] ?? new Map<number, number>()
            for (const [v, n] of last.model) {
              const left = (model.get(v) ?? 0) - n
              if (left === 0) model.delete(v)
              else model.set(v, left)
            }
            last.from.clear(0, 1)
          } else {
            panes.clear(row, row + 1)
            own.clear()
          }
          for (let r = 0; r < 4; r++) {
            expect(contents(panes, r)).toEqual(paneModel[r])
            expect(contents(running, r)).toEqual(runningModel[r])
            expect(running.sizeOf(r)).toBe(runningModel[r]?.size)
          }
        }
      }),
    )
  })

  test('a row grows into a table and shrinks back, and all memory comes back', () => {
    const intern = new ValueIntern()
    const sets = new ValueMultisets(intern)
    const other = new ValueMultisets(intern)
    sets.ensureRows(2)
    other.ensureRows(1)
    const rows = new Int32Array(5000)
    const ids = Int32Array.from({ length: 5000 }, (_, i) => intern.ofNumber(i * 0.5))
    other.add(rows, ids, 0, 5000)
    sets.merge(Int32Array.of(1), other, Int32Array.of(0), 1)
    expect(sets.sizeOf(1)).toBe(5000)
    const size = sets.sizeBytes
    for (let round = 0; round < 5; round++) {
      sets.retract(Int32Array.of(1), other, Int32Array.of(0), 1)
      expect(sets.sizeOf(1)).toBe(0)
      sets.merge(Int32Array.of(1), other, Int32Array.of(0), 1)
    }
    expect(sets.sizeBytes).toBeLessThanOrEqual(size * 2)
    sets.clear(0, 2)
    other.clear(0, 1)
    expect(intern.size).toBe(0)
  })

  test('retracting what was never merged is a broken invariant', () => {
    const intern = new ValueIntern()
    const sets = new ValueMultisets(intern)
    sets.ensureRows(2)
    sets.add(Int32Array.of(0), Int32Array.of(intern.ofNumber(1)), 0, 1)
    expect(() => sets.retract(Int32Array.of(1), sets, Int32Array.of(0), 1)).toThrow(/INVARIANT/)
  })
})

function idOf(intern: ValueIntern, value: number): number {
  if (value % 2 === 0) return intern.ofNumber(value / 4)
  const bytes = encoder.encode(`text ${value}`)
  return intern.ofBytes(bytes, 0, bytes.length)
}

function contents(sets: ValueMultisets, row: number): Map<number, number> {
  const [infos, starts, ends] = [new Int32Array(1), new Int32Array(1), new Int32Array(1)]
  sets.locate(Int32Array.of(row), 0, 1, { infos, starts, ends })
  const cells = sets.cellsAt(infos[0] ?? 0)
  const found = new Map<number, number>()
  for (let at = starts[0] ?? 0; at < (ends[0] ?? 0); at += 2) {
    const stored = cells[at] ?? 0
    if (stored !== 0) found.set(sets.intern.number(stored - 1), cells[at + 1] ?? 0)
  }
  expect(found.size).toBe(sets.sizeOf(row))
  return found
}
