// The job that all peers run too: per user, hopping 5 min every 1 min, count, sum and exact distinct
// over JSON lines as peers' generators write them.
import {
  aggregate,
  count,
  countDistinct,
  hoppingWindow,
  int64,
  job,
  keyBy,
  schema,
  string,
  sum,
  timestamp,
  topic,
  topicSink,
} from 'millrace'

export const orders = topic('orders', {
  schema: schema({
    event_type: string(),
    order_id: int64(),
    user_id: int64(),
    restaurant_id: int64(),
    amount_cents: int64(),
    event_time: timestamp({ unit: 'ms' }),
  }),
  eventTime: 'event_time',
  disorder: '5s',
  key: 'user_id',
})

export default job('orders-hop', ({ from, to, drop }) => {
  const features = from(orders).pipe(
    keyBy('user_id'),
    hoppingWindow({ size: '5m', every: '1m' }),
    aggregate({
      orders: count(),
      amount: sum('amount_cents'),
      restaurants: countDistinct('restaurant_id'),
    }),
  )
  to(features, topicSink('features'))
  drop(features.late)
})
