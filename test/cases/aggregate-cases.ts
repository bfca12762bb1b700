// The suite that every aggregate passes: create, add, merge, retract, result and bytes agree with
// each other and with a plain function over the values, in any order and any partition of the
// records.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter, batchOfRows, valueAt } from '../../engine/batch/index.ts'
import { type Field, schemaOf } from '../../engine/schema/index.ts'
import {
  type Accumulators,
  type Aggregate,
  type AggregateDescriptor,
  instantiateAggregate,
} from '../../operators/aggregates/index.ts'

export interface AggregateCase {
  readonly descriptor: AggregateDescriptor
  /** The input column, named `value`. */
  readonly field: Field
  /** Values of the column, null among them where the field allows. */
  readonly values: fc.Arbitrary<unknown>
  /** What the aggregate gives for values in this order; must not depend on it. */
  readonly expected: (values: readonly unknown[]) => unknown
}

const RUNS = { numRuns: 60 }

/** Registers the tests of one aggregate over one type; call it inside a `describe`. */
export function aggregateCases(title: string, options: AggregateCase): void {
  const { descriptor, values, expected } = options
  const lists = fc.array(values, { maxLength: 40 })
  const aggregate = () => instantiateAggregate('result', descriptor, schemaOf([options.field]))

  test(`${title}: adding gives the result of a plain function`, () => {
    fc.assert(
      fc.property(lists, (list) => {
        const made = aggregate()
        expect(resultOf(made, filled(made, options, list), 0)).toEqual(expected(list))
      }),
      RUNS,
    )
  })

  test(`${title}: neither order nor partition of the values shows`, () => {
    fc.assert(
      fc.property(lists, fc.infiniteStream(fc.nat(6)), (list, choices) => {
        const made = aggregate()
        const lanes = filled(made, options, list, () => choices.next().value ?? 0)
        const target = made.create()
        target.ensureRows(8)
        for (const part of [3, 0, 6, 5, 1, 4, 2]) {
          target.merge(Int32Array.of(7), lanes, Int32Array.of(part), 1)
        }
        expect(resultOf(made, target, 7)).toEqual(expected(list))
      }),
      RUNS,
    )
  })

  test(`${title}: bytes bring a partial back, which goes on as if nothing had been`, () => {
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const made = aggregate()
        const writer = new ByteWriter()
        filled(made, options, before).encode(0, writer)
        const restored = made.create()
        restored.ensureRows(3)
        const reader = new ByteReader(writer.toBytes())
        restored.decode(2, reader)
        expect(reader.remaining).toBe(0)
        expect(resultOf(made, restored, 2)).toEqual(expected(before))
        addTo(restored, options, after, () => 2)
        expect(resultOf(made, restored, 2)).toEqual(expected([...before, ...after]))
      }),
      RUNS,
    )
  })

  test(`${title}: rows are encoded together as they are one by one`, () => {
    const rows = fc.array(fc.nat(7), { maxLength: 300 })
    fc.assert(
      fc.property(
        lists,
        fc.infiniteStream(fc.nat(7)),
        rows,
        fc.nat(5),
        (list, spread, read, at) => {
          const lanes = filled(aggregate(), options, list, () => spread.next().value ?? 0)
          const from = Math.min(at, read.length)
          const ends = new Int32Array(read.length)
          const together = new ByteWriter()
          lanes.encodeRows?.(Int32Array.from(read), from, read.length, together, ends)
          if (lanes.encodeRows === undefined) return
          const alone = new ByteWriter()
          for (let i = from; i < read.length; i++) {
            lanes.encode(read[i] ?? 0, alone)
            expect(ends[i - from]).toBe(alone.length)
          }
          expect(together.toBytes()).toEqual(alone.toBytes())
        },
      ),
      RUNS,
    )
  })

  test(`${title}: clearing a row leaves the others and makes it empty`, () => {
    fc.assert(
      fc.property(lists, lists, (kept, dropped) => {
        const made = aggregate()
        const lanes = made.create()
        lanes.ensureRows(3)
        addTo(lanes, options, kept, () => 0)
        addTo(lanes, options, dropped, () => 1)
        lanes.clear(1, 2)
        expect(resultOf(made, lanes, 0)).toEqual(expected(kept))
        expect(resultOf(made, lanes, 1)).toEqual(expected([]))
      }),
      RUNS,
    )
  })

  test(`${title}: retracting undoes merging exactly, or is not offered`, () => {
    const made = aggregate()
    if (!made.invertible) {
      expect(made.create().retract).toBeUndefined()
      return
    }
    fc.assert(
      fc.property(lists, lists, lists, (first, second, third) => {
        const fresh = aggregate()
        const lanes = fresh.create()
        lanes.ensureRows(4)
        const running = fresh.create()
        running.ensureRows(1)
        ;[first, second, third].forEach((list, row) => {
          addTo(lanes, options, list, () => row)
          running.merge(Int32Array.of(0), lanes, Int32Array.of(row), 1)
        })
        running.retract?.(Int32Array.of(0), lanes, Int32Array.of(0), 1)
        expect(resultOf(fresh, running, 0)).toEqual(expected([...second, ...third]))
        running.retract?.(Int32Array.of(0), lanes, Int32Array.of(2), 1)
        expect(resultOf(fresh, running, 0)).toEqual(expected(second))
        running.retract?.(Int32Array.of(0), lanes, Int32Array.of(1), 1)
        expect(resultOf(fresh, running, 0)).toEqual(expected([]))
      }),
      RUNS,
    )
  })
}

function filled(
  made: Aggregate,
  options: AggregateCase,
  list: readonly unknown[],
  rowOf: () => number = () => 0,
): Accumulators {
  const lanes = made.create()
  lanes.ensureRows(8)
  addTo(lanes, options, list, rowOf)
  return lanes
}

function addTo(
  lanes: Accumulators,
  { field }: AggregateCase,
  list: readonly unknown[],
  rowOf: () => number,
): void {
  const times = new Array<number>(list.length).fill(0)
  const batch = batchOfRows(
    schemaOf([field]),
    list.map((value) => ({ value })),
    { eventTimes: times, watermarksBefore: times },
  )
  const rows = Int32Array.from(list, rowOf)
  const middle = list.length >> 1
  lanes.add(rows, batch, 0, middle)
  lanes.add(rows, batch, middle, list.length)
}

function resultOf(made: Aggregate, lanes: Accumulators, row: number): unknown {
  return valueAt(lanes.result(Int32Array.of(row), 1), made.field.type, 0)
}
