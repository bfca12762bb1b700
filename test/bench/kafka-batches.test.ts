// The benchmark of record batches runs, on small inputs, and answers the same each time.
import { expect, test } from 'vitest'
import { run, small } from '../../bench/kafka-batches.ts'

test('the benchmark reads the same orders from batches of each compression', () => {
  const results = run(small)
  expect(results.map(({ compression }) => compression)).toEqual(['none', 'lz4', 'snappy', 'gzip'])
  expect(new Set(results.map(({ hash }) => hash)).size).toBe(1)
  expect(new Set(results.map(({ records }) => records))).toEqual(new Set([small.orders.events]))
})
