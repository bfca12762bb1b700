// The benchmark of the JSON reader runs, on small inputs, and answers the same each time.
import { expect, test } from 'vitest'
import { run, small } from '../../bench/json-reader.ts'

test('the benchmark reads every record of every shape, with the same hash in each run', () => {
  const first = run(small)
  expect(first.map((result) => result.records)).toEqual(first.map(() => small.records))
  expect(run(small).map((result) => result.hash)).toEqual(first.map((result) => result.hash))
  expect(new Set(first.map((result) => result.hash)).size).toBe(first.length)
})
