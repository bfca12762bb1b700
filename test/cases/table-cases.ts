// What every table for users must do, whichever way it keeps its rows: run against a model, with
// snapshot and restore between any two calls. A table that can't do a case yet names it in `skip`.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../engine/codec/index.ts'
import { int64, type Schema, schema, string } from '../../engine/schema/index.ts'
import type { MergeInput, Table, TableOptions } from '../../engine/state/index.ts'
import { restoreInto, snapshotOf } from '../engine/state/segment-fixture.ts'

/** A table seen as rows under (key, member); values have no members, lists count them. */
export interface TableCase<T extends Table> {
  readonly name: string
  create(options: TableOptions): T
  put(table: T, key: Uint8Array, member: number, row: Row, time?: number): void
  remove(table: T, key: Uint8Array, member: number): void
  /** All rows of a key, in the table's order. */
  rows(table: T, key: Uint8Array): Row[]
  /** The same of a model: the member that a put really has, and what a removal takes away. */
  readonly model: {
    member(known: readonly number[], member: number): number
    removed(known: readonly number[], member: number): readonly number[]
  }
  readonly skip?: readonly string[]
}

interface ModelRow {
  readonly value: bigint
  readonly time: number
}

type Model = Map<string, Map<number, ModelRow>>

const counts: Schema<unknown> = schema({ value: int64(), note: string().nullable() })
const key = fc.constantFrom('', 'a', 'aa', 'b', 'b\0', 'ba')
const member = fc.integer({ min: 0, max: 5 })
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key,
      member,
      value: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
      time: fc.integer({ min: 0, max: 60 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key, member }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('expire' as const),
      watermark: fc.integer({ min: 0, max: 90 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const) }) },
)

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export function tableCases<T extends Table>(of: TableCase<T>): void {
  const run = (name: string, body: () => void): void => {
    test.skipIf(of.skip?.includes(name) ?? false)(name, body)
  }
  describe(of.name, () => {
    for (const ttl of [undefined, 30]) {
      const words = ttl === undefined ? 'without' : 'with'
      run(`behaves as its model ${words} a time to live, restored at any point`, () => {
        fc.assert(
          fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
            replay(of, ttl === undefined ? {} : { ttl }, actions)
          }),
          { numRuns: 200 },
        )
      })
    }

    run('keeps a row until its last update plus the time to live', () => {
      const table = of.create({ name: 'table', schema: counts, ttl: 10 })
      of.put(table, bytesOf('a'), 0, { value: 1n, note: null }, 100)
      expect(table.expire(109)).toBe(0)
      expect(of.rows(table, bytesOf('a'))).toHaveLength(1)
      expect(table.expire(110)).toBe(1)
      expect(of.rows(table, bytesOf('a'))).toEqual([])
      expect(table.rows).toBe(0)
    })

    run('is clean after a snapshot', () => {
      const table = of.create({ name: 'table', schema: counts })
      of.put(table, bytesOf('a'), 0, { value: 1n, note: 'x' })
      expect(snapshotOf(table, 0)?.footer.rows).toBe(1)
      expect(snapshotOf(table, 1)).toBeUndefined()
    })

    run('hands out copies: changing a row changes nothing', () => {
      const table = of.create({ name: 'table', schema: counts })
      of.put(table, bytesOf('a'), 0, { value: 1n, note: 'x' })
      const [row] = of.rows(table, bytesOf('a'))
      if (row !== undefined) row.value = 9n
      expect(of.rows(table, bytesOf('a'))).toEqual([{ value: 1n, note: 'x' }])
    })

    run('keeps its memory while rows come and go', () => {
      const table = of.create({ name: 'table', schema: counts })
      const sizes: number[] = []
      for (let round = 0; round < 60; round++) {
        for (let i = 0; i < 200; i++) {
          of.put(table, bytesOf(`${round}-${i}`), 0, { value: 1n, note: 'x'.repeat(50) })
        }
        for (let i = 0; i < 200; i++) of.remove(table, bytesOf(`${round}-${i}`), 0)
        snapshotOf(table, round)
        sizes.push(table.sizeBytes)
      }
      expect(table.rows).toBe(0)
      expect(sizes.at(-1)).toBeLessThan(Math.max(...sizes.slice(0, 30)) * 1.05)
    })
  })
}

function replay<T extends Table>(
  of: TableCase<T>,
  options: { readonly ttl?: number },
  actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[],
): void {
  const create = (): T => of.create({ name: 'table', schema: counts, ...options })
  const model: Model = new Map()
  const segments: MergeInput[] = []
  let table = create()
  const save = (): void => {
    const segment = snapshotOf(table, segments.length)
    if (segment !== undefined) segments.push(segment)
  }
  for (const step of actions) {
    if (step.kind === 'put') {
      const rows = model.get(step.key) ?? new Map<number, ModelRow>()
      model.set(step.key, rows)
      const at = of.model.member([...rows.keys()], step.member)
      const time = Math.max(step.time, rows.get(at)?.time ?? 0)
      rows.set(at, { value: step.value, time })
      const row = { value: step.value, note: null }
      of.put(table, bytesOf(step.key), step.member, row, step.time)
    } else if (step.kind === 'remove') {
      const rows = model.get(step.key)
      for (const gone of of.model.removed([...(rows?.keys() ?? [])], step.member)) {
        rows?.delete(gone)
      }
      of.remove(table, bytesOf(step.key), step.member)
    } else if (step.kind === 'expire') {
      expect(table.expire(step.watermark)).toBe(expireModel(model, options.ttl, step.watermark))
    } else {
      save()
      if (step.kind === 'restore') table = restoreInto(segments, create())
    }
    check(of, table, model)
  }
}

function expireModel(model: Model, ttl: number | undefined, watermark: number): number {
  let expired = 0
  for (const rows of model.values()) {
    for (const [at, { time }] of rows) {
      if (ttl === undefined || time + ttl > watermark) continue
      rows.delete(at)
      expired++
    }
  }
  return expired
}

function check<T extends Table>(of: TableCase<T>, table: T, model: Model): void {
  let count = 0
  for (const [name, rows] of model) {
    const sorted = [...rows].sort(([a], [b]) => a - b)
    const expected = sorted.map(([, { value }]) => ({ value, note: null }))
    expect(of.rows(table, bytesOf(name))).toEqual(expected)
    count += rows.size
  }
  expect(table.rows).toBe(count)
}
