import { expect, test } from 'vitest'
import { benchCheckpoint } from '../../../bench/checkpoint.ts'

test('the checkpoint bench restores every key, small', async () => {
  const result = await benchCheckpoint(3000, 12)
  expect(result.keys).toBe(3000)
  expect(result.storedBytesPerKey).toBeGreaterThan(40)
})
