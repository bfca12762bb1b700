// RecordBatchWriter: record batches straight from ranges of bytes. Records are written behind the
// room of the header, which is filled when the batch is finished; nothing is made per record. The
// producer's identity comes last, so that a batch can wait for it.
import { crc32c } from '@node-rs/crc32'
import { assert } from '../../../engine/errors.ts'
import {
  BatchHeader,
  CHECKED_AT,
  CRC_AT,
  FRAME_BYTES,
  HEADER_BYTES,
  LENGTH_AT,
  TRANSACTIONAL,
} from './batch-header.ts'
import { BATCH_BYTES_MAX } from './batch-limits.ts'
import { copyBytes } from './byte-copy.ts'
import { type Compression, compress, compressionCode } from './compression.ts'
import { HeaderBlock } from './record-headers.ts'
import { varintSize, writeVarint } from './varint-writer.ts'

const CAPACITY_MIN = 16 * 1024
/** Length, attributes, time, offset, and the lengths of key and value take no more. */
const RECORD_OVERHEAD_BYTES = 40
const SEQUENCES = 2 ** 31
const NO_HEADERS = new HeaderBlock()

export interface RecordBatchWriterOptions {
  /** Bytes of a batch before compression, with its header; absent: BATCH_BYTES_MAX. */
  readonly bytesMax?: number
  /** Absent: none. A batch that compression would not make smaller is written without. */
  readonly compression?: Compression
}

/** Who writes a batch, as InitProducerId gave it; `baseSequence` counts records per partition. */
export interface BatchProducer {
  readonly id: number
  readonly epoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
}

/** A producer without identity: its batches may be repeated by retries. */
export const NO_PRODUCER: BatchProducer = {
  id: -1,
  epoch: -1,
  baseSequence: -1,
  isTransactional: false,
}

/** What became of a record: `full`: finish the batch first; `too-large`: no batch can hold it. */
export type AppendOutcome = 'added' | 'full' | 'too-large'

/** The sequence of the record `count` after the one with `sequence`: 0 follows 2^31 - 1. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES
}

export class RecordBatchWriter {
  readonly #bytesMax: number
  readonly #compression: Compression
  readonly #header = new BatchHeader()
  #bytes: Uint8Array = new Uint8Array(CAPACITY_MIN)
  #packed: Uint8Array = new Uint8Array(0)
  #length = HEADER_BYTES
  #count = 0

  constructor(options: RecordBatchWriterOptions = {}) {
    this.#bytesMax = options.bytesMax ?? BATCH_BYTES_MAX
    this.#compression = options.compression ?? 'none'
    assert(this.#bytesMax > HEADER_BYTES, `${this.#bytesMax} bytes hold no batch`)
  }

  /** Records since the batch began. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the batch so far, before compression. */
  get sizeBytes(): number {
    return this.#length
  }

  /** Begins a batch; what was not finished is forgotten. */
  clear(): void {
    this.#length = HEADER_BYTES
    this.#count = 0
  }

  /**
   * Adds a record with the key and the value in the ranges given; a range that ends before it
   * starts is null. Nothing is added unless the outcome is `added`.
   * @param timeMs a whole number of epoch milliseconds
   */
  append(
    timeMs: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    headers: HeaderBlock = NO_HEADERS,
  ): AppendOutcome {
    const header = this.#header
    const keyLength = keyEnd - keyStart
    const valueLength = valueEnd - valueStart
    const content = Math.max(0, keyLength) + Math.max(0, valueLength) + headers.length
    const sizeMax = content + RECORD_OVERHEAD_BYTES
    if (sizeMax > this.#bytesMax - this.#length) {
      return this.#count > 0 ? 'full' : 'too-large'
    }
    this.#reserve(sizeMax)
    if (this.#count === 0) {
      header.baseTimeMs = timeMs
      header.timeMaxMs = timeMs
    } else if (timeMs > header.timeMaxMs) header.timeMaxMs = timeMs
    const timeDelta = timeMs - header.baseTimeMs
    const numbers = varintSize(timeDelta) + varintSize(this.#count)
    const lengths = varintSize(Math.max(-1, keyLength)) + varintSize(Math.max(-1, valueLength))
    const target = this.#bytes
    let at = writeVarint(1 + numbers + lengths + content, target, this.#length)
    target[at++] = 0
    at = writeVarint(timeDelta, target, at)
    at = writeVarint(this.#count, target, at)
    at = writeRange(key, keyStart, keyEnd, target, at)
    at = writeRange(value, valueStart, valueEnd, target, at)
    at = copyBytes(headers.bytes, 0, headers.length, target, at)
    this.#length = at
    this.#count++
    return 'added'
  }

  /**
   * The batch as it is sent, valid until the next call of this writer. The batch stays: call
   * `clear` to begin the next one.
   */
  finish(producer: BatchProducer = NO_PRODUCER): Uint8Array {
    assert(this.#count > 0, 'a batch has at least one record')
    const { baseSequence } = producer
    assert(baseSequence < SEQUENCES, `sequence ${baseSequence} is past 2^31 - 1`)
    const packedEnd = this.#pack()
    const bytes = packedEnd < 0 ? this.#bytes : this.#packed
    const end = packedEnd < 0 ? this.#length : packedEnd
    const compression = packedEnd < 0 ? 'none' : this.#compression
    const header = this.#header
    header.attributes = compressionCode(compression)
    if (producer.isTransactional) header.attributes |= TRANSACTIONAL
    header.lastOffsetDelta = this.#count - 1
    header.producerId = producer.id
    header.producerEpoch = producer.epoch
    header.baseSequence = baseSequence
    header.recordCount = this.#count
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    header.write(view, 0)
    view.setInt32(LENGTH_AT, end - FRAME_BYTES)
    view.setUint32(CRC_AT, crc32c(bytes.subarray(CHECKED_AT, end)))
    return bytes.subarray(0, end)
  }

  /** Compresses; the end in `#packed`, or -1 when the batch is better left as it is. */
  #pack(): number {
    if (this.#compression === 'none') return -1
    if (this.#packed.length < this.#length) this.#packed = new Uint8Array(this.#bytes.length)
    const packed = this.#packed
    const length = this.#length
    const limit = length - 1
    return compress(
      this.#compression,
      this.#bytes,
      HEADER_BYTES,
      length,
      packed,
      HEADER_BYTES,
      limit,
    )
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

function writeRange(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  if (end < start) return writeVarint(-1, target, at)
  return copyBytes(source, start, end, target, writeVarint(end - start, target, at))
}
