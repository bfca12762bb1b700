// logSource: reads a topic of any ChunkStore, partition by partition, into columns. Small chunks
// are joined into full batches; a chunk of usual size is decoded where it lies. A position below
// the earliest offset is an error, never a silent jump.
import type { Clock } from '../../engine/clock.ts'
import type {
  PartitionReader,
  RecordDecoder,
  Source,
  SourceRecords,
} from '../../engine/connector.ts'
import { ConfigError } from '../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import { type ChunkStore, checkPartition } from './chunk-store.ts'
import {
  chunkAt,
  earliestOffset,
  latestOffset,
  outOfRange,
  type PlacedChunk,
} from './partition-cursor.ts'
import type { TopicDefinition } from './topic-definition.ts'
import type { TopicHome } from './topic-home.ts'

/** Milliseconds between two looks at an idle partition: the first, and the longest. */
const IDLE_DELAY_MS = { first: 1, max: 4 } as const
/** A chunk with at least so many records left is decoded alone. */
const JOIN_BELOW_RECORDS = 512
/** Bytes of small chunks that are joined at most. */
const JOIN_BYTES_MAX = 4 * 1024 * 1024

export interface LogSourceOptions {
  /** Ends at the offsets that are the latest when a partition is opened. */
  readonly bounded?: boolean
  /** Records in one batch at most, for tests. */
  readonly batchRecords?: number
}

/** A source that also knows the ends of its partitions. */
export interface LogSource extends Source {
  readonly definition: TopicDefinition
  earliest(partition: number): number
  latest(partition: number): number
}

/** @throws ConfigError TOPIC_UNKNOWN */
export function logSource(
  home: TopicHome,
  topic: string,
  options: LogSourceOptions = {},
): LogSource {
  const definition = home.topic(topic)
  const { store } = home
  return {
    definition,
    partitions: definition.partitions,
    earliest: (partition) => earliestOffset(store, topic, partition),
    latest: (partition) => latestOffset(store, topic, partition),
    open(partition, decoder, offset, bookmark) {
      checkPartition(topic, partition, definition.partitions)
      checkBookmark(definition, bookmark)
      // Also checks the place at once, instead of at the first record.
      const earliest = earliestOffset(store, topic, partition)
      const latest = latestOffset(store, topic, partition)
      if (offset < earliest || offset > latest) throw outOfRange(store, topic, partition, offset)
      const end = options.bounded === true ? latest : Number.POSITIVE_INFINITY
      const { batchRecords = BATCH_RECORDS_MAX } = options
      return new LogReader(home, { definition, partition, decoder, offset, end, batchRecords })
    },
  }
}

interface ReadRange {
  readonly definition: TopicDefinition
  readonly partition: number
  readonly decoder: RecordDecoder
  readonly offset: number
  readonly end: number
  readonly batchRecords: number
}

class LogReader implements PartitionReader {
  readonly #store: ChunkStore
  readonly #clock: Clock
  readonly #definition: TopicDefinition
  readonly #partition: number
  readonly #decoder: RecordDecoder
  readonly #end: number
  readonly #batchRecords: number
  #next: number
  #idlePolls = 0

  constructor(home: TopicHome, range: ReadRange) {
    this.#store = home.store
    this.#clock = home.clock
    this.#definition = range.definition
    this.#partition = range.partition
    this.#decoder = range.decoder
    this.#next = range.offset
    this.#end = range.end
    this.#batchRecords = range.batchRecords
  }

  get isEnded(): boolean {
    return this.#next >= this.#end
  }

