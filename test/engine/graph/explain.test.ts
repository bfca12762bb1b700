import { describe, expect, test } from 'vitest'
import { col } from '../../../engine/expression/index.ts'
import {
  explainMermaid,
  explainText,
  job,
  logicalOperator,
  planJob,
  type SinkDescription,
  Stream,
  topic,
} from '../../../engine/graph/index.ts'
import { decimal, schema, string, timestamp } from '../../../engine/schema/index.ts'
import { lakeTable, onlineView, topicSink } from '../../../jobs/sinks.ts'
import { count, sum } from '../../../operators/aggregates/index.ts'
import { aggregate, filter, hoppingWindow, keyBy, map } from '../../../operators/index.ts'

const columns = {
  user_id: string(),
  order_total: decimal(10, 2),
  note: string(),
  event_time: timestamp(),
}

const orders = topic('orders', {
  schema: schema(columns),
  eventTime: 'event_time',
  disorder: '5s',
  key: 'user_id',
  idleAfter: '10s',
  farFuture: '1d',
})

const foreign = topic('clicks', {
  schema: schema(columns),
  eventTime: 'event_time',
  watermark: 'monotonic',
})

const fraud = job('fraud', ({ from, to, drop }) => {
  const features = from(orders).pipe(
    filter(col('order_total').gt(10)),
    keyBy('user_id'),
    hoppingWindow({ size: '5m', every: '1m' }),
    aggregate({ orders: count(), spend: sum('order_total') }),
  )
  to(features, onlineView('user_fraud', { ttl: '10m' }), topicSink('features'))
  drop(features.late)
})

const rekeyed = job('rekeyed', ({ from, to }) => {
  const features = from(foreign).pipe(
    filter((row) => row.note !== ''),
    keyBy('user_id'),
    hoppingWindow({ size: '2m', every: '1m', allowedLateness: '30s', name: 'clicks-2m' }),
    aggregate({ clicks: count() }),
  )
  to(features, lakeTable('clicks'))
  to(features.late, lakeTable('late/clicks'))
})

const planOf = (which: typeof fraud, partitions: number) => planJob(which.build(), () => partitions)

describe('explain', () => {
  test('shows the one stage of a job whose topic is partitioned by its key', () => {
    expect(explainText(planOf(fraud, 4), { slots: 3 })).toBe(`\
job fraud: 1 stage, 4 tasks, 3 slots

stage s0: 4 tasks; slot 0: 0 3, slot 1: 1, slot 2: 2
  from topic orders: json, 4 partitions, partitioner murmur2 of user_id, \
relied on for user_id and checked
       watermark event_time - 5s; idle after 10s; refuses more than 1d ahead
  operator filter ← orders
       condition order_total > 10
       stateless; order input
  operator window ← filter
       size 5m; slide 1m; offset 0s; allowedLateness 0s; \
aggregates orders = count(), spend = sum(order_total)
       state under id window; keys user_id; order none
       output late: dropped by name
  operator latest-user_fraud (latest-by) ← window
       by [user_id]; order window_end; ttl 10m
       state under id latest-user_fraud; keys user_id; order ${orderOfLatest()}; gives a changelog
  sink online:user_fraud ← latest-user_fraud
       exactly-once (embedded: part of the deciding transaction)
  sink topic:features ← window
       exactly-once (part of the deciding transaction)

replay-equal: yes
`)
  })

  test('shows the repartition topic of a foreign partitioner, lambdas and late outputs', () => {
    const text = explainText(planOf(rekeyed, 2))
    expect(text).toContain('job rekeyed: 2 stages, 4 tasks\n')
    expect(text).toContain('watermark event_time, which never falls')
    expect(text).toContain('condition lambda')
    const name = 'rekeyed.repartition.clicks-2m'
    expect(text).toContain(`ends in topic ${name}: by user_id into 2 ← filter`)
    expect(text).toContain(`from topic ${name}: repartitioned by user_id, 2 channels a task`)
    expect(text).toContain('operator clicks-2m (window) ← rekeyed.repartition.clicks-2m')
    expect(text).toContain('sink lake:late/clicks ← clicks-2m.late')
    expect(text).toContain('final rows only')
    expect(text).toContain('replay-equal: yes as long as the lambdas of filter are pure')
  })

  test('marks what takes a job out of the replay-equal promise', () => {
    const chancy = job('chancy', ({ from, to }) => {
      const input = from(orders)
      const operator = logicalOperator({
        kind: 'look-up',
        inputs: [input.reference],
        outputs: [input.output],
        nondeterministic: 'asks a service without a journal',
        instantiate: () => ({ onBatch: (batch, _, out) => out.emit(batch) }),
      })
      to(new Stream({ operator, port: 0 }), topicSink('out'))
    })
    const text = explainText(planOf(chancy, 1))
    expect(text).toContain('NONDETERMINISTIC: asks a service without a journal')
    expect(text).toContain('replay-equal: NO, because of look-up\n')
    expect(explainMermaid(planOf(chancy, 1))).toContain('look-up<br/>nondeterministic')
  })

  test('is the same for the same job', () => {
    expect(explainText(planOf(rekeyed, 2))).toBe(explainText(planOf(rekeyed, 2)))
    expect(explainMermaid(planOf(rekeyed, 2))).toBe(explainMermaid(planOf(rekeyed, 2)))
  })
})

describe('the flowchart', () => {
  test('has topics, stages, operators and sinks, with every edge', () => {
    expect(explainMermaid(planOf(rekeyed, 2))).toBe(`\
flowchart LR
  n0[("clicks")]
  n1[("rekeyed.repartition.clicks-2m")]
  subgraph s0["s0: 2 tasks"]
    n2["filter<br/>condition lambda"]
  end
  subgraph s1["s1: 2 tasks"]
    n3["clicks-2m<br/>window<br/>size 2m<br/>slide 1m<br/>\
offset 0s<br/>allowedLateness 30s<br/>aggregates clicks = count()"]
    n4["settle-clicks-2m<br/>settle<br/>\
keys [user_id, window_start, window_end]<br/>settledAfter 30s"]
  end
  n5(["lake:clicks<br/>exactly-once"])
  n6(["lake:late/clicks<br/>exactly-once"])
  n0 --> n2
  n2 --> n1
  n1 --> n3
  n3 --> n4
  n4 --> n5
  n3 -->|"late"| n6
`)
  })

  test('escapes what would end a label', () => {
    const sink: SinkDescription = { ...topicSink('out'), name: 'a "quoted" <name>' }
    const odd = job('odd', ({ from, to }) => {
      to(from(orders).pipe(map({ user_id: col('user_id') })), sink)
    })
    const chart = explainMermaid(planOf(odd, 1))
    expect(chart).toContain('a #quot;quoted#quot; #lt;name#gt;')
    for (const line of chart.split('\n')) expect((line.match(/"/g) ?? []).length % 2).toBe(0)
  })
})

/** Declared by the operator; this test is about showing it. */
function orderOfLatest(): string {
  const operators = planOf(fraud, 1).stages.flatMap((stage) => stage.operators)
  return operators.find(({ id }) => id === 'latest-user_fraud')?.logical.order ?? ''
}
