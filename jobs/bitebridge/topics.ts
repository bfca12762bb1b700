// BiteBridge's topics: what customers, restaurants and couriers do, as events.
import { decimal, int32, schema, string, timestamp, topic } from 'millrace'

/** A customer placed an order. */
export const orders = topic('orders', {
  schema: schema({
    event_type: string(),
    order_id: string(),
    user_id: string(),
    restaurant_id: string(),
    order_total: decimal(10, 2),
    items: int32(),
    city: string(),
    card_id: string(),
    address_id: string(),
    event_time: timestamp(),
  }),
  eventTime: 'event_time',
  disorder: '5s',
  key: 'user_id',
  idleAfter: '10s',
  farFuture: '1d',
})

/** A courier delivered an order. */
export const deliveries = topic('deliveries', {
  schema: schema({
    event_type: string(),
    order_id: string(),
    user_id: string(),
    courier_id: string(),
    minutes: int32(),
    event_time: timestamp(),
  }),
  eventTime: 'event_time',
  disorder: '5s',
  key: 'user_id',
  idleAfter: '10s',
  farFuture: '1d',
})

/** A customer rated a restaurant. */
export const ratings = topic('ratings', {
  schema: schema({
    event_type: string(),
    order_id: string(),
    user_id: string(),
    restaurant_id: string(),
    stars: int32(),
    event_time: timestamp(),
  }),
  eventTime: 'event_time',
  disorder: '5s',
  key: 'user_id',
  idleAfter: '10s',
  farFuture: '1d',
})
