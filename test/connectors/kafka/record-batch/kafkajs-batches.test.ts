// Batches that kafkajs writes are read here, and batches that are written here are read by kafkajs.
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Compression } from '../../../../connectors/kafka/record-batch/index.ts'
import { batchOf, type PlainRecord, readAll } from './batch-fixture.ts'

const load = createRequire(import.meta.url)
const protocol = 'kafkajs/src/protocol'

const text = fc.string({ maxLength: 90 })
const nullable = fc.option(text, { nil: null, freq: 4 })
const records: fc.Arbitrary<PlainRecord[]> = fc.array(
  fc.record({
    key: nullable,
    value: nullable,
    timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    // kafkajs takes headers as an object: names differ, and are no numbers, which would be sorted.
    headers: fc.uniqueArray(
      fc.tuple(
        text.map((name) => `h${name}`),
        text,
      ),
      {
        maxLength: 3,
        selector: ([name]) => name,
      },
    ),
  }),
  { minLength: 1, maxLength: 30 },
)
const compressions: readonly Compression[] = ['none', 'gzip']

it.each(compressions)('batches of kafkajs give their records (%s)', async (compression) => {
  const property = fc.asyncProperty(records, fc.nat(), async (list, baseOffset) => {
    const batch = await writtenByKafkajs(list, baseOffset, compression)
    const expected = list.map((plain, i) => ({
      ...plain,
      offset: baseOffset + i,
      isAppendTime: false,
    }))
    expect(readAll(batch, { fetchOffset: baseOffset }).records).toEqual(expected)
  })
  await fc.assert(property)
})

it.each(compressions)('kafkajs reads our batches (%s)', async (compression) => {
  const property = fc.asyncProperty(records, fc.nat(), async (list, baseOffset) => {
    const batch = batchOf(list, { baseOffset, compression })
    const expected = list.map((plain, i) => ({ ...plain, offset: String(baseOffset + i) }))
    expect(await readByKafkajs(batch)).toEqual(expected)
  })
  await fc.assert(property)
})

async function writtenByKafkajs(
  list: readonly PlainRecord[],
  firstOffset: number,
  compression: Compression,
): Promise<Uint8Array> {
  const writeRecord = load(`${protocol}/recordBatch/record/v0`)
  const { RecordBatch } = load(`${protocol}/recordBatch/v0`)
  const firstTimestamp = list[0]?.timeMs ?? 0
  const encoded = await RecordBatch({
    compression: compression === 'gzip' ? 1 : 0,
    firstOffset,
    firstTimestamp,
    maxTimestamp: Math.max(...list.map(({ timeMs }) => timeMs)),
    lastOffsetDelta: list.length - 1,
    records: list.map(({ key, value, timeMs, headers }, offsetDelta) =>
      writeRecord({
        offsetDelta,
        timestampDelta: timeMs - firstTimestamp,
        key,
        value,
        headers: Object.fromEntries(headers ?? []),
      }),
    ),
  })
  return new Uint8Array(encoded.buffer)
}

async function readByKafkajs(batch: Uint8Array): Promise<unknown> {
  const Decoder = load(`${protocol}/decoder`)
  const decode = load(`${protocol}/recordBatch/v0/decoder`)
  const decoder = new Decoder(Buffer.from(batch))
  const read = await decode(decoder)
  return read.records.map((one: KafkajsRecord) => ({
    key: one.key?.toString() ?? null,
    value: one.value?.toString() ?? null,
    timeMs: Number(one.timestamp),
    headers: Object.entries(one.headers).map(([name, value]) => [name, value.toString()]),
    offset: one.offset,
  }))
}

interface KafkajsRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: string
  readonly headers: Readonly<Record<string, Buffer>>
  readonly offset: string
}
