// BiteBridge's main job: what each user did in the last five minutes, every minute, for the fraud
// model; and the raw orders for everything that is still unknown today.
import {
  aggregate,
  count,
  countDistinct,
  hoppingWindow,
  job,
  keyBy,
  lakeTable,
  onlineView,
  sum,
  topicSink,
  withPosition,
} from 'millrace'
import { orders } from './topics.ts'

export default job('fraud-features', ({ from, to }) => {
  const placed = from(orders)
  const features = placed.pipe(
    keyBy('user_id'),
    hoppingWindow({ size: '5m', every: '1m' }),
    aggregate({
      orders_5min: count(),
      spend_5min: sum('order_total'),
      unique_restaurants_5min: countDistinct('restaurant_id'),
    }),
  )
  to(
    features,
    topicSink('fraud-features'),
    onlineView('user_fraud_5m', { ttl: '10m' }),
    lakeTable('features/user_fraud_5m'),
  )
  to(features.late, lakeTable('late/orders'))
  to(placed.pipe(withPosition()), lakeTable('raw/orders'))
})
