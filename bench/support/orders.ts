// The orders that every peer is measured with: seeded, the same values as the peers' own generator
// makes, as JSON lines in a file or as columns. Event i happens i steps after the start, minus a
// delay that is 0 for half of the events and below the disorder bound for the others; one in a
// hundred repeats an event of the last second.
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Column } from '../../engine/batch/index.ts'
import { seededRandom } from '../../engine/clock.ts'

export interface OrdersShape {
  readonly events: number
  readonly users: number
  readonly restaurants: number
  /** Milliseconds of event time between two events. */
  readonly stepMs: number
}

/** 2 million orders of 33 minutes. */
export const ORDERS: OrdersShape = {
  events: 2_000_000,
  users: 100_000,
  restaurants: 5000,
  stepMs: 1,
}

const DISORDER_MS = 5000
const DUPLICATE_SHARE = 0.01
const SEED = 1
const START_MS = 1_700_000_000_000

/** One array a field; entry i belongs to event i. Times are epoch milliseconds. */
export interface Orders {
  readonly length: number
  readonly orderIds: Float64Array
  readonly userIds: Float64Array
  readonly restaurantIds: Float64Array
  readonly amounts: Float64Array
  readonly timesMs: Float64Array
}

export function makeOrders({ events, users, restaurants, stepMs }: OrdersShape): Orders {
  const random = seededRandom(SEED)
  const made = emptyOrders(events)
  const keep = Math.max(1, Math.min(1000, Math.floor(1000 / stepMs)))
  const recent: number[] = []
  let lastId = 0
  for (let i = 0; i < events; i++) {
    const nowMs = START_MS + Math.floor(i * stepMs)
    if (recent.length > 0 && random() < DUPLICATE_SHARE) {
      const from = recent[Math.floor(random() * recent.length)] ?? 0
      if (made.timesMs[from]! > nowMs - DISORDER_MS) {
        copyOrder(made, from, i)
        continue
      }
    }
    const delayMs = random() < 0.5 ? 0 : Math.floor(random() * DISORDER_MS)
    made.orderIds[i] = ++lastId
    made.userIds[i] = Math.floor(random() * users)
    made.restaurantIds[i] = Math.floor(random() * restaurants)
    made.amounts[i] = 500 + Math.floor(random() * 9500)
    made.timesMs[i] = nowMs - delayMs
    if (recent.length < keep) recent.push(i)
    else recent[i % keep] = i
  }
  return made
}

function emptyOrders(length: number): Orders {
  return {
    length,
    orderIds: new Float64Array(length),
    userIds: new Float64Array(length),
    restaurantIds: new Float64Array(length),
    amounts: new Float64Array(length),
    timesMs: new Float64Array(length),
  }
}

function copyOrder(orders: Orders, from: number, to: number): void {
  orders.orderIds[to] = orders.orderIds[from]!
  orders.userIds[to] = orders.userIds[from]!
  orders.restaurantIds[to] = orders.restaurantIds[from]!
  orders.amounts[to] = orders.amounts[from]!
  orders.timesMs[to] = orders.timesMs[from]!
}

/** The line of an order, as JSON.stringify writes it. */
export function orderLine(orders: Orders, i: number): string {
  return (
    `{"event_type":"order_placed","order_id":${orders.orderIds[i]!},` +
    `"user_id":${orders.userIds[i]!},"restaurant_id":${orders.restaurantIds[i]!},` +
    `"amount_cents":${orders.amounts[i]!},"event_time":${orders.timesMs[i]!}}\n`
  )
}

const LINES_AT_ONCE = 4000

export function writeOrders(path: string, orders: Orders): void {
  const file = openSync(path, 'w')
  let text = ''
  for (let i = 0; i < orders.length; i++) {
    text += orderLine(orders, i)
    if (i % LINES_AT_ONCE === LINES_AT_ONCE - 1 || i === orders.length - 1) {
      writeSync(file, text)
      text = ''
    }
  }
  closeSync(file)
}

/** Columns of the events [from, to): order_id, user_id, restaurant_id, amount_cents, event_time. */
export function orderColumns(orders: Orders, from: number, to: number): readonly Column[] {
  const times = new Float64Array(to - from)
  for (let i = from; i < to; i++) times[i - from] = orders.timesMs[i]! * 1000
  return [
    integer(orders.orderIds.subarray(from, to)),
    integer(orders.userIds.subarray(from, to)),
    integer(orders.restaurantIds.subarray(from, to)),
    integer(orders.amounts.subarray(from, to)),
    { kind: 'float64', values: times, nulls: undefined },
  ]
}

function integer(values: Float64Array): Column {
  return { kind: 'integer', values, wide: undefined, nulls: undefined }
}
