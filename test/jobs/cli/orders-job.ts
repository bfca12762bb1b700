// A small job for tests of the command line: every kind of sink, late events and dead letters.
import {
  aggregate,
  count,
  decimal,
  hoppingWindow,
  job,
  keyBy,
  lakeTable,
  onlineView,
  schema,
  string,
  sum,
  timestamp,
  topic,
  topicSink,
} from 'millrace'

const orders = topic('orders', {
  schema: schema({
    user_id: string(),
    city: string(),
    order_total: decimal(10, 2),
    event_time: timestamp(),
  }),
  eventTime: 'event_time',
  key: 'user_id',
})

const visits = topic('visits', {
  schema: schema({ user_id: string(), city: string(), event_time: timestamp() }),
  eventTime: 'event_time',
})

export default job('totals', ({ from, to }) => {
  const totals = from(orders).pipe(
    keyBy('user_id'),
    hoppingWindow({ size: '1m', every: '1m', name: 'totals' }),
    aggregate({ orders: count(), spend: sum('order_total') }),
  )
  to(totals, topicSink('totals'), onlineView('user_totals', { ttl: '1h' }), lakeTable('totals'))
  to(totals.late, lakeTable('late'))
  const cities = from(visits).pipe(
    keyBy('city', 'user_id'),
    hoppingWindow({ size: '1m', every: '1m', name: 'cities' }),
    aggregate({ visits: count() }),
  )
  to(cities, onlineView('city_visits', { ttl: '1h' }))
  to(cities.late, lakeTable('late/visits'))
})
