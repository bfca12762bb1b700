// What checkpoints of a table leave, as a plain map from keys in hex to values: the tests' own naive
// store. It checks the order that segments promise.
import { ByteWriter } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import type { SegmentWriter } from '../../engine/state/index.ts'

/** A segment that checks the order its contract asks for and applies the changes to a map. */
export class StoreWriter implements SegmentWriter {
  readonly bytes = new ByteWriter()
  readonly #stored: Map<string, Uint8Array>
  #valueAt = -1
  #last = ''
  #puts = 0

  constructor(stored: Map<string, Uint8Array>) {
    this.#stored = stored
  }

  beginKey(): void {
    this.bytes.clear()
    this.#valueAt = -1
  }

  beginValue(): void {
    this.#valueAt = this.bytes.length
  }

  end(): void {
    assert(this.#valueAt >= 0, 'end before beginValue')
    const row = this.bytes.toBytes()
    this.#stored.set(this.#next(row.subarray(0, this.#valueAt)), row.slice(this.#valueAt))
  }

  delete(key: Uint8Array): void {
    this.#stored.delete(this.#next(key))
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    assert(this.#puts === 0, 'ranges come before any put')
    const [low, high] = [toHex(from), toHex(to)]
    assert(low < high, 'a range is not empty')
    for (const key of this.#stored.keys()) if (key >= low && key < high) this.#stored.delete(key)
  }

  #next(key: Uint8Array): string {
    const hex = toHex(key)
    assert(this.#puts === 0 || hex > this.#last, `keys ascend: ${hex} after ${this.#last}`)
    this.#last = hex
    this.#puts++
    return hex
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
