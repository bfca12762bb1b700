// SegmentBlock: a checked block laid open: where each row's key and value stand. One instance is
// loaded with one block after another; nothing is allocated per row.

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

  /** @throws StateCorruptError SEGMENT_CORRUPT for anything but the block that was written. */
  load(bytes: Uint8Array | undefined, index: number, identity: SegmentIdentity): void {
    const rows = checkBlock(bytes, BLOCK_KIND.rows, index, identity)
    const block = bytes ?? new Uint8Array()
    if (rows > this.keyStarts.length) this.#grow(rows)
    let at = HEADER_BYTES
    for (let row = 0; row < rows; row++) {
      for (let part = 0; part < 2; part++) {
        let byte = block[at++] ?? 0
        let value = byte & 0x7f
        for (let shift = 7; byte >= 0x80; shift += 7) {
          byte = block[at++] ?? 0
          value |= (byte & 0x7f) << shift
        }
        if (part === 0) this.keyLengths[row] = value
        else this.valueLengths[row] = value - 1
      }
    }
    for (let row = 0; row < rows; row++) {
      this.keyStarts[row] = at
      const value = this.valueLengths[row]!
      at += this.keyLengths[row]! + Math.max(value, 0)
    }
    if (at !== block.length) throw corrupt(placeOf(identity, index), `${block.length}`, `${at}`)
    this.bytes = block
    this.rows = rows
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

  #grow(rows: number): void {
    this.keyStarts = new Int32Array(rows)
    this.keyLengths = new Int32Array(rows)
    this.valueLengths = new Int32Array(rows)
  }
}
