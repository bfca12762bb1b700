// FrameSplitter: cuts what a socket gives into the frames of the Kafka protocol (a length as int32,
// then that many bytes). Law: it holds at most one frame of `bytesMax` and what came with it, and
// allocates for bytes that came, never for a length that only claims to come.
import { RetryableError } from '../../../engine/errors.ts'

const LENGTH_BYTES = 4

export class FrameSplitter {
  readonly #bytesMax: number
  readonly #onFrame: (frame: Uint8Array) => void
  #chunks: Buffer[] = []
  #buffered = 0
  /** Bytes of the next frame with its length; LENGTH_BYTES as long as the length is not known. */
  #needed = LENGTH_BYTES

  /** `onFrame` is given a view into received memory, which nobody writes again. */
  constructor(bytesMax: number, onFrame: (frame: Uint8Array) => void) {
    this.#bytesMax = bytesMax
    this.#onFrame = onFrame
  }

  /** @throws RetryableError KAFKA_GARBLED for a length below 0 or above the bound */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#buffered < this.#needed) return
    this.#split()
  }

  #split(): void {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    if (bytes === undefined) return
    let at = 0
    for (;;) {
      const remaining = bytes.length - at
      this.#needed = LENGTH_BYTES
      if (remaining < LENGTH_BYTES) break
      const length = this.#checked(bytes.readInt32BE(at))
      this.#needed = LENGTH_BYTES + length
      if (remaining < this.#needed) break
      const start = at + LENGTH_BYTES
      at = start + length
      this.#onFrame(bytes.subarray(start, at))
    }
    this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)]
    this.#buffered = bytes.length - at
  }

  #checked(length: number): number {
    if (length >= 0 && length <= this.#bytesMax) return length
    throw new RetryableError({
      code: 'KAFKA_GARBLED',
      message: 'a broker sent a response of an impossible length',
      expected: `0 to ${this.#bytesMax} bytes`,
      found: `${length}`,
      remedy: 'Check that the address is the one of a Kafka broker, and whether it speaks TLS.',
    })
  }
}
