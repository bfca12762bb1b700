// Question: how many orders per second come out of Kafka's record batches as columns on one core,
// against a reading that finds the records and decodes nothing, and how many go into batches?
// Shapes: JSON values without keys in batches of 100 kB, ten in a response, for each compression.
// It should not win where batches hold one record each: header and checksum then cost the most.
// Usage: node <compiled>/bench/kafka-batches.js [--small]
import { crc32c } from '@node-rs/crc32'
import {
  type Compression,
  RecordBatchReader,
  RecordBatchWriter,
} from '../connectors/kafka/record-batch/index.ts'
import type { SourceRecords } from '../engine/connector.ts'
import { jsonDecoder } from '../engine/json/index.ts'
import { int64, schema, timestamp } from '../engine/schema/index.ts'
import { hasFlag, isProgram, print } from './support/command-line.ts'
import { makeOrders, ORDERS, type OrdersShape, orderLine } from './support/orders.ts'
import { median, perSecond } from './support/statistics.ts'

export const small = { orders: { ...ORDERS, events: 5000 }, rounds: 1 }
export const large = { orders: ORDERS, rounds: 5 }

const BATCH_BYTES = 100_000
const BATCHES_PER_RESPONSE = 10

/** Records per second: the first round, the median of all, and of the processor time of all. */
export interface Rate {
  readonly first: number
  readonly median: number
  readonly perCpuSecond: number
}

export interface KafkaBatchesResult {
  readonly compression: Compression
  readonly records: number
  /** Bytes of all batches. */
  readonly bytes: number
  readonly write: Rate
  readonly find: Rate
  readonly columns: Rate
  /** CRC32C over the first column of all that came out. */
  readonly hash: number
}

const order = schema({
  order_id: int64(),
  user_id: int64(),
  restaurant_id: int64(),
  amount_cents: int64(),
  event_time: timestamp({ unit: 'ms' }),
})

export function run(size: typeof small): KafkaBatchesResult[] {
  const values = valuesOf(size.orders)
  const compressions = ['none', 'lz4', 'snappy', 'gzip'] as const
  return compressions.map((compression) => measure(compression, values, size.rounds))
}

/** All values in one array: value i ends at `ends[i]`, where the next one starts. */
interface Values {
  readonly bytes: Uint8Array
  readonly ends: Float64Array
}

function valuesOf(shape: OrdersShape): Values {
  const orders = makeOrders(shape)
  const bytes = new Uint8Array(shape.events * 160)
  const ends = new Float64Array(shape.events)
  const encoder = new TextEncoder()
  let end = 0
  for (let i = 0; i < shape.events; i++) {
    const value = orderLine(orders, i).slice(0, -1)
    end += encoder.encodeInto(value, bytes.subarray(end)).written
    ends[i] = end
  }
  return { bytes, ends }
}

function measure(compression: Compression, values: Values, rounds: number): KafkaBatchesResult {
  const records = values.ends.length
  const responses = responsesOf(compression, values)
  return {
    compression,
    records,
    bytes: responses.reduce((bytes, response) => bytes + response.length, 0),
    write: rate(records, rounds, () => write(compression, values, () => {})),
    find: rate(records, rounds, () => find(responses)),
    columns: rate(records, rounds, () => toColumns(responses)),
    hash: hashOf(responses),
  }
}

function rate(records: number, rounds: number, work: () => number): Rate {
  const rates: number[] = []
  const cpuBefore = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    const done = work()
    if (done !== records) throw new Error(`${done} of ${records} records`)
    rates.push(perSecond(records, performance.now() - began))
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const perCpuSecond = perSecond(records * rounds, (user + system) / 1000)
  return { first: rates[0] ?? 0, median: median(rates), perCpuSecond }
}

function write(
  compression: Compression,
  { bytes, ends }: Values,
  take: (batch: Uint8Array, firstOffset: number) => void,
): number {
  const writer = new RecordBatchWriter({ bytesMax: BATCH_BYTES, compression })
  let start = 0
  let written = 0
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i]!
    if (writer.append(1_700_000_000_000 + i, bytes, 0, -1, bytes, start, end) === 'full') {
      take(writer.finish(), written)
      written += writer.count
      writer.clear()
      writer.append(1_700_000_000_000 + i, bytes, 0, -1, bytes, start, end)
    }
    start = end
  }
  take(writer.finish(), written)
  return written + writer.count
}

function responsesOf(compression: Compression, values: Values): Uint8Array[] {
  const responses: Uint8Array[] = []
  let parts: Uint8Array[] = []
  write(compression, values, (batch, firstOffset) => {
    const copy = batch.slice()
    new DataView(copy.buffer).setBigInt64(0, BigInt(firstOffset))
    parts.push(copy)
    if (parts.length < BATCHES_PER_RESPONSE) return
    responses.push(new Uint8Array(Buffer.concat(parts)))
    parts = []
  })
  if (parts.length > 0) responses.push(new Uint8Array(Buffer.concat(parts)))
  return responses
}

function find(responses: readonly Uint8Array[]): number {
  const reader = new RecordBatchReader({ partition: 'orders-0' })
  let records = 0
  for (const response of responses) {
    reader.open(response, 0, response.length, reader.nextOffset, [])
    for (let some = reader.read(); some !== undefined; some = reader.read()) records += some.length
  }
  return records
}

function toColumns(responses: readonly Uint8Array[]): number {
  let records = 0
  eachBatch(responses, (batch) => {
    records += batch.length
  })
  return records
}

function hashOf(responses: readonly Uint8Array[]): number {
  let hash = 0
  eachBatch(responses, ({ columns }) => {
    const [ids] = columns
    if (ids?.kind !== 'integer') throw new Error('the first column holds no ids')
    const { buffer, byteOffset, byteLength } = ids.values
    hash = crc32c(new Uint8Array(buffer, byteOffset, byteLength), hash)
  })
  return hash
}

function eachBatch(responses: readonly Uint8Array[], take: (records: SourceRecords) => void): void {
  const decoder = jsonDecoder(order)
  const reader = new RecordBatchReader({ partition: 'orders-0' })
  for (const response of responses) {
    reader.open(response, 0, response.length, reader.nextOffset, [])
    for (let some = reader.read(); some !== undefined; some = reader.read()) {
      const { bytes, valueStarts, valueEnds, offsets } = some
      take(decoder.decodeRecords(bytes, valueStarts, valueEnds, offsets, undefined))
    }
  }
}

if (isProgram(import.meta.url)) print(run(hasFlag('small') ? small : large))
