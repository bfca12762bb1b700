// topicSink: a topic that a job writes, as part of its epochs' deciding transactions. Rows are
// encoded when they come; offsets are assigned inside the transaction, after the last chunk that is
// there, so an epoch's rows are seen all at once or not at all. It holds an epoch's rows in memory.
import {
  type ByteWriter,
  Change,
  type Column,
  columnAt,
  type DictionaryColumn,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import type { KeyCodec } from '../../engine/codec/index.ts'
import type {
  DecisionSink,
  DecisionStore,
  DecisionStores,
  DecisionWriter,
} from '../../engine/connector.ts'
import { assert, StateMismatchError } from '../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Field } from '../../engine/schema/index.ts'
import { ChunkBuilder, sealChunk, stampOrigin } from './chunk-builder.ts'
import { chunkHeader } from './chunk-format.ts'
import { chunkKey, definitionKey } from './chunk-store.ts'
import { partitionEnd } from './partition-cursor.ts'
import {
  checkDefinition,
  decodeDefinition,
  encodeDefinition,
  type TopicDefinition,
  type TopicFormat,
} from './topic-definition.ts'

/** Appends the value of one row: JSON, msgpack. */
export interface RowEncoder {
  encode(batch: RecordBatch, row: number, out: ByteWriter): void
}

export interface TopicSinkOptions {
  readonly topic: string
  readonly partitions: number
  readonly format: TopicFormat
  readonly encoder: RowEncoder
  /** Positions of the key columns and their codec; absent: records have no key. */
  readonly key?: { readonly columns: readonly number[]; readonly codec: KeyCodec }
  /** Value = new row, delete = null value, no update-before: an upsert topic. */
  readonly upsert?: boolean
  readonly slot: number
  readonly lineage: string
  readonly clock?: Clock
}

/**
 * Output partition = murmur2(key) mod the partition count; without a key, the source's partition
 * mod that count.
 * @throws ConfigError TOPIC_NAME_INVALID, TOPIC_INVALID
 */
export function topicSink(options: TopicSinkOptions): DecisionSink {
  return new TopicSink(options)
}

class TopicSink implements DecisionSink {
  readonly #options: TopicSinkOptions
  readonly #clock: Clock
  readonly #definition: TopicDefinition
  /** Made when a partition gets its first row. */
  readonly #builders: (ChunkBuilder | undefined)[]
  readonly #partitionOf = new Int32Array(BATCH_RECORDS_MAX)
  /** Full chunks of the epoch by partition, and the records in them. */
  readonly #chunks: Uint8Array[][]
  readonly #records: Float64Array
  /** One text column that is never null: its bytes are the key (engine/codec/key-codec.ts). */
  readonly #hasTextKey: boolean

  constructor(options: TopicSinkOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#definition = {
      topic: options.topic,
      partitions: options.partitions,
      format: options.format,
      partitioner: options.key === undefined ? 'unknown' : 'murmur2',
      retention: {},
      createdMicros: this.#clock.nowMicros(),
    }
    checkDefinition(this.#definition)
    this.#builders = Array.from({ length: options.partitions }, () => undefined)
    this.#chunks = this.#builders.map(() => [])
    this.#records = new Float64Array(options.partitions)
    const fields = options.key?.codec.fields ?? []
    this.#hasTextKey = fields.length === 1 && fields.every(isPlainText)
  }

  write(batch: RecordBatch): void {
    const { key, encoder, upsert } = this.#options
    this.#partition(batch)
    const keyColumns = key?.columns.map((index) => columnAt(batch, index)) ?? NO_COLUMNS
    const text = this.#hasTextKey ? keyColumns[0] : undefined
    for (let row = 0; row < batch.length; row++) {
      const change = batch.changes === undefined ? Change.insert : batch.changes[row]!
      if (upsert === true && change === Change.updateBefore) continue
      const partition = this.#partitionOf[row]!
      const builder = this.#builders[partition] ?? this.#addBuilder(partition)
      if (builder.isFull) this.#finish(builder, partition)
      if (text?.kind === 'dictionary') writeText(text, row, builder.keys)
      else if (key !== undefined) key.codec.encode(keyColumns, row, builder.keys)
      const hasValue = upsert !== true || change !== Change.delete
      if (hasValue) encoder.encode(batch, row, builder.values)
      builder.end(key !== undefined, hasValue, batch.eventTimes[row]!, change)
    }
  }

  ready(): undefined {
    return undefined
  }

  async flush(decision: DecisionWriter): Promise<void> {
    this.#builders.forEach((builder, partition) => {
      if (builder !== undefined && builder.count > 0) this.#finish(builder, partition)
    })
    this.#records.fill(0)
    const chunks = this.#chunks.map((each) => each.splice(0))
    if (chunks.every((each) => each.length === 0)) return
    for (const chunk of chunks.flat()) stampOrigin(chunk, decision.term, decision.epoch)
    const appendTime = this.#clock.nowMicros()
    decision.during((stores) => {
      this.#put(stores, chunks, appendTime)
    })
  }

  /** @throws StateMismatchError TOPIC_CHANGED when the stored topic has other partitions */
  async recover(
    read: (store: DecisionStore, key: Uint8Array) => Uint8Array | undefined,
  ): Promise<void> {
    const wanted = this.#definition
    const stored = read('topics', definitionKey(wanted.topic))
    if (stored === undefined) return
    const found = decodeDefinition(wanted.topic, stored)
    if (found.partitions === wanted.partitions && found.format === wanted.format) return
    throw new StateMismatchError({
      code: 'TOPIC_CHANGED',
      message: `topic "${wanted.topic}" was written with other options before`,
      expected: `${found.partitions} partitions of ${found.format}`,
      found: `${wanted.partitions} partitions of ${wanted.format}`,
      remedy: 'Keep the partition count and the format, or write to another topic.',
    })
  }

  async close(): Promise<void> {}

  #partition(batch: RecordBatch): void {
    const { key, partitions } = this.#options
    if (partitions === 1) this.#partitionOf.fill(0)
    else if (key !== undefined) {
      key.codec.partitionRows(batch, key.columns, partitions, this.#partitionOf)
    } else {
      this.#partitionOf.fill(Math.max(0, batch.source?.partition ?? 0) % partitions)
    }
  }

  #addBuilder(partition: number): ChunkBuilder {
    const { partitions } = this.#options
    assert(partition >= 0 && partition < partitions, `partition ${partition} of ${partitions}`)
    const builder = new ChunkBuilder()
    this.#builders[partition] = builder
    return builder
  }

  #finish(builder: ChunkBuilder, partition: number): void {
    const { slot, lineage } = this.#options
    const seq = this.#records[partition]!
    this.#records[partition] = seq + builder.count
    this.#chunks[partition]?.push(builder.finish({ lineage, slot, term: 0, epoch: 0, seq }))
  }

  /** Inside the deciding transaction. */
  #put(stores: DecisionStores, chunks: readonly Uint8Array[][], now: number): void {
    const { topic } = this.#options
    const name = definitionKey(topic)
    if (stores.get('topics', name) === undefined) {
      stores.put('topics', name, encodeDefinition(this.#definition))
    }
    const view = { before: (key: Uint8Array) => stores.before('topics', key) }
    chunks.forEach((each, partition) => {
      if (each.length === 0) return
      const end = partitionEnd(view, topic, partition)
      const appendTime = Math.max(now, end.appendTime)
      let offset = end.nextOffset
      let bytesBefore = end.bytesBefore
      for (const bytes of each) {
        const key = chunkKey(topic, partition, offset)
        sealChunk(bytes, { key, appendTime, bytesBefore })
        stores.put('topics', key, bytes)
        offset += chunkHeader(bytes).count
        bytesBefore += bytes.length
      }
    })
  }
}

const NO_COLUMNS: readonly Column[] = []

function isPlainText({ type, nullable }: Field): boolean {
  return (type.kind === 'string' || type.kind === 'bytes') && !nullable
}

function writeText({ ids, dictionary }: DictionaryColumn, row: number, out: ByteWriter): void {
  const id = ids[row]!
  out.raw(dictionary.bytes, dictionary.offsets[id]!, dictionary.offsets[id + 1]!)
}
