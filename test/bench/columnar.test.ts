import { expect, test } from 'vitest'
import { once, small } from '../../bench/columnar.ts'
import { makeOrders } from '../../bench/support/orders.ts'
import { featureRows } from './support/feature-rows.ts'

test('orders as columns give one row a user and window', async () => {
  const result = await once(small)
  expect(result.events).toBe(small.events)
  expect(result.rows).toBe(featureRows(makeOrders(small), 5))
  expect(result.epochs).toBeGreaterThan(0)
})
