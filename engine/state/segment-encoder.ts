// SegmentEncoder: the SegmentWriter that makes blocks. Rows are written once into the current block's
// buffer and copied once when it is full; nothing is allocated per row. One encoder is used for all
// tables of a slot, one after another; the memory of blocks is used again once they are given back.
import { ByteWriter } from '../batch/index.ts'
import { assert } from '../errors.ts'
import { SEGMENT_BLOCK_BYTES_MAX } from '../limits.ts'
import { coalesceRanges } from './key-range.ts'
import {
  BLOCK_KIND,
  HEADER_BYTES,
  identitySeed,
  type KeyRange,
  type SegmentFooter,
  type SegmentIdentity,
  sealBlock,
} from './segment.ts'
import type { SegmentWriter, TableFormat } from './state-table.ts'

// LMDB puts 16 bytes in front of a value in its own pages: a full block takes exactly 16 pages.
const BLOCK_BYTES_TARGET = SEGMENT_BLOCK_BYTES_MAX - 16
const BLOCK_ROWS_MAX = 16384
/** Buffers that are kept: 4 MiB. */
const BUFFERS_KEPT_MAX = 64

/** A finished segment. `blocks[i]` has the index `firstBlock + i`; valid until `release`. */
export interface EncodedSegment {
  readonly blocks: readonly Uint8Array[]
  readonly firstBlock: number
  readonly footer: SegmentFooter
}

export class SegmentEncoder implements SegmentWriter {
  readonly bytes = new ByteWriter(SEGMENT_BLOCK_BYTES_MAX * 2)
  readonly #keyLengths = new Int32Array(BLOCK_ROWS_MAX)
  readonly #valueLengths = new Int32Array(BLOCK_ROWS_MAX)
  #seed = 0
  #firstBlock = 0
  #rowStart = 0
  #valueStart = 0
  #lastKeyStart = 0
  #lastKeyLength = -1
  #blockRows = 0
  #lengthBytes = 0
  #rows = 0
  #deletions = 0
  #blocks: Uint8Array[] = []
  #firstKeys: Uint8Array[] = []
  #ranges: KeyRange[] = []
  /** Buffers of blocks that are in use, and free ones. */
  #lent: Uint8Array[] = []
  #free: Uint8Array[] = []

  /** Begins a segment, or goes on with its block `firstBlock`. */
  begin(identity: SegmentIdentity, firstBlock = 0): void {
    this.bytes.clear()
    this.#seed = identitySeed(identity)
    this.#firstBlock = firstBlock
    this.#rowStart = 0
    this.#lastKeyLength = -1
    this.#blockRows = 0
    this.#lengthBytes = 0
    this.#rows = 0
    this.#deletions = 0
    this.#blocks = []
    this.#firstKeys = []
    this.#ranges = []
  }

