// ProtocolWriter: the primitive types of the Kafka protocol, big-endian, in one growing buffer. Compact
// forms (a length + 1 as varint) and tag sections belong to the flexible versions of requests.
const encoder = new TextEncoder()

export class ProtocolWriter {
  bytes: Uint8Array<ArrayBuffer>
  length = 0
  #view: DataView

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  int8(value: number): void {
    const at = this.#take(1)
    this.#view.setInt8(at, value)
  }

  int16(value: number): void {
    const at = this.#take(2)
    this.#view.setInt16(at, value)
  }

  int32(value: number): void {
    const at = this.#take(4)
    this.#view.setInt32(at, value)
  }

  /** A whole number within ± 2^53. */
  int64(value: number): void {
    const at = this.#take(8)
    const high = Math.floor(value / 4294967296)
    this.#view.setInt32(at, high)
    this.#view.setUint32(at + 4, value - high * 4294967296)
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  /** 7 bits each, low first; at most 32 bits. */
  uvarint(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.int8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.int8(rest)
  }

  text(value: string): void {
    const bytes = encoder.encode(value)
    this.int16(bytes.length)
    this.raw(bytes)
  }

  nullableText(value: string | undefined): void {
    if (value === undefined) this.int16(-1)
    else this.text(value)
  }

  compactText(value: string): void {
    const bytes = encoder.encode(value)
    this.uvarint(bytes.length + 1)
    this.raw(bytes)
  }

  /** Length as int32, then the bytes. */
  block(source: Uint8Array): void {
    this.int32(source.length)
    this.raw(source)
  }

  raw(source: Uint8Array): void {
    const at = this.#take(source.length)
    this.bytes.set(source, at)
  }

  /** An array: its count, then what `write` writes for each item. */
  array<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.int32(items.length)
    for (const item of items) write(item)
  }

  compactArray<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.uvarint(items.length + 1)
    for (const item of items) write(item)
  }

  /** An empty tag section. */
  noTags(): void {
    this.int8(0)
  }

  setInt32(at: number, value: number): void {
    this.#view.setInt32(at, value)
  }

  /** A view of what was written, valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length)
  }

  #take(count: number): number {
    const at = this.length
    const needed = at + count
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, at))
      this.bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.length = needed
    return at
  }
}
