// The orders of the benches: the same on each call, within the disorder bound, and byte for byte what
// the generator of the peers writes where that stands beside the project.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import {
  makeOrders,
  ORDERS,
  orderColumns,
  orderLine,
  writeOrders,
} from '../../../bench/support/orders.ts'
import { describeWithShared } from '../../support/skip.ts'

const shape = { ...ORDERS, events: 20_000 }

test('orders are the same each time and never later than the disorder bound', () => {
  const orders = makeOrders(shape)
  expect(orders).toEqual(makeOrders(shape))
  let greatest = 0
  for (const time of orders.timesMs) {
    expect(time).toBeGreaterThan(greatest - 5000)
    greatest = Math.max(greatest, time)
  }
})

test('some orders come twice, unchanged', () => {
  const { orderIds, length } = makeOrders(shape)
  const repeated = length - new Set(orderIds).size
  expect(repeated).toBeGreaterThan(length * 0.005)
  expect(repeated).toBeLessThan(length * 0.015)
})

test('columns hold what the lines say', () => {
  const orders = makeOrders({ ...shape, events: 100 })
  const columns = orderColumns(orders, 40, 60)
  const row: Record<string, unknown> = JSON.parse(orderLine(orders, 47))
  const values = columns.map((column) => ('values' in column ? column.values[7] : undefined))
  expect(values).toEqual([
    row.order_id,
    row.user_id,
    row.restaurant_id,
    row.amount_cents,
    Number(row.event_time) * 1000,
  ])
})

describeWithShared('orders beside the generator of the peers', (folder) => {
  test('are byte for byte the same file', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'millrace-orders-'))
    try {
      const [ours, theirs] = [join(temporary, 'ours.jsonl'), join(temporary, 'theirs.jsonl')]
      writeOrders(ours, makeOrders(shape))
      const generator = await import(
        pathToFileURL(join(folder, 'peers', 'data', 'orders.mjs')).href
      )
      await generator.write(generator.orders({ n: shape.events }), theirs)
      expect(readFileSync(ours, 'utf8')).toBe(readFileSync(theirs, 'utf8'))
    } finally {
      rmSync(temporary, { recursive: true, force: true })
    }
  })
})
