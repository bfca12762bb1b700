import { expect, test } from 'vitest'
import { run, small } from '../../bench/log.ts'

test('the bench of the log reads all that was appended and sees each tailed record', async () => {
  const result = await run(small)
  expect(result.read).toBe(small.records)
  expect(result.tailMs.count).toBe(small.tailed)
  expect(result.appendPerSecond).toBeGreaterThan(0)
  expect(result.tailMs.p50).toBeGreaterThan(0)
})
