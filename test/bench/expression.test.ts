import { expect, test } from 'vitest'
import { run, small } from '../../bench/expression.ts'

test('the bench of expressions computes the same results on every run', () => {
  const [first, second] = [run(small), run(small)]
  expect(first.map(({ shape, hash }) => [shape, hash])).toEqual(
    second.map(({ shape, hash }) => [shape, hash]),
  )
  const filter = first.find(({ shape }) => shape === 'filter')
  expect(filter?.hash).toBeGreaterThan(0)
  expect(filter?.hash).toBeLessThan(small.batches * 1024)
})
