import { expect, test } from 'vitest'
import { run, small } from '../../bench/freshness.ts'

test('every stamp becomes readable, and not before it was durable', async () => {
  const [result] = await run(small)
  expect(result?.readableMs.count).toBe(small.stamps)
  expect(result?.readableMs.p50).toBeGreaterThan(result?.appendMs.p50 ?? Number.NaN)
}, 60_000)
