// SegmentCursor: a position in one segment that moves over the rows that count: those that no newer
// segment erased. Erased rows are jumped over; their blocks are read and checked all the same. All
// blocks go through one buffer: views of a row are valid until the cursor moves on.

import { SEGMENT_BLOCK_BYTES_MAX } from '../limits.ts'
import { orderCode, UNKNOWN_CODE } from './order-code.ts'
import type { KeyRange, SegmentFooter, SegmentIdentity } from './segment.ts'
import { SegmentBlock } from './segment-block.ts'

/** A segment to read. */
export interface MergeInput {
  readonly identity: SegmentIdentity
  readonly footer: SegmentFooter
  /** Blocks before this one are gone. */
  readonly firstBlock: number
  /** Rows with smaller keys don't count. */
  readonly from: Uint8Array | undefined
  /** What is stored, in `buffer` or in memory of its own; the cursor checks it. */
  readBlock(index: number, buffer: Uint8Array): Uint8Array | undefined
}

export class SegmentCursor {
  readonly block = new SegmentBlock()
  row = 0
  bytesRead = 0
  readonly segment: number
  readonly #input: MergeInput
  /** Ranges that newer segments erased, ascending; those before `#erasedAt` are passed. */
  readonly #erased: readonly KeyRange[]
  #erasedAt = 0
  readonly #isCoded: boolean
  #index: number
  /** Memory of one block after another. */
  readonly #buffer = new Uint8Array(SEGMENT_BLOCK_BYTES_MAX)
  /** The key that a block ended with. */
  #last = new Uint8Array(64)
  /** The next row that is erased, or the end of the block. */
  #stop = 0

  /** @param isCoded fill `block.codes`: each row against the row that this cursor was at before */
  constructor(input: MergeInput, erased: readonly KeyRange[], isCoded: boolean) {
    this.segment = input.identity.segment
    this.#input = input
    this.#erased = erased
    this.#isCoded = isCoded
    this.#index = input.firstBlock - 1
  }

  /** Moves to the first row that counts. @returns false when there is none */
  start(): boolean {
    const { from } = this.#input
    do {
      if (!this.#nextBlock()) return false
      if (from !== undefined) this.row = this.block.lowerBound(from, 0)
    } while (this.row === this.block.rows)
    if (!this.#jump()) return false
    if (this.#isCoded) this.block.codes[this.row] = UNKNOWN_CODE
    return true
  }

  /** @returns false at the end */
  advance(): boolean {
    this.row++
    return this.row < this.#stop || this.#pass()
  }

  /** Moves from a row that doesn't count to the next one that does, and codes that one. */
  #pass(): boolean {
    if (!this.#isCoded) return this.#jump()
    const { length } = this.#keepLast()
    if (!this.#jump()) return false
    const { block, row } = this
    const at = block.keyStarts[row]!
    const nextLength = block.keyLengths[row]!
    block.codes[row] = orderCode(this.#last, 0, length, block.bytes, at, nextLength)
    return true
  }

  /** Copies the key before the current row: the block's memory may be read into. */
  #keepLast(): Uint8Array {
    const key = this.block.key(this.row - 1)
    if (key.length > this.#last.length) this.#last = new Uint8Array(key.length * 2)
    this.#last.set(key)
    return key
  }

  #jump(): boolean {
    for (;;) {
      if (this.row >= this.block.rows && !this.#nextBlock()) return false
      const range = this.#findStop()
      if (this.row < this.#stop) return true
      if (range !== undefined) this.row = this.block.lowerBound(range.to, this.row)
    }
  }

  /** The next range that ends behind the current row; sets where it begins to hide rows. */
  #findStop(): KeyRange | undefined {
    const { block, row } = this
    for (; this.#erasedAt < this.#erased.length; this.#erasedAt++) {
      const range = this.#erased[this.#erasedAt]
      if (range === undefined || !block.isBelow(row, range.to)) continue
      this.#stop = block.lowerBound(range.from, row)
      return range
    }
    this.#stop = block.rows
    return undefined
  }

  #nextBlock(): boolean {
    this.#index++
    if (this.#index >= this.#input.footer.firstKeys.length) return false
    const bytes = this.#input.readBlock(this.#index, this.#buffer)
    this.block.load(bytes, this.#index, this.#input.identity)
    if (this.#isCoded) this.block.codeRows()
    this.bytesRead += this.block.bytes.length
    this.row = 0
    return true
  }
}
