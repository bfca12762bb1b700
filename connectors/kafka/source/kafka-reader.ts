// KafkaReader: the records of one partition, decoded from the bytes that were fetched. Laws: offsets
// ascend and skip nothing that the topic still holds; the position moves over marks of transactions,
// aborted records and gaps of compaction, too, with an empty batch where no record follows; a bounded
// reader gives nothing at its end or beyond. Records without a value (tombstones) have no columns to
// go into: they are rejected with the code TOMBSTONE, or left out where the source says so.
import { columnBuilder } from '../../../engine/batch/index.ts'
import type { Clock } from '../../../engine/clock.ts'
import type {
  PartitionReader,
  RecordDecoder,
  RejectedRecord,
  SourceRecords,
} from '../../../engine/connector.ts'
import { RetryableError } from '../../../engine/errors.ts'
import {
  type FetchedRecords,
  isNullRange,
  RecordBatchReader,
  type RecordRanges,
} from '../record-batch/index.ts'
import type { Isolation, PartitionFetcher } from './partition-fetcher.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { DAMAGED_FETCHES_MAX, READY_MS } from './source-limits.ts'

export interface KafkaReaderParts {
  readonly queue: PartitionQueue
  readonly fetcher: PartitionFetcher
  readonly decoder: RecordDecoder
  /** Shared by the readers of a source: they are used in turns. */
  readonly ranges: RecordRanges
  readonly offset: number
  /** Infinity: without end. */
  readonly end: number
  readonly isolation: Isolation
  readonly tombstones: 'reject' | 'skip'
  readonly bookmark: Uint8Array
  readonly clock: Clock
}

export class KafkaReader implements PartitionReader {
  readonly #parts: KafkaReaderParts
  readonly #batches: RecordBatchReader
  /** The batches of a response are being read. */
  #isReading = false
  #next: number
  #damaged = 0
  #ready: Promise<void> | undefined

  constructor(parts: KafkaReaderParts) {
    const { queue, ranges, tombstones } = parts
    this.#parts = parts
    this.#next = parts.offset
    this.#batches = new RecordBatchReader({
      partition: queue.name,
      ranges,
      tombstones: tombstones === 'skip' ? 'skip' : 'give',
    })
  }

  get isEnded(): boolean {
    return this.#next >= this.#parts.end
  }

  /** Offsets up to the last stable one, or to the end where that is nearer. */
  get lag(): number {
    const { queue, end } = this.#parts
    return Math.max(0, Math.min(end, queue.lastStableOffset) - this.#next)
  }

  poll(): SourceRecords | undefined {
    while (!this.isEnded) {
      if (!this.#isReading && !this.#openNext()) return undefined
      const found = this.#read()
      if (found !== undefined) return this.#decode(found)
      this.#isReading = false
      const { nextOffset } = this.#batches
      if (nextOffset > this.#next) return this.#nothing(nextOffset, [])
    }
    return undefined
  }

  ready(): Promise<void> {
    const { queue, clock } = this.#parts
    if (this.#isReading || this.isEnded || queue.hasNews) return Promise.resolve()
    this.#ready ??= new Promise((resolve) => {
      const run = () => {
        this.#ready = undefined
        resolve()
      }
      queue.onArrival(run)
      void clock.delay(READY_MS).then(run)
    })
    return this.#ready
  }

  /** The cluster: offsets of another one mean other records. */
  bookmark(): Uint8Array {
    return this.#parts.bookmark
  }

  close(): void {
    this.#isReading = false
    this.#parts.fetcher.remove(this.#parts.queue)
  }

  /** Begins with the next response; false when there is none. */
  #openNext(): boolean {
    const { queue, fetcher, isolation } = this.#parts
    const fetched = queue.shift()
    if (fetched === undefined) {
      if (queue.failure !== undefined) throw queue.failure
      return false
    }
    fetcher.wake()
    const { records, aborted } = fetched
    const hidden = isolation === 'read_committed' ? aborted : undefined
    this.#batches.open(records, 0, records.length, this.#next, hidden)
    this.#isReading = true
    return true
  }

  /** What was damaged on its way is fetched again, a few times. */
  #read(): FetchedRecords | undefined {
    try {
      const found = this.#batches.read()
      if (found !== undefined) this.#damaged = 0
      return found
    } catch (error) {
      this.#isReading = false
      this.#damaged++
      if (!(error instanceof RetryableError) || this.#damaged > DAMAGED_FETCHES_MAX) throw error
      const { queue, fetcher } = this.#parts
      queue.restart(this.#next)
      fetcher.wake()
      return undefined
    }
  }

  #decode(found: FetchedRecords): SourceRecords {
    const { decoder, end } = this.#parts
    const { nextOffset } = this.#batches
    const count = end < nextOffset ? countBelow(found.offsets, end) : found.length
    const kept = count === 0 ? 0 : withoutTombstones(found, count)
    const tombstones = kept === count ? NO_REJECTED : tombstonesOf(found, kept, count)
    if (kept === 0) return this.#nothing(nextOffset, tombstones)
    this.#next = Math.min(nextOffset, end)
    const { bytes, valueStarts, valueEnds, offsets, times, isAppendTime } = found
    const records = decoder.decodeRecords(
      bytes,
      valueStarts.subarray(0, kept),
      valueEnds.subarray(0, kept),
      offsets.slice(0, kept),
      isAppendTime ? times.slice(0, kept) : undefined,
    )
    const rejected =
      tombstones.length === 0 ? records.rejected : inOrder([...records.rejected, ...tombstones])
    return { ...records, rejected, nextOffset: this.#next }
  }

  /** No record that could be decoded: only the position moves. */
  #nothing(nextOffset: number, rejected: readonly RejectedRecord[]): SourceRecords {
    const { decoder, end } = this.#parts
    this.#next = Math.min(nextOffset, end)
    return {
      columns: decoder.schema.fields.map((field) => columnBuilder(field).finish()),
      length: 0,
      offsets: new Float64Array(0),
      appendTimes: undefined,
      rejected,
      nextOffset: this.#next,
    }
  }
}

const NO_REJECTED: readonly RejectedRecord[] = []
const NO_BYTES = new Uint8Array(0)

/** How many of the ascending offsets are below `end`. */
function countBelow(offsets: Float64Array, end: number): number {
  let count = offsets.length
  while (count > 0 && offsets[count - 1]! >= end) count--
  return count
}

/** Moves tombstones behind the other records, both in order; returns how many others there are. */
function withoutTombstones(found: FetchedRecords, count: number): number {
  const { valueStarts, valueEnds, offsets, times } = found
  let first = 0
  while (first < count && !isNullRange(valueStarts[first]!, valueEnds[first]!)) first++
  if (first === count) return count
  const moved: number[] = []
  let kept = first
  for (let row = first; row < count; row++) {
    const start = valueStarts[row]!
    const end = valueEnds[row]!
    const offset = offsets[row]!
    if (isNullRange(start, end)) {
      moved.push(offset)
      continue
    }
    valueStarts[kept] = start
    valueEnds[kept] = end
    times[kept] = times[row]!
    offsets[kept++] = offset
  }
  offsets.set(moved, kept)
  return kept
}

function tombstonesOf(found: FetchedRecords, from: number, to: number): RejectedRecord[] {
  return Array.from(found.offsets.subarray(from, to), (offset) => ({
    offset,
    code: 'TOMBSTONE',
    reason: 'the record has no value: it deletes its key from a compacted topic',
    raw: NO_BYTES,
  }))
}

function inOrder(rejected: readonly RejectedRecord[]): RejectedRecord[] {
  return rejected.toSorted((a, b) => a.offset - b.offset)
}
