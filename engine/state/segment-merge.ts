// MergedRows: the rows of several segments of one table as one ascending run: of equal keys the newest
// segment wins, and a range that a newer segment erased hides the rows of older ones. A tree of losers
// over order codes: state: one block a segment; cost: log2(segments) comparisons of two numbers a row,
// and a look at the bytes of keys only where codes tie.

import { coalesceRanges } from './key-range.ts'
import { codeAt, END_CODE, offsetBehind } from './order-code.ts'
import type { KeyRange } from './segment.ts'
import type { SegmentBlock } from './segment-block.ts'
import { type MergeInput, SegmentCursor } from './segment-cursor.ts'

export class MergedRows {
  readonly #cursors: SegmentCursor[]
  /** Code of each cursor's row, against the row that won where it lost; the winner's against the last. */
  readonly #codes: Float64Array
  /** Which cursor lost at each inner node; cursor i begins below node (i + cursors) / 2. */
  readonly #losers: Int32Array
  #winner = -1
  #top: SegmentCursor | undefined

  /** @param inputs oldest first */
  constructor(inputs: readonly MergeInput[]) {
    const erased = erasedByNewer(inputs)
    const isCoded = inputs.length > 1
    this.#cursors = inputs.map((input, i) => new SegmentCursor(input, erased[i] ?? [], isCoded))
    this.#codes = new Float64Array(inputs.length).fill(END_CODE)
    this.#losers = new Int32Array(inputs.length).fill(-1)
    for (let i = 0; i < this.#cursors.length; i++) this.#enter(i)
  }

  /** Bytes of the blocks that were read. */
  get bytesRead(): number {
    let sum = 0
    for (const cursor of this.#cursors) sum += cursor.bytesRead
    return sum
  }

  /**
   * Moves to the next row, deletions among them. Its place is `block` and `row`.
   * @returns false at the end
   */
  next(): boolean {
    const codes = this.#codes
    for (let moves = this.#top !== undefined; ; moves = true) {
      if (moves) this.#advance()
      const winner = this.#winner
      const code = winner < 0 ? END_CODE : codes[winner]!
      if (code === END_CODE) {
        this.#top = undefined
        return false
      }
      this.#top = this.#cursors[winner]
      // 0: an older version of the row before.
      if (code !== 0) return true
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

  /** A cursor's first row plays upwards until it loses or finds nobody yet. */
  #enter(index: number): void {
    const cursor = this.#cursors[index]
    const count = this.#cursors.length
    if (cursor?.start() === true) {
      this.#codes[index] = count === 1 ? 1 : cursor.block.codes[cursor.row]!
    }
    let winner = index
    for (let node = (index + count) >> 1; node > 0; node >>= 1) {
      const other = this.#losers[node]!
      if (other < 0) {
        this.#losers[node] = winner
        return
      }
      if (!this.#isBefore(other, winner)) continue
      this.#losers[node] = winner
      winner = other
    }
    this.#winner = winner
  }

  #advance(): void {
    const codes = this.#codes
    const losers = this.#losers
    let winner = this.#winner
    const cursor = this.#top ?? ended()
    const isThere = cursor.advance()
    if (losers.length === 1) {
      if (!isThere) codes[winner] = END_CODE
      return
    }
    codes[winner] = isThere ? cursor.block.codes[cursor.row]! : END_CODE
    for (let node = (winner + losers.length) >> 1; node > 0; node >>= 1) {
      const other = losers[node]!
      const own = codes[winner]!
      const others = codes[other]!
      if (own < others || (own === others && !this.#isBefore(other, winner))) continue
      losers[node] = winner
      winner = other
    }
    this.#winner = winner
  }

  /** Whether a's row comes before b's; codes the loser against the winner. */
  #isBefore(a: number, b: number): boolean {
    const codes = this.#codes
    const code = codes[a]!
    if (code !== codes[b]) return code < codes[b]!
    const left = this.#cursors[a]
    const right = this.#cursors[b]
    // Both ended, or both are older versions of the row before: either may go first.
    if (code === END_CODE || code === 0 || left === undefined || right === undefined) return false
    const order = firstDifference(left, right, offsetBehind(code))
    if (order < 0) {
      // Equal keys: the newer segment's row counts.
      codes[Math.min(a, b)] = 0
      return a > b
    }
    const aByte = byteAt(left, order)
    const bByte = byteAt(right, order)
    if (aByte < bByte) codes[b] = codeAt(order, bByte)
    else codes[a] = codeAt(order, aByte)
    return aByte < bByte
  }
}

/** What newer segments erased of each. */
function erasedByNewer(inputs: readonly MergeInput[]): KeyRange[][] {
  let newer: KeyRange[] = []
  const erased = inputs.map(() => newer)
  for (let i = inputs.length - 1; i >= 0; i--) {
    erased[i] = newer
    const ranges = inputs[i]?.footer.ranges ?? []
    if (ranges.length > 0) newer = coalesceRanges([...newer, ...ranges])
  }
  return erased
}

/** Where the keys of the cursors' rows differ, from `from` on; -1 when they are equal. */
function firstDifference(a: SegmentCursor, b: SegmentCursor, from: number): number {
  const aStart = a.block.keyStarts[a.row]!
  const bStart = b.block.keyStarts[b.row]!
  const aLength = a.block.keyLengths[a.row]!
  const bLength = b.block.keyLengths[b.row]!
  const shared = Math.min(aLength, bLength)
  const left = a.block.bytes
  const right = b.block.bytes
  let i = from
  while (i < shared && left[aStart + i] === right[bStart + i]) i++
  return i === shared && aLength === bLength ? -1 : i
}

/** A byte of the cursor's key; -1 behind its end. */
function byteAt({ block, row }: SegmentCursor, offset: number): number {
  return offset < block.keyLengths[row]! ? block.bytes[block.keyStarts[row]! + offset]! : -1
}

function ended(): never {
  throw new RangeError('there is no current row')
}
