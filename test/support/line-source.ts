// LineSource: a topic whose records are lines in memory, one array a partition. Gives them in batches
// of a chosen size, and can grow while it is read.

import type {
  PartitionReader,
  RecordDecoder,
  Source,
  SourceRecords,
} from '../../engine/connector.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'

const encoder = new TextEncoder()

export interface LineSourceOptions {
  readonly batchRecords?: number
  /** Goes on waiting for lines at the end. */
  readonly isLive?: boolean
  /** Told of every batch with its number of lines. */
  readonly onLines?: (count: number) => void
}

export class LineSource implements Source {
  readonly lines: string[][]
  readonly #options: LineSourceOptions

  constructor(lines: string[][], options: LineSourceOptions = {}) {
    this.lines = lines
    this.#options = options
  }

  get partitions(): number {
    return this.lines.length
  }

  open(partition: number, decoder: RecordDecoder, offset: number): PartitionReader {
    return new LineReader(this.lines[partition] ?? [], decoder, offset, this.#options)
  }
}

class LineReader implements PartitionReader {
  readonly #lines: readonly string[]
  readonly #decoder: RecordDecoder
  readonly #options: LineSourceOptions
  #next: number

  constructor(
    lines: readonly string[],
    decoder: RecordDecoder,
    offset: number,
    options: LineSourceOptions,
  ) {
    this.#lines = lines
    this.#decoder = decoder
    this.#next = offset
    this.#options = options
  }

  get isEnded(): boolean {
    return this.#options.isLive !== true && this.#next >= this.#lines.length
  }

  get lag(): number {
    return this.#lines.length - this.#next
  }

  poll(): SourceRecords | undefined {
    const size = this.#options.batchRecords ?? BATCH_RECORDS_MAX
    const lines = this.#lines.slice(this.#next, this.#next + size)
    if (lines.length === 0) return undefined
    this.#options.onLines?.(lines.length)
    const values = lines.map((line) => encoder.encode(line))
    const ends = new Int32Array(values.length)
    values.reduce((end, value, i) => {
      ends[i] = end + value.length
      return end + value.length
    }, 0)
    const starts = Int32Array.from(ends, (end, i) => end - (values[i]?.length ?? 0))
    const offsets = Float64Array.from(lines, (_, i) => this.#next + i)
    this.#next += lines.length
    return this.#decoder.decodeRecords(Buffer.concat(values), starts, ends, offsets, undefined)
  }

  /** Live and without a line, it leaves the loop to its clock. */
  ready(): Promise<void> {
    return this.#options.isLive === true && this.lag === 0
      ? new Promise(() => {})
      : Promise.resolve()
  }

  bookmark(): undefined {
    return undefined
  }

  close(): void {}
}
