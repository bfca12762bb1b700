import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOfRows, type DictionaryColumn, valueAt } from '../../../engine/batch/index.ts'
import { schema, string } from '../../../engine/schema/index.ts'
import { KeyIndex } from '../../../engine/state/index.ts'

const user = schema({ user: string().nullable() })
const type = { kind: 'string' } as const

function slotsOf(index: KeyIndex, users: readonly (string | null)[]): Int32Array {
  const slots = new Int32Array(users.length)
  const times = users.map(() => 0)
  const rows = users.map((each) => ({ user: each }))
  const batch = batchOfRows(user, rows, { eventTimes: times, watermarksBefore: times })
  index.resolve(batch, [0], slots)
  return slots
}

function columnOf(index: KeyIndex, slots: Int32Array): DictionaryColumn {
  const [column] = index.keyColumns(slots, slots.length)
  if (column?.kind !== 'dictionary') throw new Error(`a column of ${column?.kind}`)
  return column
}

test('a text key leaves under one id as long as it lives', () => {
  const index = new KeyIndex(user.fields)
  const slots = slotsOf(index, ['ann', 'bob', null])
  const first = columnOf(index, slots)
  const second = columnOf(index, slots.slice().reverse())
  expect(second.dictionary).toBe(first.dictionary)
  expect([...second.ids].reverse()).toEqual([...first.ids])
  expect(first.dictionary.size).toBe(2)
})

test('keys that come, go and come again leave as what they are', () => {
  const name = fc.option(fc.string({ maxLength: 2 }))
  const step = fc.record({ come: fc.array(name, { maxLength: 8 }), go: fc.array(fc.nat(7)) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const index = new KeyIndex(user.fields)
      for (const { come, go } of steps) {
        const slots = slotsOf(index, come)
        const column = columnOf(index, slots)
        expect(come.map((_, i) => valueAt(column, type, i))).toEqual(come)
        for (const slot of new Set(go.flatMap((i) => slots[i] ?? []))) index.release(slot)
      }
    }),
  )
})

test('the values of keys that are gone do not gather', () => {
  const index = new KeyIndex(user.fields)
  let before: DictionaryColumn | undefined
  for (let round = 0; round < 50; round++) {
    const users = Array.from({ length: 1000 }, (_, i) => `user-${round}-${i}`)
    const slots = slotsOf(index, users)
    const column = columnOf(index, slots)
    expect(column.dictionary.size).toBeLessThan(5000)
    // What left earlier keeps its own dictionary.
    if (before !== undefined) expect(valueAt(before, type, 999)).toBe(`user-${round - 1}-999`)
    before = column
    for (const slot of slots) index.release(slot)
  }
  expect(index.sizeBytes).toBeLessThan(1_000_000)
})
