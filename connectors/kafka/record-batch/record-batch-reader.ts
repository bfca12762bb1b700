// RecordBatchReader: the records of one fetched partition, batch by batch, as ranges that a
// RecordDecoder takes. What it gives are the records of users from the wanted offset on, in order:
// marks of the broker and, when committed records are read, the batches of aborted transactions
// are left out, and the offset to go on from moves over them. It does no I/O and keeps no copy of
// uncompressed records; a batch cut off at the end of a response waits for the next one.
import { crc32c } from '@node-rs/crc32'
import { BATCH_RECORDS_MAX } from '../../../engine/limits.ts'
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts'
import {
  corruptBatch,
  cutBatch,
  damagedBatch,
  placed,
  placeOf,
  unknownFormat,
} from './batch-error.ts'
import {
  BatchHeader,
  CHECKED_AT,
  FRAME_BYTES,
  HEADER_BYTES,
  LENGTH_AT,
  MAGIC,
  MAGIC_AT,
  MAGIC_END,
  readInt64,
} from './batch-header.ts'
import { PAYLOAD_BYTES_KEPT, PAYLOAD_BYTES_MAX } from './batch-limits.ts'
import { BoundedOutput } from './bounded-output.ts'
import { decompress } from './compression.ts'
import { isAbortMark } from './control-mark.ts'
import { RecordRanges } from './record-ranges.ts'
import { RecordScanner } from './record-scanner.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_VIEW: DataView = new DataView(NO_BYTES.buffer)

export interface RecordBatchReaderOptions {
  /** Names the partition in errors: `orders-3`. */
  readonly partition: string
  /** Whether records with a null value are given (as null ranges) or left out; absent: given. */
  readonly tombstones?: 'give' | 'skip'
  /** Absent: PAYLOAD_BYTES_MAX. */
  readonly payloadBytesMax?: number
  /** Shared by readers that are used in turns. */
  readonly ranges?: RecordRanges
}

/** Up to BATCH_RECORDS_MAX records; all of it is valid until the next call of the reader. */
export interface FetchedRecords {
  readonly length: number
  /** What all ranges point into: the response, or the decompressed records of one batch. */
  readonly bytes: Uint8Array
  /** Keys and headers of the records, by row. */
  readonly ranges: RecordRanges
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
  readonly offsets: Float64Array
  /** Epoch microseconds, `isAppendTime` tells whose. */
  readonly times: Float64Array
  /** `times` are when the log took the records; else they are what producers gave. */
  readonly isAppendTime: boolean
}

export class RecordBatchReader {
  readonly #partition: string
  readonly #ranges: RecordRanges
  readonly #payload: BoundedOutput
  readonly #header = new BatchHeader()
  readonly #scanner: RecordScanner
  readonly #aborted = new AbortedTransactions()
  #isCommittedOnly = false
  #bytes = NO_BYTES
  #view = NO_VIEW
  #start = 0
  /** The batch of the header, and where the next one begins. */
  #batchAt = 0
  #at = 0
  #end = 0
  /** The records of the header's batch are still to be opened. */
  #isSealed = false
  /** No batch may begin before it: the end of the one before. */
  #baseMin = 0
  #nextOffset = 0

  constructor(options: RecordBatchReaderOptions) {
    this.#partition = options.partition
    this.#ranges = options.ranges ?? new RecordRanges()
    this.#payload = new BoundedOutput(options.payloadBytesMax ?? PAYLOAD_BYTES_MAX)
    this.#scanner = new RecordScanner(this.#ranges, options.tombstones !== 'skip')
  }

  /** The offset to fetch from after what was read: it passes over what is left out, too. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /**
   * Begins with the `records` of a response; what was left of the last one is forgotten.
   * @param fetchOffset records before it are left out: a batch is sent whole
   * @param aborted what the response says; undefined gives aborted records, too
   */
  open(
    bytes: Uint8Array,
    start: number,
    end: number,
    fetchOffset: number,
    aborted: readonly AbortedTransaction[] | undefined,
  ): void {
    this.#leave()
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#start = start
    this.#at = start
    this.#end = end
    this.#nextOffset = fetchOffset
    this.#baseMin = 0
    this.#isCommittedOnly = aborted !== undefined
    this.#aborted.open(aborted ?? [])
  }

