// BoundedOutput: the buffer that decompression writes into. It grows up to a limit and not beyond,
// whatever the input asks for, and is used again for the next batch. A few bytes behind what was
// written are always there, so that scanners may look past the last record.
import { payloadTooLarge } from './batch-error.ts'

const SLACK_BYTES = 16
const CAPACITY_MIN = 64 * 1024

export class BoundedOutput {
  readonly limit: number
  bytes: Uint8Array = new Uint8Array(0)
  length = 0

  /** @param limit bytes that may be written between two calls of `clear` */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Forgets what was written; keeps the memory. */
  clear(): void {
    this.length = 0
  }

  /** Gives memory back when more than `kept` bytes of it are held. */
  shrink(kept: number): void {
    if (this.bytes.length > kept) this.bytes = new Uint8Array(0)
  }

  /**
   * Makes room for `count` more bytes.
   * @throws ConfigError KAFKA_PAYLOAD_TOO_LARGE when that passes the limit
   */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed > this.limit) throw payloadTooLarge(this.limit)
    if (needed + SLACK_BYTES <= this.bytes.length) return
    const doubled = Math.min(this.bytes.length * 2, this.limit)
    const larger = new Uint8Array(Math.max(needed, doubled, CAPACITY_MIN) + SLACK_BYTES)
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  raw(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    this.bytes.set(source.subarray(start, end), this.length)
    this.length += end - start
  }
}
