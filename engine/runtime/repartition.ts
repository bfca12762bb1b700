// Repartition topics: rows of one stage on their way to the tasks of the next, inside the job's own
// store. Each source task writes its rows and, at the end of every epoch, its watermark to every
// target partition (in band, so that a replay sees them at the same place). A chunk belongs to one
// source task; reading tasks drop chunks of foreign lineages and remove what they consumed in the
// transaction that remembers the new position.
//
//   key   = topic (UTF-8) 0x00, partition u32 ordered, sequence i64 ordered
//   value = lineage (text), source task varint, watermark f64, ended u8, rows (batch codec, or none)
import {
  ByteReader,
  ByteWriter,
  concatBatches,
  type RecordBatch,
  splitBatch,
} from '../batch/index.ts'
import type { Entry } from '../checkpoint/index.ts'
import { decodeBatch, encodeBatch, type KeyCodec } from '../codec/index.ts'
import type { DecisionStores } from '../connector.ts'
import { WATERMARK_MAX, WATERMARK_MIN } from '../element.ts'
import { assert } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { Schema } from '../schema/index.ts'
import { type Channel, type ChannelBatch, type ChannelState, NO_GATE } from './channel.ts'
import type { BatchTaker, DecidedReader } from './deployment.ts'

const encoder = new TextEncoder()

export interface RepartitionWriterParts {
  readonly topic: string
  readonly lineage: string
  readonly partitions: number
  readonly keyColumns: readonly number[]
  readonly keys: KeyCodec
  /** The source task that writes. */
  readonly task: number
}

/** Collects the rows of one source task; `flush` puts them into the deciding transaction. */
export class RepartitionWriter implements BatchTaker {
  readonly #parts: RepartitionWriterParts
  readonly #waiting: RecordBatch[][]
  #partitionOf = new Int32Array(BATCH_RECORDS_MAX)
  #watermark = WATERMARK_MIN
  /** The watermark of the last mark. */
  #written = WATERMARK_MIN
  #isEnded = false

  constructor(parts: RepartitionWriterParts) {
    this.#parts = parts
    this.#waiting = Array.from({ length: parts.partitions }, () => [])
  }

  write(batch: RecordBatch): void {
    const { keys, keyColumns, partitions } = this.#parts
    keys.partitionRows(batch, keyColumns, partitions, this.#partitionOf)
    splitBatch(batch, this.#partitionOf, partitions).forEach((part, partition) => {
      if (part !== undefined) this.#waiting[partition]?.push(part)
    })
  }

  watermark(time: number): void {
    this.#watermark = time
  }

  end(): void {
    this.#isEnded = true
    this.#watermark = WATERMARK_MAX
  }

