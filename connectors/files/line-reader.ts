// LineReader: feeds a decoder with lines from a file or a pipe. The rest of an unfinished line
// stays where it is until the buffer ends, and only then moves to its front; a line longer than
// RECORD_BYTES_MAX becomes one rejected record, of which only the beginning is kept in memory.
import type { PartitionReader, RecordDecoder, SourceRecords } from '../../engine/connector.ts'
import { FILE_READ_BYTES, RECORD_BYTES_MAX } from '../../engine/limits.ts'

const NEWLINE = 10
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]
/** Bytes of a line that is too long that its dead letter keeps. */
const LONG_LINE_BYTES_KEPT = 4096

/** Where the bytes come from. */
export interface ByteFeed {
  /**
   * Fills `bytes[from .. to)`. Returns the count, 0 at the end, or -1 when there is nothing at the
   * moment; `ready` then tells when to ask again.
   */
  read(bytes: Uint8Array, from: number, to: number): number
  ready(): Promise<void>
  /** `bytes[from .. to)`, read before, is decoded. */
  consume(bytes: Uint8Array, from: number, to: number, isUnterminated: boolean): void
  bookmark(): Uint8Array | undefined
  close(): void
}

export class LineReader implements PartitionReader {
  readonly lag = undefined
  readonly #feed: ByteFeed
  readonly #decoder: RecordDecoder
  readonly #bytesMax: number
  #buffer: Uint8Array
  #start = 0
  #end = 0
  #next: number
  #isAtEnd = false
  #decoded: SourceRecords | undefined
  /** The input may begin with a byte order mark. */
  #mayBeMarked: boolean
  /** Beginning of a line that is too long, while the rest of it is skipped. */
  #longLine: Uint8Array | undefined

  /** @param recordBytesMax for tests only */
  constructor(
    feed: ByteFeed,
    decoder: RecordDecoder,
    offset: number,
    recordBytesMax = RECORD_BYTES_MAX,
  ) {
    this.#feed = feed
    this.#decoder = decoder
    this.#next = offset
    this.#mayBeMarked = offset === 0
    this.#bytesMax = recordBytesMax
    this.#buffer = new Uint8Array(Math.min(FILE_READ_BYTES, recordBytesMax * 2))
  }

  get isEnded(): boolean {
    return this.#isAtEnd && this.#start === this.#end && this.#longLine === undefined
  }

  poll(): SourceRecords | undefined {
    for (;;) {
      if (this.#longLine !== undefined) {
        const rejected = this.#skipLongLine(this.#longLine)
        if (rejected !== undefined) return rejected
      } else if (this.#start < this.#end) {
        const consumed = this.#decodeLines()
        if (consumed > 0) {
          const records = this.#decoded
          if (records !== undefined && records.length + records.rejected.length > 0) return records
          continue
        }
        if (this.#end - this.#start > this.#bytesMax) {
          this.#longLine = this.#buffer.slice(this.#start, this.#start + LONG_LINE_BYTES_KEPT)
          continue
        }
      }
      if (this.#isAtEnd || !this.#fill()) return undefined
    }
  }

  ready(): Promise<void> {
    return this.#feed.ready()
  }

  bookmark(): Uint8Array | undefined {
    return this.#feed.bookmark()
  }

  close(): void {
    this.#feed.close()
  }

  /** Decodes into `#decoded`; returns the bytes consumed. */
  #decodeLines(): number {
    const { records, consumed } = this.#decoder.decodeLines(
      this.#buffer,
      this.#start,
      this.#end,
      this.#next,
      this.#isAtEnd,
    )
    this.#decoded = records
    if (consumed > 0) {
      this.#consume(consumed)
      this.#next = records.nextOffset
    }
    return consumed
  }

  /** Drops bytes up to the newline; then gives the line as a rejected record. */
  #skipLongLine(beginning: Uint8Array): SourceRecords | undefined {
    const newline = this.#buffer.subarray(0, this.#end).indexOf(NEWLINE, this.#start)
    this.#consume((newline < 0 ? this.#end : newline + 1) - this.#start)
    if (newline < 0 && !this.#isAtEnd) return undefined
    this.#longLine = undefined
    const offset = this.#next++
    const reason = `the line is longer than ${this.#bytesMax} bytes; its beginning is kept`
    const none = this.#decoder.decodeLines(this.#buffer, 0, 0, this.#next, true).records
    const rejected = [{ offset, code: 'RECORD_TOO_LARGE', reason, raw: beginning }]
    return { ...none, nextOffset: this.#next, rejected }
  }

  #consume(count: number): void {
    const to = this.#start + count
    const isUnterminated = count > 0 && this.#buffer[to - 1] !== NEWLINE
    this.#feed.consume(this.#buffer, this.#start, to, isUnterminated)
    this.#start = to
  }

  /** Reads more; false when there is nothing at the moment. At the end sets `#isAtEnd`. */
  #fill(): boolean {
    if (this.#start === this.#end) {
      this.#start = 0
      this.#end = 0
    }
    // Moving pays when the space behind is short; the rest of a line is short against the buffer.
    if (this.#buffer.length - this.#end < this.#buffer.length / 4) this.#makeRoom()
    const count = this.#feed.read(this.#buffer, this.#end, this.#buffer.length)
    if (count < 0) return false
    if (count === 0) this.#isAtEnd = true
    this.#end += count
    if (this.#mayBeMarked) this.#skipByteOrderMark()
    return true
  }

  /** A byte order mark at the very beginning is no part of the first line. */
  #skipByteOrderMark(): void {
    if (this.#end < BYTE_ORDER_MARK.length && !this.#isAtEnd) return
    this.#mayBeMarked = false
    if (BYTE_ORDER_MARK.every((byte, i) => this.#buffer[i] === byte)) {
      this.#consume(BYTE_ORDER_MARK.length)
    }
  }

  #makeRoom(): void {
    const length = this.#end - this.#start
    if (length > this.#buffer.length / 2) {
      const larger = new Uint8Array(this.#buffer.length * 2)
      larger.set(this.#buffer.subarray(this.#start, this.#end))
      this.#buffer = larger
    } else {
      this.#buffer.copyWithin(0, this.#start, this.#end)
    }
    this.#start = 0
    this.#end = length
  }
}
