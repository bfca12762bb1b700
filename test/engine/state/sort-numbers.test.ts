import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortByNumber } from '../../../engine/state/index.ts'

const lists = (range: number, maxLength: number) =>
  fc.array(fc.nat(range), { minLength: maxLength >> 1, maxLength })

test('items follow their numbers into order, and equal numbers keep theirs', () => {
  const few = lists(9, 30)
  const many = lists(100, 3000)
  const wide = lists(2 ** 31 - 1, 500)
  fc.assert(
    fc.property(fc.oneof(few, many, wide), fc.constantFrom(0, 2 ** 40), (numbers, least) => {
      const items = Int32Array.from(numbers.keys())
      const sorted = Float64Array.from(numbers, (number) => number + least)
      const expected = [...items].sort((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0) || a - b)
      sortByNumber(items, sorted)
      expect([...items]).toEqual(expected)
      expect([...sorted]).toEqual(expected.map((item) => (numbers[item] ?? 0) + least))
    }),
  )
})

test('numbers far apart are sorted too', () => {
  const numbers = Float64Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) * 2 ** 40)
  const items = Int32Array.from(numbers.keys())
  sortByNumber(items, numbers)
  expect([...numbers]).toEqual(Array.from({ length: 100 }, (_, i) => i * 2 ** 40))
  expect(Array.from(items, (item) => (item * 37) % 100)).toEqual([...Array(100).keys()])
})
