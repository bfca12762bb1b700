// The benchmark from a file to counted rows runs on small input. It needs the compiled project, which
// `npm test` makes first.
import { expect, test } from 'vitest'
import { run, small } from '../../bench/end-to-end.ts'
import { makeOrders } from '../../bench/support/orders.ts'
import { featureRows } from './support/feature-rows.ts'

test('the benchmark end to end counts and writes one row a user and window', async () => {
  const result = await run(small)
  expect(result.events).toBe(small.events)
  expect(result.rows).toBe(featureRows(makeOrders(small), 5))
  expect(result.rowsHash).toMatch(/^[0-9a-f]{64}$/)
  expect(result.epochs).toBeGreaterThan(0)
}, 60_000)
