import { expect, test } from 'vitest'
import { benchCheckpoint } from '../../bench/checkpoint.ts'

test('the benchmark of checkpoints restores every key that it stored', async () => {
  const result = await benchCheckpoint(3000, 4)
  expect(result.keys).toBe(3000)
  expect(result.restoreMs).toBeGreaterThan(0)
  expect(result.storedBytesPerKey).toBeGreaterThan(40)
})
