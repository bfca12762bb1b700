// PartitionQueue: what was fetched of one partition and not yet decoded, and where to fetch next. The
// fetcher fills it, one reader empties it. Law: what it gives is without a gap and in the order of
// offsets; an answer to an offset that is not wanted any more is dropped.
import type { MillraceError } from '../../../engine/errors.ts'
import type { FetchedPartition } from '../protocol/fetch.ts'
import { batchesEnd } from './batches-end.ts'
import { gaveUp } from './source-error.ts'

/** The records of one response. */
export type FetchedBytes = Pick<FetchedPartition, 'records' | 'aborted'>

export interface QueueOptions {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Nothing is fetched from this offset on; infinity: without end. */
  readonly end: number
  readonly lastStableOffset: number
  readonly bufferBytes: number
  readonly retryMs: number
}

/** `stale`: its leader has to be asked for before it is fetched again. */
type State = 'idle' | 'asked' | 'stale' | 'closed'

export class PartitionQueue {
  readonly partition: number
  /** For errors: `orders-3`. */
  readonly name: string
  readonly #options: QueueOptions
  readonly #fetched: FetchedBytes[] = []
  #bytes = 0
  #fetchOffset: number
  #lastStableOffset: number
  #troubledAtMs: number | undefined
  #onArrival: (() => void) | undefined
  state: State = 'idle'
  /** The broker held back a batch that did not fit beside those of other partitions. */
  isStarved = false
  /** Why nothing more comes; the reader throws it after what was fetched before. */
  failure: MillraceError | undefined

  constructor(options: QueueOptions) {
    this.#options = options
    this.partition = options.partition
    this.name = `${options.topic}-${options.partition}`
    this.#fetchOffset = options.offset
    this.#lastStableOffset = options.lastStableOffset
  }

  get fetchOffset(): number {
    return this.#fetchOffset
  }

  /** As of the last response. */
  get lastStableOffset(): number {
    return this.#lastStableOffset
  }

  /** More will be fetched, now or when there is room. */
  get isOpen(): boolean {
    const isWanted = this.state !== 'closed' && this.failure === undefined
    return isWanted && this.#fetchOffset < this.#options.end
  }

  get isWanting(): boolean {
    return this.state === 'idle' && this.isOpen && this.#bytes < this.#options.bufferBytes
  }

  get bufferedBytes(): number {
    return this.#bytes
  }

  /** Something waits for the reader. */
  get hasNews(): boolean {
    return this.#fetched.length > 0 || this.failure !== undefined
  }

  shift(): FetchedBytes | undefined {
    const fetched = this.#fetched.shift()
    if (fetched !== undefined) this.#bytes -= fetched.records.length
    return fetched
  }

  /** Takes the answer to a fetch from `offset`. */
  accept(offset: number, answer: FetchedPartition): void {
    if (this.state === 'closed') return
    this.state = 'idle'
    this.#troubledAtMs = undefined
    this.#lastStableOffset = answer.lastStableOffset
    if (offset !== this.#fetchOffset) return
    const { aborted } = answer
    const end = batchesEnd(answer.records)
    this.isStarved = end === undefined && offset < answer.lastStableOffset
    if (answer.records.length === 0) return
    const records = own(answer.records)
    this.#fetched.push({ records, aborted })
    this.#bytes += records.length
    this.#fetchOffset = Math.max(offset, end ?? offset)
    this.#wake()
  }

  /** A try failed, at `nowMs`: another one follows, unless tries failed for too long. */
  trouble(nowMs: number, found: string): void {
    if (this.state === 'closed') return
    this.state = 'stale'
    this.#troubledAtMs ??= nowMs
    const { retryMs } = this.#options
    if (nowMs - this.#troubledAtMs >= retryMs) this.fail(gaveUp(this.name, retryMs, found))
  }

  fail(failure: MillraceError): void {
    this.failure ??= failure
    this.#wake()
  }

  /** Forgets what was fetched and fetches again from `offset`. */
  restart(offset: number): void {
    this.#fetched.length = 0
    this.#bytes = 0
    this.#fetchOffset = offset
  }

  /** Calls `run` once, when something waits for the reader. */
  onArrival(run: () => void): void {
    this.#onArrival = run
  }

  close(): void {
    this.state = 'closed'
    this.restart(this.#fetchOffset)
    this.#wake()
  }

  #wake(): void {
    const run = this.#onArrival
    this.#onArrival = undefined
    run?.()
  }
}

/** A small part of a response must not keep the whole of it in memory. */
function own(records: Uint8Array): Uint8Array {
  return records.length * 2 >= records.buffer.byteLength ? records : records.slice()
}