  /** Bytes of the blocks that are full, and of the one being written. */
  get sizeBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, this.bytes.length)
  }

  beginKey(): void {
    this.#rowStart = this.bytes.length
  }

  beginValue(): void {
    this.#valueStart = this.bytes.length
  }

  end(): void {
    const end = this.bytes.length
    this.#row(this.#valueStart - this.#rowStart, end - this.#valueStart)
  }

  delete(key: Uint8Array): void {
    this.beginKey()
    this.bytes.raw(key)
    this.#row(key.length, -1)
    this.#deletions++
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    assert(this.#rows === 0, 'deleteRange comes before any row of the segment')
    this.#ranges.push({ from: from.slice(), to: to.slice() })
  }

  /** A whole row from another block: key and value stand one behind the other. */
  copy(source: Uint8Array, start: number, keyLength: number, valueLength: number): void {
    this.beginKey()
    const end = start + keyLength + Math.max(valueLength, 0)
    const writer = this.bytes
    writer.reserve(end - start)
    const target = writer.bytes
    let at = writer.length
    if (end - start > 256) {
      target.set(source.subarray(start, end), at)
      at += end - start
    } else for (let i = start; i < end; i++) target[at++] = source[i]!
    writer.length = at
    this.#row(keyLength, valueLength)
    if (valueLength < 0) this.#deletions++
  }

  /** The segment, or undefined when nothing was written. */
  finish(format: TableFormat): EncodedSegment | undefined {
    if (this.#rows === 0 && this.#ranges.length === 0) return undefined
    const at = this.#lastKeyStart
    const last = Math.max(this.#lastKeyLength, 0)
    const lastKey = this.bytes.bytes.slice(at, at + last)
    if (this.#blockRows > 0) this.#cut(this.bytes.length)
    const blocks = this.#blocks
    const blockBytes = blocks.map((block) => block.length)
    const footer = {
      format,
      rows: this.#rows,
      deletions: this.#deletions,
      bytes: blockBytes.reduce((sum, size) => sum + size, 0),
      ranges: coalesceRanges(this.#ranges),
      firstKeys: this.#firstKeys,
      blockBytes,
      lastKey,
    }
    return { blocks, firstBlock: this.#firstBlock, footer }
  }

  /** The blocks of all finished segments are not looked at any more. */
  release(): void {
    this.#free = [...this.#free, ...this.#lent].slice(0, BUFFERS_KEPT_MAX)
    this.#lent = []
  }

  #row(keyLength: number, valueLength: number): void {
    const start = this.#rowStart
    this.#checkOrder(start, keyLength)
    const lengths = varintBytes(keyLength) + varintBytes(valueLength + 1)
    const size = HEADER_BYTES + this.#lengthBytes + lengths + this.bytes.length
    if ((size > BLOCK_BYTES_TARGET && this.#blockRows > 0) || this.#blockRows === BLOCK_ROWS_MAX) {
      this.#cut(start)
    }
    this.#lastKeyStart = this.#rowStart
    this.#lastKeyLength = keyLength
    if (this.#blockRows === 0) {
      this.#firstKeys.push(this.bytes.bytes.slice(this.#rowStart, this.#rowStart + keyLength))
    }
    this.#keyLengths[this.#blockRows] = keyLength
    this.#valueLengths[this.#blockRows] = valueLength
    this.#blockRows++
    this.#lengthBytes += lengths
    this.#rows++
  }

  #checkOrder(start: number, length: number): void {
    const before = this.#lastKeyLength
    if (before < 0) return
    const { bytes } = this.bytes
    const other = this.#lastKeyStart
    const shared = Math.min(length, before)
    let i = 0
    while (i < shared && bytes[start + i] === bytes[other + i]) i++
    const ascends = i < shared ? bytes[start + i]! > bytes[other + i]! : length > before
    assert(ascends, `keys of a segment must ascend: row ${this.#rows} does not`)
  }

  /** Makes a block of the rows before `end`; what stands behind moves to the front. */
  #cut(end: number): void {
    const { bytes } = this.bytes
    const block = this.#buffer(HEADER_BYTES + this.#lengthBytes + end)
    let at = HEADER_BYTES
    for (let row = 0; row < this.#blockRows; row++) {
      at = putVarint(block, at, this.#keyLengths[row]!)
      at = putVarint(block, at, this.#valueLengths[row]! + 1)
    }
    block.set(end === bytes.length ? bytes : bytes.subarray(0, end), at)
    const index = this.#firstBlock + this.#blocks.length
    sealBlock(block, BLOCK_KIND.rows, this.#blockRows, index, this.#seed)
    this.#blocks.push(block)
    bytes.copyWithin(0, end, this.bytes.length)
    this.bytes.length -= end
    this.#rowStart -= end
    this.#valueStart -= end
    this.#blockRows = 0
    this.#lengthBytes = 0
  }

  #buffer(size: number): Uint8Array {
    if (size > SEGMENT_BLOCK_BYTES_MAX) return new Uint8Array(size)
    const buffer = this.#free.pop() ?? new Uint8Array(SEGMENT_BLOCK_BYTES_MAX)
    this.#lent.push(buffer)
    return buffer.subarray(0, size)
  }
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  return value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
}

function putVarint(into: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= 0x80) {
    into[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  into[at++] = rest
  return at
}
