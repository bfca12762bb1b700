import { expect, test } from 'vitest'
import { median, perSecond, quantile, spread } from '../../../bench/support/statistics.ts'

test('a quantile is one of the values, whatever their order', () => {
  const values = [5, 1, 4, 2, 3]
  expect(quantile(values, 0)).toBe(1)
  expect(median(values)).toBe(3)
  expect(quantile(values, 0.99)).toBe(5)
  expect(values).toEqual([5, 1, 4, 2, 3])
})

test('a spread of nothing is zero', () => {
  expect(spread([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 })
})

test('a spread shows the middle, the slow end and the worst', () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i)
  expect(spread(values)).toEqual({ count: 200, p50: 101, p99: 199, max: 200 })
})

test('a rate is by the second', () => {
  expect(perSecond(500, 250)).toBe(2000)
})
