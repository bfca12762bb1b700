// ProtocolReader: the primitive types of the Kafka protocol, big-endian. Law: every length and count is
// checked against the bytes that remain before anything is allocated, so garbage costs nothing.
import { RetryableError } from '../../../engine/errors.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** @throws RetryableError KAFKA_GARBLED when a read passes the end or a value makes no sense. */
export class ProtocolReader {
  readonly bytes: Uint8Array
  readonly end: number
  position: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.end - this.position
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1))
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2))
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4))
  }

  /** A whole number within ± 2^53: offsets, times and producer ids beyond that are refused. */
  int64(): number {
    const at = this.#take(8)
    const value = this.#view.getInt32(at) * 4294967296 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) throw garbled('a number within 53 bits', `about ${value}`)
    return value
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  /** At most 32 bits. */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.int8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte >= 0) return value
    }
    throw garbled('a varint of at most 5 bytes', 'a longer one')
  }

  text(): string {
    const text = this.nullableText()
    if (text === undefined) throw garbled('a text', 'null')
    return text
  }

  nullableText(): string | undefined {
    const length = this.int16()
    if (length === -1) return undefined
    return this.#text(length)
  }

  compactText(): string {
    const text = this.compactNullableText()
    if (text === undefined) throw garbled('a text', 'null')
    return text
  }

  compactNullableText(): string | undefined {
    const length = this.uvarint()
    return length === 0 ? undefined : this.#text(length - 1)
  }

  /** A view of bytes with an int32 length before them; null is empty. */
  nullableBlock(): Uint8Array {
    const length = this.int32()
    return this.raw(length === -1 ? 0 : length)
  }

  /** A view of the next `count` bytes. */
  raw(count: number): Uint8Array {
    const at = this.#take(count)
    return this.bytes.subarray(at, at + count)
  }

  /** An array (null is empty) whose items take at least `itemBytesMin` > 0 bytes each. */
  array<Item>(itemBytesMin: number, read: () => Item): Item[] {
    const count = this.int32()
    return this.#items(count === -1 ? 0 : count, itemBytesMin, read)
  }

  compactArray<Item>(itemBytesMin: number, read: () => Item): Item[] {
    const count = this.uvarint()
    return this.#items(count === 0 ? 0 : count - 1, itemBytesMin, read)
  }

  /** Skips a tag section. */
  tags(): void {
    const count = this.uvarint()
    if (count > this.remaining) throw garbled(`${count} tags`, `${this.remaining} bytes`)
    for (let i = 0; i < count; i++) {
      this.uvarint()
      this.#take(this.uvarint())
    }
  }

  #items<Item>(count: number, itemBytesMin: number, read: () => Item): Item[] {
    if (count < 0 || count * itemBytesMin > this.remaining) {
      throw garbled(`${count} items of at least ${itemBytesMin} bytes`, `${this.remaining} bytes`)
    }
    const items: Item[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #text(length: number): string {
    return decoder.decode(this.raw(length))
  }

  #take(count: number): number {
    const at = this.position
    if (count < 0 || count > this.end - at) throw garbled(`${count} bytes`, `${this.end - at}`)
    this.position = at + count
    return at
  }
}

function garbled(expected: string, found: string): RetryableError {
  return new RetryableError({
    code: 'KAFKA_GARBLED',
    message: 'a response of the broker makes no sense',
    expected,
    found,
    remedy: 'The connection is opened again; if it stays so, check what stands between.',
  })
}
