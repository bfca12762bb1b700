// Orders as a source of columns, made before the clock starts, for the topic of orders-job.ts.
import { columnSource } from '../../connectors/generate/index.ts'
import { type Column, Dictionary } from '../../engine/batch/index.ts'
import type { Source } from '../../engine/connector.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import { makeOrders, type OrdersShape, orderColumns } from './orders.ts'

export function orderSource(shape: OrdersShape): Source {
  const orders = makeOrders(shape)
  const dictionary = new Dictionary()
  const placed = dictionary.internString('order_placed')
  const batches: (readonly Column[])[] = []
  for (let from = 0; from < orders.length; from += BATCH_RECORDS_MAX) {
    const to = Math.min(orders.length, from + BATCH_RECORDS_MAX)
    const ids = new Int32Array(to - from).fill(placed)
    const eventType: Column = { kind: 'dictionary', ids, dictionary, nulls: undefined }
    batches.push([eventType, ...orderColumns(orders, from, to)])
  }
  return columnSource({
    seed: 1,
    partitions: 1,
    total: orders.length,
    make: ({ first }) => batches[first / BATCH_RECORDS_MAX] ?? [],
  })
}
