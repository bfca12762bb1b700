// ByteWriter and ByteReader: growing, little-endian byte buffers for codecs. Order-preserving keys
// use the big-endian methods. A reader checks every length against the bytes that remain.
import { StateCorruptError } from '../errors.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Fewer bytes are copied one by one: a call of `set` costs more. */
const BULK_BYTES_MIN = 48

export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>
  length = 0
  #view: DataView

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Forgets what was written; the memory is kept. */
  clear(): void {
    this.length = 0
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  uint8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  uint32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  /** Big-endian: compares as bytes like the number. */
  uint32Ordered(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value)
    this.length += 4
  }

  /** A whole number within ± 2^53, big-endian with the sign flipped: compares like the number. */
  integerOrdered(value: number): void {
    this.reserve(8)
    const high = Math.floor(value / 4294967296)
    this.#view.setUint32(this.length, (high ^ 0x80000000) >>> 0)
    this.#view.setUint32(this.length + 4, value - high * 4294967296)
    this.length += 8
  }

  float64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  bigInt64(value: bigint): void {
    this.reserve(8)
    this.#view.setBigInt64(this.length, value, true)
    this.length += 8
  }

  /** A whole number ≥ 0 and ≤ 2^53 in 1 to 8 bytes, 7 bits each, low first. */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 0x80000000) {
      this.bytes[this.length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    // What is left is a 32-bit integer, whose arithmetic is several times cheaper.
    let low = rest | 0
    while (low >= 0x80) {
      this.bytes[this.length++] = (low & 0x7f) | 0x80
      low >>>= 7
    }
    this.bytes[this.length++] = low
  }

  /** A whole number within ± 2^52, zigzag as varint. */
  signedVarint(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  raw(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start
    this.reserve(count)
    const at = this.length
    if (count < BULK_BYTES_MIN) {
      const target = this.bytes
      for (let i = 0; i < count; i++) target[at + i] = source[start + i]!
    } else this.bytes.set(count === source.length ? source : source.subarray(start, end), at)
    this.length = at + count
  }

  /** Length as varint, then the bytes. */
  block(source: Uint8Array): void {
    this.varint(source.length)
    this.raw(source)
  }

  /** UTF-8 with its length before it. */
  text(value: string): void {
    this.block(encoder.encode(value))
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length)
  }

  /** A view of what was written, valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length)
  }
}

/** @throws StateCorruptError BYTES_SHORT when a read passes the end. */
export class ByteReader {
  readonly bytes: Uint8Array
  position: number
  readonly end: number
  /** Made when a number of fixed width is read: most values hold none. */
  #fixed: DataView | undefined

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    // A Buffer (lmdb gives them) would share memory where `slice` is expected to copy.
    const isPlain = !(bytes instanceof Buffer)
    this.bytes = isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.position = start
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  get #view(): DataView {
    const { buffer, byteOffset, byteLength } = this.bytes
    this.#fixed ??= new DataView(buffer, byteOffset, byteLength)
    return this.#fixed
  }

  uint8(): number {
    const at = this.#take(1)
    return this.bytes[at]!
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  uint32Ordered(): number {
    return this.#view.getUint32(this.#take(4))
  }

  integerOrdered(): number {
    const at = this.#take(8)
    const high = (this.#view.getUint32(at) ^ 0x80000000) | 0
    return high * 4294967296 + this.#view.getUint32(at + 4)
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  bigInt64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true)
  }

  varint(): number {
    const first = this.uint8()
    if (first < 0x80) return first
    let value = first & 0x7f
    let factor = 128
    for (let i = 1; i < 8; i++) {
      const byte = this.uint8()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw short('a varint of at most 8 bytes', 'a longer one')
  }

  signedVarint(): number {
    const value = this.varint()
    if (value < 0x80000000) return (value >>> 1) ^ -(value & 1)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A view of the next `count` bytes. */
  raw(count: number): Uint8Array {
    const at = this.#take(count)
    return this.bytes.subarray(at, at + count)
  }

  block(): Uint8Array {
    return this.raw(this.varint())
  }

  /** @throws StateCorruptError BYTES_TEXT when the bytes are not UTF-8. */
  text(): string {
    const bytes = this.block()
    try {
      return decoder.decode(bytes)
    } catch (cause) {
      throw new StateCorruptError({
        code: 'BYTES_TEXT',
        message: 'encoded text is not UTF-8',
        remedy: 'The stored value is damaged.',
        cause,
      })
    }
  }

  #take(count: number): number {
    const at = this.position
    if (count > this.end - at) throw short(`${count} bytes`, `${this.end - at}`)
    this.position = at + count
    return at
  }
}

function short(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'BYTES_SHORT',
    message: 'encoded bytes end too early',
    expected,
    found,
    remedy: 'The stored value is damaged.',
  })
}
