// A position in bytes that reads the zigzag varints of records. A read past the end, or a varint of
// more than ten bytes, throws; what a number means is checked by who asked for it.
import { corruptPayload } from './batch-error.ts'

const BYTES_MAX = 10

export class VarintCursor {
  bytes: Uint8Array = new Uint8Array(0)
  position = 0

  /**
   * A whole number; exact within ± 2^53.
   * @throws StateCorruptError KAFKA_PAYLOAD_CORRUPT
   */
  varint(): number {
    const { bytes, position } = this
    const first = bytes[position]!
    if (first < 0x80) {
      this.position = position + 1
      return (first >>> 1) ^ -(first & 1)
    }
    const second = bytes[position + 1]!
    if (second < 0x80) {
      this.position = position + 2
      const value = (first & 0x7f) | (second << 7)
      return (value >>> 1) ^ -(value & 1)
    }
    return this.#long()
  }

  #long(): number {
    const { bytes } = this
    let value = 0
    let factor = 1
    const start = this.position
    const end = Math.min(bytes.length, start + BYTES_MAX)
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      value += (byte & 0x7f) * factor
      factor *= 128
      if (byte < 0x80) {
        this.position = at + 1
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      }
    }
    throw corruptPayload('records', 'a number has no end')
  }
}
