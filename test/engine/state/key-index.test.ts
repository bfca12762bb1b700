import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  batchOfRows,
  type Column,
  Dictionary,
  type RecordBatch,
  valueAt,
} from '../../../engine/batch/index.ts'
import { ConfigError } from '../../../engine/errors.ts'
import {
  bool,
  type ColumnSpecs,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  type Schema,
  schema,
  string,
  timestamp,
} from '../../../engine/schema/index.ts'
import { KeyIndex, type MergeInput } from '../../../engine/state/index.ts'
import { restoreInto, snapshotOf } from './segment-fixture.ts'

function batch(of: Schema<unknown>, rows: readonly Record<string, unknown>[]): RecordBatch {
  const times = rows.map(() => 0)
  return batchOfRows(of, rows, { eventTimes: times, watermarksBefore: times })
}

/** The batch with its plain columns as columns of one dictionary. */
function withDictionary(from: RecordBatch, dictionary: Dictionary): RecordBatch {
  const columns = from.columns.map((column): Column => {
    if (column.kind !== 'plain') return column
    const { offsets, bytes, nulls } = column
    const ids = Int32Array.from({ length: from.length }, (_, i) =>
      nulls?.[i] === 1 ? -1 : dictionary.intern(bytes, offsets[i]!, offsets[i + 1]!),
    )
    return { kind: 'dictionary', ids, dictionary, nulls }
  })
  return { ...from, columns }
}

function resolve(index: KeyIndex, of: RecordBatch): number[] {
  const slots = new Int32Array(of.length)
  index.resolve(of, [...of.columns.keys()], slots)
  return [...slots]
}

function keysAt(index: KeyIndex, of: Schema<unknown>, slots: readonly number[]): unknown[][] {
  const columns = index.keyColumns(Int32Array.from(slots), slots.length)
  return slots.map((_, row) =>
    of.fields.map(({ type }, i) => {
      const column = columns[i]
      if (column === undefined) throw new Error(`no key column ${i}`)
      return valueAt(column, type, row)
    }),
  )
}

const user = schema({ user: string().nullable() })
const kinds: readonly [string, ColumnSpecs, fc.Arbitrary<unknown>][] = [
  ['string', { k: string().nullable() }, fc.option(fc.string({ maxLength: 3 }))],
  ['int32', { k: int32().nullable() }, fc.option(fc.integer({ min: -9, max: 9 }))],
  ['bool', { k: bool() }, fc.boolean()],
  ['date', { k: date() }, fc.integer({ min: 0, max: 20_000 })],
  ['timestamp', { k: timestamp() }, fc.integer({ min: -5, max: 2 ** 50 })],
  [
    'int64',
    { k: int64().nullable() },
    fc.option(fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))),
  ],
  [
    'decimal',
    { k: decimal(38, 0) },
    fc.bigInt(-(10n ** 37n), 10n ** 37n).map((value) => value.toString()),
  ],
  ['float64', { k: float64() }, fc.oneof(fc.double(), fc.constantFrom(Number.NaN, 0.5, -1))],
]

