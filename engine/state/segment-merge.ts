// MergedRows: the rows of several segments of one table as one ascending run: of equal keys the newest
// segment wins, and a range that a newer segment erased hides the rows of older ones. A heap of
// cursors; state: one block a segment; cost: log2(segments) key comparisons a row.

import { coalesceRanges, compareBytes } from './key-range.ts'
import type { KeyRange, SegmentFooter, SegmentIdentity } from './segment.ts'
import { SegmentBlock } from './segment-block.ts'

/** A segment to read; `readBlock` returns what is stored, the cursor checks it. */
export interface MergeInput {
  readonly identity: SegmentIdentity
  readonly footer: SegmentFooter
  /** Blocks before this one are gone. */
  readonly firstBlock: number
  /** Rows with smaller keys don't count. */
  readonly from: Uint8Array | undefined
  readBlock(index: number): Uint8Array | undefined
}

/** Position in one segment. */
class SegmentCursor {
  readonly block = new SegmentBlock()
  row = 0
  bytesRead = 0
  readonly segment: number
  #index: number
  readonly #input: MergeInput
  readonly #erased: readonly KeyRange[]
  #erasedAt = 0

  constructor(input: MergeInput, erased: readonly KeyRange[]) {
    this.segment = input.identity.segment
    this.#input = input
    this.#erased = erased
    this.#index = input.firstBlock - 1
  }

  /** Moves to the first row that counts. @returns false when there is none */
  start(): boolean {
    if (!this.#nextBlock()) return false
    const { from } = this.#input
    if (from === undefined) return true
    while (compareBytes(this.block.key(this.row), from) < 0) if (!this.advance()) return false
    return true
  }

  /** @returns false at the end */
  advance(): boolean {
    this.row++
    return this.row < this.block.rows || this.#nextBlock()
  }

  /** True when a newer segment erased the row's key; asked with ascending keys only. */
  isErased(): boolean {
    const erased = this.#erased
    if (this.#erasedAt >= erased.length) return false
    const key = this.block.key(this.row)
    for (; this.#erasedAt < erased.length; this.#erasedAt++) {
      const range = erased[this.#erasedAt]
      if (range === undefined || compareBytes(key, range.to) >= 0) continue
      return compareBytes(range.from, key) <= 0
    }
    return false
  }

  #nextBlock(): boolean {
    this.#index++
    if (this.#index >= this.#input.footer.firstKeys.length) return false
    const bytes = this.#input.readBlock(this.#index)
    this.block.load(bytes, this.#index, this.#input.identity)
    this.bytesRead += this.block.bytes.length
    this.row = 0
    return true
  }
}

export class MergedRows {
  readonly #cursors: SegmentCursor[]
  /** Indexes of cursors; the top has the smallest key, of equal ones the newest segment. */
  readonly #heap: number[] = []
  #top: SegmentCursor | undefined

  /** @param inputs oldest first */
  constructor(inputs: readonly MergeInput[]) {
    let newer: KeyRange[] = []
    const erased = inputs.map(() => newer)
    for (let i = inputs.length - 1; i >= 0; i--) {
      erased[i] = newer
      const ranges = inputs[i]?.footer.ranges ?? []
      if (ranges.length > 0) newer = coalesceRanges([...newer, ...ranges])
    }
    this.#cursors = inputs.map((input, i) => new SegmentCursor(input, erased[i] ?? []))
    for (let i = 0; i < this.#cursors.length; i++) {
      if (this.#cursors[i]?.start() === true) this.#push(i)
    }
  }

  /** Bytes of the blocks that were read. */
  get bytesRead(): number {
    return this.#cursors.reduce((sum, cursor) => sum + cursor.bytesRead, 0)
  }

  /**
   * Moves to the next row, deletions among them. Its place is `block` and `row`.
   * @returns false at the end
   */
  next(): boolean {
    for (;;) {
      if (this.#top !== undefined) this.#advanceTop()
      const index = this.#heap[0]
      this.#top = index === undefined ? undefined : this.#cursors[index]
      if (this.#top === undefined) return false
      this.#skipOlder(this.#top)
      if (!this.#top.isErased()) return true
    }
  }

  /** The block that holds the current row. */
  get block(): SegmentBlock {
    return (this.#top ?? ended()).block
  }

  get row(): number {
    return (this.#top ?? ended()).row
  }

  /** Number of the segment that the current row is from. */
  get segment(): number {
    return (this.#top ?? ended()).segment
  }

  #advanceTop(): void {
    if (this.#top?.advance() === true) this.#sink(0)
    else this.#removeTop()
  }

  /** Passes the rows of older segments under the same key: children of the top, if any. */
  #skipOlder(top: SegmentCursor): void {
    for (;;) {
      const heap = this.#heap
      let at = -1
      for (let child = 1; child <= 2 && child < heap.length; child++) {
        const other = this.#cursors[heap[child] ?? -1]
        if (other !== undefined && compareRows(other, top) === 0) at = child
      }
      const older = at < 0 ? undefined : this.#cursors[heap[at] ?? -1]
      if (older === undefined) return
      if (older.advance()) this.#sink(at)
      else this.#removeAt(at)
    }
  }

  #less(a: number, b: number): boolean {
    const left = this.#cursors[a]
    const right = this.#cursors[b]
    if (left === undefined || right === undefined) return false
    const order = compareRows(left, right)
    return order < 0 || (order === 0 && a > b)
  }

  #push(index: number): void {
    const heap = this.#heap
    let at = heap.push(index) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#less(index, heap[parent] ?? -1)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  #removeTop(): void {
    this.#removeAt(0)
  }

  #removeAt(at: number): void {
    const last = this.#heap.pop()
    if (last === undefined || at >= this.#heap.length) return
    this.#heap[at] = last
    this.#sink(at)
  }

  #sink(start: number): void {
    const heap = this.#heap
    for (let at = start; ; ) {
      let least = at
      for (let child = at * 2 + 1; child <= at * 2 + 2 && child < heap.length; child++) {
        if (this.#less(heap[child] ?? -1, heap[least] ?? -1)) least = child
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const held = heap[a] ?? -1
    heap[a] = heap[b] ?? -1
    heap[b] = held
  }
}

function compareRows(a: SegmentCursor, b: SegmentCursor): number {
  const aBlock = a.block
  const bBlock = b.block
  const aStart = aBlock.keyStarts[a.row]!
  const bStart = bBlock.keyStarts[b.row]!
  const aLength = aBlock.keyLengths[a.row]!
  const bLength = bBlock.keyLengths[b.row]!
  const shared = Math.min(aLength, bLength)
  const left = aBlock.bytes
  const right = bBlock.bytes
  for (let i = 0; i < shared; i++) {
    const difference = left[aStart + i]! - right[bStart + i]!
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

function ended(): never {
  throw new RangeError('there is no current row')
}
