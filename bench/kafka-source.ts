// Question: how many records per second come from a topic of a real broker into columns, against
// kafkajs' eachBatch with JSON.parse of each value, on one core?
// Shapes: one partition of JSON orders of about 100 bytes, in plain batches of 1,000 records.
// It should not win on topics that hardly fill a fetch: both then wait for the broker.
// Usage: node <compiled>/bench/kafka-source.js [small|large], with KAFKA_BROKERS=host:port
import { Kafka, logLevel } from 'kafkajs'
import { kafkaSource } from '../connectors/kafka/source/index.ts'
import { parseBrokers } from '../connectors/kafka/transport/kafka-settings.ts'
import { systemClock } from '../engine/clock.ts'
import { jsonDecoder } from '../engine/json/index.ts'
import { int64, schema, string, timestamp } from '../engine/schema/index.ts'
import { isProgram } from './support/command-line.ts'
import { median, perSecond } from './support/statistics.ts'

export const small = { records: 2000, rounds: 1 }
export const large = { records: 1_000_000, rounds: 5 }
export type KafkaSourceShape = typeof small

const BATCH = 1000
const orders = schema({
  event_type: string(),
  order_id: int64(),
  user_id: int64(),
  amount_cents: int64(),
  event_time: timestamp({ unit: 'ms' }),
})

export interface KafkaSourceResult {
  readonly records: number
  /** Sums of the amounts: the same by both ways. */
  readonly sums: readonly number[]
  readonly columnsPerSecond: number
  readonly eachBatchPerSecond: number
}

/** Fills a topic of its own, which is removed at the end, and reads it in turns. */
export async function run(brokers: string, shape: KafkaSourceShape): Promise<KafkaSourceResult> {
  const client = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const topic = `bench-source-${process.pid}`
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  try {
    await fill(client, topic, shape.records)
    const columns: number[] = []
    const eachBatch: number[] = []
    const sums = new Set<number>()
    for (let round = 0; round < shape.rounds; round++) {
      const ours = await readColumns(brokers, topic)
      const theirs = await readEachBatch(client, topic, shape.records, round)
      columns.push(perSecond(shape.records, ours.elapsedMs))
      eachBatch.push(perSecond(shape.records, theirs.elapsedMs))
      sums.add(ours.sum).add(theirs.sum)
    }
    const { records } = shape
    const [columnsPerSecond, eachBatchPerSecond] = [median(columns), median(eachBatch)]
    return { records, sums: [...sums], columnsPerSecond, eachBatchPerSecond }
  } finally {
    await admin.deleteTopics({ topics: [topic] })
    await admin.disconnect()
  }
}

async function fill(client: Kafka, topic: string, records: number): Promise<void> {
  const producer = client.producer()
  await producer.connect()
  for (let first = 0; first < records; first += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, records - first) }, (_, i) => {
      return { value: order(first + i) }
    })
    await producer.send({ topic, messages })
  }
  await producer.disconnect()
}

function order(n: number): string {
  return JSON.stringify({
    event_type: 'order_placed',
    order_id: 1_000_000 + n,
    user_id: n % 5000,
    amount_cents: (n * 37) % 10_000,
    event_time: 1_700_000_000_000 + n,
  })
}

interface Reading {
  readonly elapsedMs: number
  readonly sum: number
}

/** From the opening of the topic to its last record. */
async function readColumns(brokers: string, topic: string): Promise<Reading> {
  const startedMs = systemClock.elapsedMs()
  const settings = { brokers: parseBrokers(brokers), clientId: 'millrace-bench' }
  const source = await kafkaSource({ settings, topic, clock: systemClock, ending: 'bounded' })
  const reader = source.open(0, jsonDecoder(orders), 0, undefined)
  let sum = 0
  while (!reader.isEnded) {
    const records = reader.poll()
    if (records === undefined) {
      await reader.ready()
      continue
    }
    const amounts = records.columns[3]
    if (amounts?.kind !== 'integer') throw new Error(`amounts are ${amounts?.kind}`)
    for (let row = 0; row < records.length; row++) sum += amounts.values[row]!
  }
  const elapsedMs = systemClock.elapsedMs() - startedMs
  source.close()
  return { elapsedMs, sum }
}

/** From the first batch, so that joining the group does not count, to the last record. */
async function readEachBatch(
  client: Kafka,
  topic: string,
  records: number,
  round: number,
): Promise<Reading> {
  const consumer = client.consumer({ groupId: `${topic}-${round}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let startedMs = 0
  let sum = 0
  let read = 0
  const elapsedMs = await new Promise<number>((resolve, reject) => {
    const running = consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        if (read === 0) startedMs = systemClock.elapsedMs()
        for (const { value } of batch.messages) {
          sum += JSON.parse(value === null ? '{}' : value.toString()).amount_cents
        }
        read += batch.messages.length
        if (read >= records) resolve(systemClock.elapsedMs() - startedMs)
      },
    })
    running.catch(reject)
  })
  await consumer.disconnect()
  return { elapsedMs, sum }
}

if (isProgram(import.meta.url)) {
  const brokers = process.env.KAFKA_BROKERS
  if (brokers === undefined) throw new Error('KAFKA_BROKERS names the broker: host:port')
  const shape = process.argv[2] === 'small' ? small : large
  console.log(JSON.stringify(await run(brokers, shape), null, 2))
}
