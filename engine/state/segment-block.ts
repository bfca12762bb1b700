// SegmentBlock: a checked block laid open: where each row's key and value stand. One instance is
// loaded with one block after another; nothing is allocated per row.

import { orderCode } from './order-code.ts'
import type { SegmentIdentity } from './segment.ts'
import { BLOCK_KIND, checkBlock, corrupt, HEADER_BYTES, placeOf } from './segment.ts'

export class SegmentBlock {
  bytes: Uint8Array = new Uint8Array()
  rows = 0
  /** Where the key of each row begins; its value stands right behind it. */
  keyStarts = new Int32Array(1024)
  keyLengths = new Int32Array(1024)
  /** -1: the key is gone. */
  valueLengths = new Int32Array(1024)
  /** Order code of each row's key after the one before it; filled by `codeRows`. */
  codes = new Float64Array(0)

  /** @throws StateCorruptError SEGMENT_CORRUPT for anything but the block that was written. */
  load(bytes: Uint8Array | undefined, index: number, identity: SegmentIdentity): void {
    const rows = checkBlock(bytes, BLOCK_KIND.rows, index, identity)
    const block = bytes ?? new Uint8Array()
    if (rows > this.keyStarts.length) this.#grow(rows)
    const payload = readLengths(block, rows, this.keyLengths, this.valueLengths)
    const end = placeRows(payload, rows, this.keyLengths, this.valueLengths, this.keyStarts)
    if (end !== block.length) throw corrupt(placeOf(identity, index), `${block.length}`, `${end}`)
    this.bytes = block
    this.rows = rows
  }

  /** Fills `codes`, except for the first row: what came before it stands in another block. */
  codeRows(): void {
    const { bytes, keyStarts, keyLengths, rows } = this
    if (this.codes.length < rows) this.codes = new Float64Array(keyStarts.length)
    const { codes } = this
    let start = keyStarts[0]!
    let length = keyLengths[0]!
    for (let row = 1; row < rows; row++) {
      const next = keyStarts[row]!
      const nextLength = keyLengths[row]!
      codes[row] = orderCode(bytes, start, length, bytes, next, nextLength)
      start = next
      length = nextLength
    }
  }

  /** A view of a row's key. */
  key(row: number): Uint8Array {
    const start = this.keyStarts[row]!
    return this.bytes.subarray(start, start + this.keyLengths[row]!)
  }

  /** A view of a row's value; empty where the key is gone. */
  value(row: number): Uint8Array {
    const start = this.keyStarts[row]! + this.keyLengths[row]!
    return this.bytes.subarray(start, start + Math.max(this.valueLengths[row]!, 0))
  }

  /** The first row at or behind `from` whose key is not below `key`; `rows` when there is none. */
  lowerBound(key: Uint8Array, from: number): number {
    let low = from
    for (let high = this.rows; low < high; ) {
      const at = (low + high) >>> 1
      if (this.isBelow(at, key)) low = at + 1
      else high = at
    }
    return low
  }

  /** Whether a row's key comes before `key`. */
  isBelow(row: number, key: Uint8Array): boolean {
    const start = this.keyStarts[row]!
    const length = this.keyLengths[row]!
    const shared = Math.min(length, key.length)
    let i = 0
    while (i < shared && this.bytes[start + i] === key[i]) i++
    return i < shared ? this.bytes[start + i]! < key[i]! : length < key.length
  }

  #grow(rows: number): void {
    this.keyStarts = new Int32Array(rows)
    this.keyLengths = new Int32Array(rows)
    this.valueLengths = new Int32Array(rows)
  }
}

/** Reads the lengths in front of the rows. @returns where the rows begin */
function readLengths(
  block: Uint8Array,
  rows: number,
  keyLengths: Int32Array,
  valueLengths: Int32Array,
): number {
  let at = HEADER_BYTES
  for (let row = 0; row < rows; row++) {
    for (let part = 0; part < 2; part++) {
      let byte = block[at++] ?? 0
      let value = byte & 0x7f
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = block[at++] ?? 0
        value |= (byte & 0x7f) << shift
      }
      if (part === 0) keyLengths[row] = value
      else valueLengths[row] = value - 1
    }
  }
  return at
}

/** @returns where the last row ends */
function placeRows(
  start: number,
  rows: number,
  keyLengths: Int32Array,
  valueLengths: Int32Array,
  keyStarts: Int32Array,
): number {
  let at = start
  for (let row = 0; row < rows; row++) {
    keyStarts[row] = at
    at += keyLengths[row]! + Math.max(valueLengths[row]!, 0)
  }
  return at
}
