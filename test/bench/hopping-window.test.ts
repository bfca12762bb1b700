import { expect, test } from 'vitest'
import { hoppingWindowBench } from '../../bench/hopping-window.ts'

test('the hopping window bench gives the same rows with and without checkpoints', () => {
  const small = { events: 30_000, users: 500, sizeS: 10, slideS: 2 }
  const plain = hoppingWindowBench({ ...small, checkpointMs: 0 })
  const stored = hoppingWindowBench({ ...small, checkpointMs: 1e-6 })
  expect(plain.rows).toBeGreaterThan(small.users * 5)
  expect(stored.hash).toBe(plain.hash)
  expect(stored.rows).toBe(plain.rows)
  expect(stored.checkpoints).toBeGreaterThan(10)
  expect(stored.rowsStored).toBeGreaterThan(small.users)
})
