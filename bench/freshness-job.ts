// The job of freshness.ts: each stamp goes into an online view, the newest of its sensor.
import { int64, job, onlineView, schema, string, timestamp, topic } from 'millrace'

const stamps = topic('stamps', {
  schema: schema({ sensor: string(), number: int64(), sent_at: timestamp({ unit: 'us' }) }),
  eventTime: 'sent_at',
  disorder: '1s',
  key: 'sensor',
})

export default job('freshness', ({ from, to }) => {
  to(from(stamps), onlineView('stamps', { key: 'sensor', order: 'sent_at', ttl: '1h' }))
})