  flush(during: (step: (stores: DecisionStores) => void) => void): void {
    // A mark only where it says something new, or two stages would keep each other awake.
    const hasNews = this.#watermark !== this.#written
    this.#written = this.#watermark
    const mark = hasNews ? [this.#chunk(undefined)] : []
    const chunks = this.#waiting
      .map((batches, partition) => ({
        partition,
        values: [...grouped(batches).map((batch) => this.#chunk(batch)), ...mark],
      }))
      .filter(({ values }) => values.length > 0)
    for (const batches of this.#waiting) batches.length = 0
    if (chunks.length === 0) return
    const { topic } = this.#parts
    during((stores) => {
      for (const { partition, values } of chunks) append(stores, topic, partition, values)
    })
  }

  /** Rows carry no watermark news; the chunk without rows does, after them. */
  #chunk(batch: RecordBatch | undefined): Uint8Array {
    const writer = new ByteWriter(batch === undefined ? 64 : 16_384)
    writer.text(this.#parts.lineage)
    writer.varint(this.#parts.task)
    writer.float64(batch === undefined ? this.#watermark : WATERMARK_MIN)
    writer.uint8(batch === undefined && this.#isEnded ? 1 : 0)
    if (batch !== undefined) encodeBatch(batch, writer)
    return writer.toBytes()
  }
}

export interface RepartitionLogParts {
  readonly topic: string
  readonly partition: number
  readonly schema: Schema<unknown>
  readonly lineages: readonly string[]
  readonly decided: DecidedReader
}

interface Chunk {
  readonly sequence: number
  readonly task: number
  readonly watermark: number
  readonly isEnded: boolean
  readonly batch: RecordBatch | undefined
}

/** One partition of a repartition topic, read in order; its channels take turns at its head. */
export class RepartitionLog {
  readonly #parts: RepartitionLogParts
  readonly #removed: Uint8Array[] = []
  /** Sequence to go on from. */
  next: number
  #head: { chunk: Chunk; key: Uint8Array } | undefined

  constructor(parts: RepartitionLogParts, next: number) {
    this.#parts = parts
    this.next = next
  }

  /** The first chunk not taken, of a lineage that counts. */
  head(): Chunk | undefined {
    while (this.#head === undefined) {
      const { schema, lineages } = this.#parts
      const entry = this.#firstEntry()
      if (entry === undefined) return undefined
      const { lineage, ...chunk } = readChunk(entry.key, entry.value, schema)
      if (lineages.includes(lineage)) this.#head = { chunk, key: entry.key.slice() }
      else this.#pass(chunk.sequence, entry.key.slice())
    }
    return this.#head.chunk
  }

  take(): Chunk {
    const head = this.#head
    assert(head !== undefined, 'the repartition log has nothing to take')
    this.#head = undefined
    this.#pass(head.chunk.sequence, head.key)
    return head.chunk
  }

  /** Adds the removal of what was consumed to the transaction that remembers the position. */
  flush(during: (step: (stores: DecisionStores) => void) => void): void {
    const removed = this.#removed.splice(0)
    if (removed.length === 0) return
    during((stores) => {
      for (const key of removed) stores.remove('topics', key)
    })
  }

  #firstEntry(): Entry | undefined {
    const { topic, partition, decided } = this.#parts
    const from = chunkKey(topic, partition, this.next)
    const to = chunkKey(topic, partition + 1, -1)
    for (const entry of decided.range('topics', from, to)) return entry
    return undefined
  }

  #pass(sequence: number, key: Uint8Array): void {
    this.next = sequence + 1
    this.#removed.push(key)
  }
}

/** The output of one upstream task, as a channel of a downstream task. */
export class RepartitionChannel implements Channel {
  readonly id: string
  readonly input: number
  readonly watermarksAscend = false
  readonly lag = undefined
  readonly #log: RepartitionLog
  readonly #task: number
  #watermark: number
  #isEnded: boolean

  constructor(
    log: RepartitionLog,
    place: { readonly id: string; readonly input: number; readonly task: number },
    restored: ChannelState | undefined,
  ) {
    this.id = `${place.id}/${place.task}`
    this.input = place.input
    this.#log = log
    this.#task = place.task
    this.#watermark = restored?.watermark ?? WATERMARK_MIN
    this.#isEnded = restored?.isEnded ?? false
  }

  get watermark(): number {
    return this.#watermark
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  peek(): ChannelBatch | undefined {
    const chunk = this.#log.head()
    if (chunk === undefined || chunk.task !== this.#task) return undefined
    const { batch } = chunk
    const firstEventTime = batch?.eventTimes[0] ?? Number.NEGATIVE_INFINITY
    return { batch, rejected: [], count: batch?.length ?? 0, firstEventTime }
  }

  take(): ChannelBatch {
    const taken = this.peek()
    assert(taken !== undefined, `channel ${this.id} has nothing to take`)
    const chunk = this.#log.take()
    if (chunk.watermark > this.#watermark) this.#watermark = chunk.watermark
    this.#isEnded = this.#isEnded || chunk.isEnded
    return taken
  }

  ready(): Promise<void> {
    return Promise.resolve()
  }

  state(): ChannelState {
    return {
      offset: this.#log.next,
      watermark: this.#watermark,
      maxEventTime: this.#watermark,
      isEnded: this.#isEnded,
      bookmark: undefined,
      gate: NO_GATE,
    }
  }

  /** Only the upstream task moves this watermark, in band. */
  advance(): void {}

  /** Recorded ticks are not applied behind a repartition. */
  limit(): void {}

  close(): void {}
}

function grouped(batches: readonly RecordBatch[]): RecordBatch[] {
  const groups: RecordBatch[] = []
  let group: RecordBatch[] = []
  let length = 0
  for (const batch of batches) {
    if (length + batch.length > BATCH_RECORDS_MAX) {
      groups.push(concatBatches(group))
      group = []
      length = 0
    }
    group.push(batch)
    length += batch.length
  }
  if (group.length > 0) groups.push(concatBatches(group))
  return groups
}

function append(
  stores: DecisionStores,
  topic: string,
  partition: number,
  values: readonly Uint8Array[],
): void {
  const marker = chunkKey(topic, partition, -1)
  const known = stores.get('topics', marker)
  let sequence = known === undefined ? 0 : new ByteReader(known).varint()
  for (const value of values) stores.put('topics', chunkKey(topic, partition, sequence++), value)
  const writer = new ByteWriter(8)
  writer.varint(sequence)
  stores.put('topics', marker, writer.toBytes())
}

/** Sequence -1 is the place of the next sequence to write. */
function chunkKey(topic: string, partition: number, sequence: number): Uint8Array {
  const writer = new ByteWriter(64)
  writer.raw(encoder.encode(topic))
  writer.uint8(0)
  writer.uint32Ordered(partition)
  writer.integerOrdered(sequence)
  return writer.toBytes()
}

function readChunk(key: Uint8Array, value: Uint8Array, schema: Schema<unknown>) {
  const sequence = new ByteReader(key, key.length - 8).integerOrdered()
  const reader = new ByteReader(value)
  const lineage = reader.text()
  const task = reader.varint()
  const watermark = reader.float64()
  const isEnded = reader.uint8() === 1
  const batch =
    reader.remaining === 0 ? undefined : decodeBatch(reader.raw(reader.remaining), schema)
  return { lineage, sequence, task, watermark, isEnded, batch }
}
