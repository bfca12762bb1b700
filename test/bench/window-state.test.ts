import { expect, test } from 'vitest'
import { run, small } from '../../bench/window-state.ts'

test('the benchmark of window state stores every key, and finds all of them again', async () => {
  const result = await run(small)
  expect(result.keys).toBe(small.keys)
  expect(result.pauseMs.count).toBe(small.epochs - 1)
  expect(result.coldPauseMsMax).toBeGreaterThan(0)
  expect(result.storedBytesPerKey).toBeGreaterThan(8)
  expect(result.restoreMs).toBeGreaterThan(0)
})
