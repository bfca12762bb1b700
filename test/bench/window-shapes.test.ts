import { expect, test } from 'vitest'
import { makeOrders } from '../../bench/support/orders.ts'
import { run, small } from '../../bench/window-shapes.ts'
import { featureRows } from './support/feature-rows.ts'

test('longer windows over the same events give the rows that they should', async () => {
  const results = await run(small)
  const orders = makeOrders(small)
  expect(results.map(({ events }) => events)).toEqual(results.map(() => small.events))
  expect(results.map(({ rows }) => rows)).toEqual(
    [5, 60, 720].map((slides) => featureRows(orders, slides)),
  )
})