describe('the key index', () => {
  for (const [name, specs, value] of kinds) {
    test(`gives equal ${name} keys one slot, others another, and makes the columns again`, () => {
      const of = schema(specs)
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
          const index = new KeyIndex(of.fields)
          const rows = batch(
            of,
            values.map((k) => ({ k })),
          )
          const slots = resolve(index, rows)
          expect(resolve(index, rows)).toEqual(slots)
          const text = values.map((k) => (Object.is(k, -0) ? '0' : String(k)))
          for (let a = 0; a < text.length; a++) {
            expect(slots.indexOf(slots[a]!)).toBe(text.indexOf(text[a] ?? ''))
          }
          const expected = values.map((k) => [Object.is(k, -0) ? 0 : k])
          expect(keysAt(index, of, slots)).toEqual(expected)
        }),
      )
    })
  }

  test('tells composite keys apart that look alike when joined', () => {
    const of = schema({ a: string(), b: string().nullable(), c: int32() })
    const rows = [
      { a: 'x', b: 'yz', c: 1 },
      { a: 'xy', b: 'z', c: 1 },
      { a: 'xyz', b: '', c: 1 },
      { a: 'xyz', b: null, c: 1 },
      { a: 'x', b: 'yz', c: 1 },
    ]
    const index = new KeyIndex(of.fields)
    const slots = resolve(index, withDictionary(batch(of, rows), new Dictionary()))
    expect(slots).toEqual([0, 1, 2, 3, 0])
    expect(keysAt(index, of, slots)).toEqual(rows.map(Object.values))
  })

  test('gives every record of a stream without key columns one slot', () => {
    const index = new KeyIndex([])
    const slots = Int32Array.of(9, 9)
    index.resolve(batch(user, [{ user: 'a' }, { user: 'b' }]), [], slots)
    expect([...slots]).toEqual([0, 0])
    expect(index.keyColumns(slots, 2)).toEqual([])
  })

  test('refuses lists and structs as keys', () => {
    expect(() => new KeyIndex(schema({ tags: list(string()) }).fields)).toThrow(ConfigError)
  })

  test('finds the same slot through plain columns and any dictionary', () => {
    const rows = batch(user, [{ user: 'a' }, { user: null }, { user: 'b' }, { user: 'a' }])
    const index = new KeyIndex(user.fields)
    const slots = resolve(index, rows)
    for (let generation = 0; generation < 40; generation++) {
      const dictionary = new Dictionary()
      dictionary.internString(`other-${generation}`)
      const encoded = withDictionary(rows, dictionary)
      expect(resolve(index, encoded)).toEqual(slots)
      expect(resolve(index, encoded)).toEqual(slots)
    }
  })

  test('reuses a released slot, never a sequence, and forgets it in every dictionary', () => {
    const one = new Dictionary()
    const two = new Dictionary()
    const index = new KeyIndex(user.fields)
    const first = batch(user, [{ user: 'a' }, { user: 'b' }])
    resolve(index, withDictionary(first, one))
    resolve(index, withDictionary(first, two))
    index.release(0)
    expect(index.isLive(0)).toBe(false)
    expect(resolve(index, withDictionary(batch(user, [{ user: 'c' }]), one))).toEqual([0])
    expect(resolve(index, withDictionary(first, two))).toEqual([2, 1])
    expect([...index.sequenceOf.subarray(0, 3)]).toEqual([2, 1, 3])
  })

  test('behaves as a map through adds, releases, snapshots and restores', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 12 }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 25 }).map((k) => ({ release: k })) },
      { weight: 1, arbitrary: fc.constant('snapshot' as const) },
      { weight: 1, arbitrary: fc.constant('restore' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isDictionary) => {
        let index = new KeyIndex(user.fields)
        let dictionary = new Dictionary()
        let next = 0
        const model = new Map<number, number>()
        const segments: MergeInput[] = []
        const look = (keys: readonly number[]): number[] => {
          const plain = batch(
            user,
            keys.map((k) => ({ user: `user-${k}` })),
          )
          return resolve(index, isDictionary ? withDictionary(plain, dictionary) : plain)
        }
        const save = (): void => {
          const segment = snapshotOf(index, segments.length)
          if (segment !== undefined) segments.push(segment)
        }
        for (const action of steps) {
          if (Array.isArray(action)) {
            const slots = look(action)
            for (const [i, k] of action.entries()) {
              if (!model.has(k)) model.set(k, next++)
              expect(index.sequenceOf[slots[i]!]).toBe(model.get(k))
            }
          } else if (typeof action === 'object') {
            if (!model.delete(action.release)) continue
            index.release(look([action.release])[0]!)
          } else {
            save()
            if (action === 'snapshot') continue
            index = restoreInto(segments, new KeyIndex(user.fields))
            dictionary = new Dictionary()
          }
          expect(index.rows).toBe(model.size)
        }
        save()
        const restored = restoreInto(segments, new KeyIndex(user.fields))
        expect(restored.nextSequence).toBe(next)
        const sequences = [...model.values()].sort((a, b) => a - b)
        expect([...restored.sequenceOf.subarray(0, model.size)]).toEqual(sequences)
        for (const [slot, sequence] of sequences.entries()) {
          expect(restored.slotOfSequence(sequence)).toBe(slot)
        }
        expect(restored.slotOfSequence(next)).toBe(-1)
      }),
      { numRuns: 300 },
    )
  })

  test('keeps its memory while keys come and go', () => {
    const index = new KeyIndex(user.fields)
    const sizes: number[] = []
    for (let round = 0; round < 200; round++) {
      const rows = Array.from({ length: 500 }, (_, i) => ({ user: `user-${round}-${i}` }))
      for (const slot of resolve(index, batch(user, rows))) index.release(slot)
      snapshotOf(index, round)
      sizes.push(index.sizeBytes)
    }
    expect(index.slotCount).toBe(500)
    const early = Math.max(...sizes.slice(0, 100))
    expect(Math.max(...sizes.slice(100))).toBeLessThan(early * 1.05)
  })
})
