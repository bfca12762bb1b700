// Headers of records: a count, then name and value of each, all lengths as zigzag varints; a value
// of length -1 is null. HeaderScanner finds one by its name, HeaderBlock writes the headers of a
// record; both without strings and objects per record.
import { assert } from '../../../engine/errors.ts'
import { HEADERS_MAX } from './batch-limits.ts'
import { VarintCursor } from './varint-cursor.ts'
import { varintSize, writeVarint } from './varint-writer.ts'

/** Finds headers in the ranges that a reader gave, whose structure it has checked. */
export class HeaderScanner {
  readonly #cursor = new VarintCursor()
  /** Range of the value that was found, in the same bytes; a null value ends before it starts. */
  valueStart = 1
  valueEnd = 0

  /** True when a header has this name; the last one counts where it repeats. */
  find(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
    const cursor = this.#cursor
    cursor.bytes = bytes
    cursor.position = start
    let found = false
    for (let left = cursor.varint(); left > 0; left--) {
      const nameLength = cursor.varint()
      const nameStart = cursor.position
      cursor.position += nameLength
      const valueLength = cursor.varint()
      const valueStart = cursor.position
      cursor.position += Math.max(0, valueLength)
      if (nameLength !== name.length || !isAt(bytes, nameStart, name)) continue
      found = true
      this.valueStart = valueLength < 0 ? 1 : valueStart
      this.valueEnd = valueLength < 0 ? 0 : valueStart + valueLength
    }
    return found
  }
}

function isAt(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false
  return true
}

/** The headers of one record, ready to be copied; can be filled again, or used for many records. */
export class HeaderBlock {
  bytes: Uint8Array = new Uint8Array(64)
  length = 1
  #count = 0

  clear(): void {
    this.bytes[0] = 0
    this.length = 1
    this.#count = 0
  }

  /** Adds a header with the value `bytes[start .. end)`; null when `end` is before `start`. */
  add(name: Uint8Array, bytes: Uint8Array, start = 0, end = bytes.length): this {
    assert(this.#count < HEADERS_MAX, `a record has at most ${HEADERS_MAX} headers`)
    const length = Math.max(-1, end - start)
    const size = varintSize(name.length) + name.length + varintSize(length) + Math.max(0, length)
    this.#reserve(size)
    const target = this.bytes
    let to = writeVarint(name.length, target, this.length)
    target.set(name, to)
    to = writeVarint(length, target, to + name.length)
    for (let i = start; i < end; i++) target[to++] = bytes[i]!
    this.length = to
    target[0] = ++this.#count << 1
    return this
  }

  #reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}