  get lag(): number {
    const end = Math.min(
      this.#end,
      latestOffset(this.#store, this.#definition.topic, this.#partition),
    )
    return Math.max(0, end - this.#next)
  }

  poll(): SourceRecords | undefined {
    if (this.isEnded) return undefined
    const first = this.#chunkAt(this.#next)
    if (first === undefined) {
      this.#idlePolls++
      return undefined
    }
    this.#idlePolls = 0
    const pieces = [first]
    let records = first.offset + first.chunk.count - this.#next
    let bytes = first.chunk.bytes.length
    const enough = Math.min(JOIN_BELOW_RECORDS, this.#batchRecords)
    while (records < enough && bytes < JOIN_BYTES_MAX) {
      const piece = this.#chunkAt(this.#next + records)
      if (piece === undefined || records + piece.chunk.count > BATCH_RECORDS_MAX) break
      pieces.push(piece)
      records += piece.chunk.count
      bytes += piece.chunk.bytes.length
    }
    return this.#decode(pieces, Math.min(records, this.#end - this.#next, this.#batchRecords))
  }

  ready(): Promise<void> {
    const { first, max } = IDLE_DELAY_MS
    return this.#clock.delay(Math.min(max, first * Math.max(1, this.#idlePolls)))
  }

  /** When the topic was created: another topic of the same name is another input. */
  bookmark(): Uint8Array {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, this.#definition.createdMicros, true)
    return bytes
  }

  close(): void {}

  #chunkAt(offset: number): PlacedChunk | undefined {
    return chunkAt(this.#store, this.#definition.topic, this.#partition, offset)
  }

  #decode(pieces: readonly PlacedChunk[], count: number): SourceRecords {
    const offsets = new Float64Array(count)
    for (let i = 0; i < count; i++) offsets[i] = this.#next + i
    const appendTimes = new Float64Array(count)
    const ranges = pieces.length === 1 ? this.#oneRange(pieces, count) : joined(pieces, this.#next)
    let filled = 0
    for (const { chunk, offset } of pieces) {
      const here = Math.min(count, offset + chunk.count - this.#next)
      appendTimes.fill(chunk.appendTime, filled, here)
      filled = here
    }
    const { bytes, starts, ends } = ranges
    const [from, to] = [starts.subarray(0, count), ends.subarray(0, count)]
    const records = this.#decoder.decodeRecords(bytes, from, to, offsets, appendTimes)
    this.#next += count
    return records
  }

  #oneRange(pieces: readonly PlacedChunk[], count: number): RecordRanges {
    const [piece] = pieces
    if (piece === undefined) return NO_RANGES
    const { chunk, offset } = piece
    const from = this.#next - offset
    return {
      bytes: chunk.bytes,
      starts: chunk.valueStarts.subarray(from, from + count),
      ends: chunk.valueEnds.subarray(from, from + count),
    }
  }
}

interface RecordRanges {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

const NO_RANGES: RecordRanges = {
  bytes: new Uint8Array(0),
  starts: new Int32Array(0),
  ends: new Int32Array(0),
}

/** The values of several chunks from `next` on, one after another in one buffer. */
function joined(pieces: readonly PlacedChunk[], next: number): RecordRanges {
  const total = pieces.reduce((sum, { chunk }) => sum + chunk.bytes.length, 0)
  const bytes = new Uint8Array(total)
  const starts = new Int32Array(BATCH_RECORDS_MAX)
  const ends = new Int32Array(BATCH_RECORDS_MAX)
  let records = 0
  let base = 0
  for (const { chunk, offset } of pieces) {
    bytes.set(chunk.bytes, base)
    for (let i = Math.max(0, next - offset); i < chunk.count; i++) {
      starts[records] = base + chunk.valueStarts[i]!
      ends[records] = base + chunk.valueEnds[i]!
      records++
    }
    base += chunk.bytes.length
  }
  return { bytes, starts, ends }
}

function checkBookmark(definition: TopicDefinition, bookmark: Uint8Array | undefined): void {
  if (bookmark === undefined || bookmark.length !== 8) return
  const view = new DataView(bookmark.buffer, bookmark.byteOffset, 8)
  const created = view.getFloat64(0, true)
  if (created === definition.createdMicros) return
  throw new ConfigError({
    code: 'INPUT_CHANGED',
    message: `topic "${definition.topic}" is not the one that was read before`,
    expected: `the topic created at ${created} µs`,
    found: `one created at ${definition.createdMicros} µs`,
    remedy: 'Restore the log, or start afresh with --fresh.',
  })
}