  /**
   * The next records; undefined when the response has no more. An error gives up the response:
   * `nextOffset` is then where this read would have begun.
   * @throws RetryableError KAFKA_BATCH_DAMAGED, KAFKA_BATCH_CUT; StateCorruptError
   *   KAFKA_BATCH_CORRUPT, KAFKA_PAYLOAD_CORRUPT; ConfigError KAFKA_BATCH_FORMAT,
   *   KAFKA_PAYLOAD_TOO_LARGE, KAFKA_COMPRESSION_UNKNOWN
   */
  read(): FetchedRecords | undefined {
    const wanted = this.#nextOffset
    try {
      const records = this.#read()
      if (records === undefined) this.#leave()
      return records
    } catch (error) {
      this.#nextOffset = wanted
      this.#leave()
      throw placed(error, placeOf(this.#partition, this.#header.baseOffset))
    }
  }

  /** Lets go of the response: it may hold those of many partitions, and the next may be far. */
  #leave(): void {
    this.#bytes = NO_BYTES
    this.#view = NO_VIEW
    this.#at = 0
    this.#end = 0
    this.#isSealed = false
    this.#scanner.close()
    this.#payload.shrink(PAYLOAD_BYTES_KEPT)
  }

  #read(): FetchedRecords | undefined {
    const scanner = this.#scanner
    const header = this.#header
    let rows = 0
    let { bytes } = scanner
    let isAppendTime = false
    while (rows < BATCH_RECORDS_MAX) {
      if (scanner.left === 0 && !this.#isSealed && !this.#enter()) break
      if (rows > 0 && header.isAppendTime !== isAppendTime) break
      if (this.#isSealed) {
        // Ranges of one read point into one array: other bytes begin another read.
        if (rows > 0 && (header.compression !== 0 || bytes !== this.#bytes)) break
        this.#unseal()
      }
      bytes = scanner.bytes
      isAppendTime = header.isAppendTime
      rows = scanner.take(rows, this.#nextOffset)
      this.#nextOffset = Math.max(
        this.#nextOffset,
        (scanner.left === 0 ? header.lastOffset : scanner.offset) + 1,
      )
    }
    return rows === 0 ? undefined : this.#give(rows, bytes, isAppendTime)
  }

  #give(length: number, bytes: Uint8Array, isAppendTime: boolean): FetchedRecords {
    const ranges = this.#ranges
    const { valueStarts, valueEnds, offsets, times } = ranges
    if (length === BATCH_RECORDS_MAX) {
      return { length, bytes, ranges, valueStarts, valueEnds, offsets, times, isAppendTime }
    }
    return {
      length,
      bytes,
      ranges,
      valueStarts: valueStarts.subarray(0, length),
      valueEnds: valueEnds.subarray(0, length),
      offsets: offsets.subarray(0, length),
      times: times.subarray(0, length),
      isAppendTime,
    }
  }

  /** Goes to the next batch whose records are wanted; false when there is no whole one. */
  #enter(): boolean {
    const header = this.#header
    while (this.#isWhole()) {
      this.#check()
      this.#baseMin = header.lastOffset + 1
      const isWanted = !this.#isLeftOut() && header.recordCount > 0
      if (isWanted && header.lastOffset >= this.#nextOffset) {
        this.#isSealed = true
        return true
      }
      this.#nextOffset = Math.max(this.#nextOffset, header.lastOffset + 1)
    }
    return false
  }

  /** Whether a batch begins here with all its bytes; reads its header and moves behind it. */
  #isWhole(): boolean {
    const at = this.#at
    const remaining = this.#end - at
    if (remaining <= 0) return false
    // Errors name the batch that is looked at.
    this.#header.baseOffset = this.#nextOffset
    if (remaining < MAGIC_END) return this.#isCut(at, HEADER_BYTES)
    this.#header.baseOffset = readInt64(this.#view, at)
    const magic = this.#view.getInt8(at + MAGIC_AT)
    if (magic !== MAGIC) throw unknownFormat(magic)
    const size = FRAME_BYTES + this.#view.getInt32(at + LENGTH_AT)
    if (size < HEADER_BYTES) throw damagedBatch(`${HEADER_BYTES} bytes or more`, `${size}`)
    if (size > remaining) return this.#isCut(at, size)
    this.#header.read(this.#view, at)
    this.#batchAt = at
    this.#at = at + size
    return true
  }

  /** Always false: the rest comes with the next response, unless nothing else came with this. */
  #isCut(at: number, size: number): boolean {
    if (at > this.#start) return false
    throw cutBatch(size, this.#end - at)
  }

  #check(): void {
    const header = this.#header
    const { baseOffset, lastOffset, lastOffsetDelta, recordCount } = header
    const checked = this.#bytes.subarray(this.#batchAt + CHECKED_AT, this.#at)
    const crc = crc32c(checked)
    if (crc !== header.crc) throw damagedBatch(`CRC32C ${header.crc}`, `${crc}`)
    if (baseOffset < this.#baseMin || !Number.isSafeInteger(lastOffset)) {
      throw damagedBatch(`an offset of ${this.#baseMin} or more`, `${baseOffset}`)
    }
    if (lastOffsetDelta < 0 || recordCount < 0 || recordCount > lastOffsetDelta + 1) {
      const found = `${recordCount} records, the last one ${lastOffsetDelta} after the first`
      throw corruptBatch('at most one record an offset', found)
    }
  }

  /** Marks of the broker, and records of transactions that were aborted. */
  #isLeftOut(): boolean {
    const { producerId, lastOffset, isControl, isTransactional, recordCount } = this.#header
    if (!this.#isCommittedOnly || producerId < 0) return isControl
    const isAborted = this.#aborted.isAborted(producerId, lastOffset)
    if (!isControl) return isAborted && isTransactional
    if (isAborted && recordCount > 0) {
      const start = this.#batchAt + HEADER_BYTES
      if (isAbortMark(this.#bytes, start)) this.#aborted.end(producerId)
    }
    return true
  }

  #unseal(): void {
    this.#isSealed = false
    const header = this.#header
    const start = this.#batchAt + HEADER_BYTES
    if (header.compression === 0) {
      this.#scanner.open(this.#bytes, start, this.#at, header)
      return
    }
    const payload = this.#payload
    decompress(header.compression, this.#bytes, start, this.#at, payload)
    this.#scanner.open(payload.bytes, 0, payload.length, header)
  }
}
