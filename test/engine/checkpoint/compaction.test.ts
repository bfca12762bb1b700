import { statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SEGMENTS_PER_TABLE_MAX } from '../../../engine/limits.ts'
import type { SegmentWriter, StateTable } from '../../../engine/state/index.ts'
import {
  commitStep,
  contents,
  expectedContents,
  newTables,
  operatorTables,
  TASK,
} from './history.ts'
import { openStore, temporaryFolder, topology } from './store-folder.ts'

const request = { job: 'j', slots: 1, topology }

/** Rows under (window, key): written while a window is open, erased with its range when it closes. */
class WindowRows implements StateTable {
  readonly name = 'panes'
  readonly format = { version: 1 }
  readonly sizeBytes = 0
  readonly live = new Map<string, string>()
  #dirty = new Set<string>()
  #erased: [string, string][] = []

  get rows(): number {
    return this.live.size
  }

  put(window: number, key: number, value: string): void {
    const name = `${String(window).padStart(6, '0')}/${String(key).padStart(6, '0')}`
    this.live.set(name, value)
    this.#dirty.add(name)
  }

  delete(name: string): void {
    if (this.live.delete(name)) this.#dirty.add(name)
  }

  close(before: number): void {
    const to = String(before).padStart(6, '0')
    for (const name of this.live.keys()) if (name < to) this.live.delete(name)
    for (const name of this.#dirty) if (name < to) this.#dirty.delete(name)
    this.#erased.push(['', to])
  }

  snapshot(segment: SegmentWriter): void {
    for (const [from, to] of this.#erased) segment.deleteRange(Buffer.from(from), Buffer.from(to))
    for (const name of [...this.#dirty].sort()) {
      const value = this.live.get(name)
      if (value === undefined) {
        segment.delete(Buffer.from(name))
        continue
      }
      segment.beginKey()
      segment.bytes.raw(Buffer.from(name))
      segment.beginValue()
      segment.bytes.raw(Buffer.from(value))
      segment.end()
    }
    this.#dirty = new Set()
    this.#erased = []
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    this.live.set(Buffer.from(key).toString(), Buffer.from(value).toString())
  }
}

const sorted = (table: WindowRows) => [...table.live].sort(([a], [b]) => (a < b ? -1 : 1))

describe('compaction', () => {
  test('keeps the file and the segments bounded over 1,000 epochs of churn', () => {
    const folder = temporaryFolder()
    const store = openStore(folder)
    const slot = store.slot(0, store.claim(request))
    const tables = newTables()
    const size = () => statSync(join(folder, 'run/data.mdb')).size
    let early = 0
    for (let step = 1; step <= 1000; step++) {
      commitStep(slot, tables, step)
      if (step % 3 === 0) slot.markDelivered(step, 'lake')
      while (slot.compact(100_000));
      for (const { segments } of store.reader().tables()) {
        expect(segments).toBeLessThanOrEqual(SEGMENTS_PER_TABLE_MAX)
      }
      if (step === 250) early = size()
    }
    expect(size()).toBeLessThan(early * 1.5 + 200_000)
    expect(slot.storedBytes).toBeLessThan(4 * 400 * 150)
    const restored = newTables()
    store.slot(0, store.claim(request)).restore(TASK, operatorTables(restored))
    expect(contents(restored)).toBe(expectedContents(1000))
  }, 120_000)

  test('reads the same at every slice, whatever its budget, with ranges and deletions', () => {
    const epoch = fc.record({
      puts: fc.array(fc.tuple(fc.nat(5), fc.nat(30), fc.nat(3000)), { maxLength: 25 }),
      deletes: fc.array(fc.nat(40), { maxLength: 4 }),
      closes: fc.boolean(),
      budget: fc.constantFrom(0, 1, 2000, 100_000),
    })
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 9, maxLength: 30 }), (epochs) => {
        const store = openStore(temporaryFolder())
        const claim = store.claim(request)
        const slot = store.slot(0, claim)
        const table = new WindowRows()
        let open = 0
        for (const [i, { puts, deletes, closes, budget }] of epochs.entries()) {
          if (closes) table.close(++open)
          for (const [window, key, length] of puts) {
            table.put(open + window, key, `${i}`.padEnd(length, 'x'))
          }
          const names = [...table.live.keys()]
          for (const n of deletes) table.delete(names[n] ?? '')
          const tables = [{ operatorId: 'w', table }]
          const tasks = [{ taskId: TASK, tables }]
          slot.commit({ epoch: i + 1, tasks, committables: [], steps: [] })
          slot.compact(budget)
          const restored = new WindowRows()
          const reader = store.slot(0, claim)
          reader.restore(TASK, [{ operatorId: 'w', table: restored }])
          expect(sorted(restored)).toEqual(sorted(table))
        }
      }),
      { numRuns: 12 },
    )
  }, 120_000)

  test('merges a table as a whole once most of what it stores was replaced', () => {
    const store = openStore(temporaryFolder())
    const claim = store.claim(request)
    const slot = store.slot(0, claim)
    const table = new WindowRows()
    const tasks = [{ taskId: TASK, tables: [{ operatorId: 'w', table }] }]
    const rows = 4000
    for (let epoch = 1; epoch <= 4; epoch++) {
      for (let key = 0; key < rows; key++) table.put(0, key, `${epoch}`.padEnd(100, 'x'))
      slot.commit({ epoch, tasks, committables: [], steps: [] })
      if (epoch < 4) expect(slot.compact(100_000)).toBe(false)
      expect(store.reader().tables()).toMatchObject([{ segments: epoch, rows: epoch * rows }])
    }
    expect(store.slot(0, claim).compact(100_000)).toBe(false)
    while (slot.compact(100_000));
    expect(store.reader().tables()).toMatchObject([{ segments: 1, rows }])
    const restored = new WindowRows()
    slot.restore(TASK, [{ operatorId: 'w', table: restored }])
    expect(sorted(restored)).toEqual(sorted(table))
  })

  test('lets whole segments go that a range erased, without reading them', () => {
    const store = openStore(temporaryFolder())
    const slot = store.slot(0, store.claim(request))
    const table = new WindowRows()
    const tasks = [{ taskId: TASK, tables: [{ operatorId: 'w', table }] }]
    for (let window = 0; window < 6; window++) {
      for (let key = 0; key < 3000; key++) table.put(window, key, 'x'.repeat(50))
      slot.commit({ epoch: window + 1, tasks, committables: [], steps: [] })
    }
    expect(slot.storedBytes).toBeGreaterThan(1_000_000)
    table.close(5)
    slot.commit({ epoch: 7, tasks, committables: [], steps: [] })
    slot.compact(1)
    expect(store.reader().tables()).toMatchObject([{ segments: 2, rows: 3000 }])
    expect(slot.storedBytes).toBeLessThan(250_000)
    const restored = new WindowRows()
    slot.restore(TASK, [{ operatorId: 'w', table: restored }])
    expect(sorted(restored)).toEqual(sorted(table))
  })
})
