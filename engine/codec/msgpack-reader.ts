// MessagePack values in place: where a value ends, and what its bytes mean, without making objects.
// Declared counts are checked against the bytes that remain and nesting against NESTING_DEPTH_MAX,
// so that no record can make a reader allocate or recurse more than its own size allows.
import { NESTING_DEPTH_MAX } from '../limits.ts'

/** What `end` gives instead of a position. */
export const Broken = { syntax: -1, depth: -2 } as const

export type MsgpackKind =
  | 'nil'
  | 'boolean'
  | 'integer'
  | 'float'
  | 'string'
  | 'binary'
  | 'array'
  | 'map'
  | 'extension'

/**
 * A cursor over one record. Positions are only valid after `end` has accepted what they stand in.
 */
export class MsgpackReader {
  bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  /**
   * Where the payload of the last value asked about begins, and its size: bytes, items or entries.
   */
  payload = 0
  size = 0

  /** Begins to read from other bytes. */
  reset(bytes: Uint8Array): void {
    if (bytes === this.bytes) return
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The position after the value at `at`, which must end at or before `limit`; or `Broken`. */
  end(at: number, limit: number, depth = 0): number {
    if (at >= limit) return Broken.syntax
    const kind = this.#head(at, limit)
    if (kind === undefined) return Broken.syntax
    const from = this.payload
    if (kind !== 'array' && kind !== 'map') {
      return this.size > limit - from ? Broken.syntax : from + this.size
    }
    const count = kind === 'map' ? 2 * this.size : this.size
    if (count > limit - from) return Broken.syntax
    if (depth >= NESTING_DEPTH_MAX) return Broken.depth
    let next = from
    for (let i = 0; i < count; i++) {
      next = this.end(next, limit, depth + 1)
      if (next < 0) return next
    }
    return next
  }

  /** The kind of a value; sets `payload` and `size`. */
  kind(at: number): MsgpackKind {
    return this.#head(at, this.bytes.length) ?? 'nil'
  }

  /** The integer at `at`: a number within ± (2^53 - 1), else a bigint. */
  integer(at: number): number | bigint {
    const view = this.#view
    const head = this.bytes[at]!
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 256
    switch (head) {
      case 0xcc:
        return view.getUint8(at + 1)
      case 0xcd:
        return view.getUint16(at + 1)
      case 0xce:
        return view.getUint32(at + 1)
      case 0xd0:
        return view.getInt8(at + 1)
      case 0xd1:
        return view.getInt16(at + 1)
      case 0xd2:
        return view.getInt32(at + 1)
      default: {
        const high = head === 0xcf ? view.getUint32(at + 1) : view.getInt32(at + 1)
        const value = high * 4294967296 + view.getUint32(at + 5)
        if (Number.isSafeInteger(value)) return value
        return head === 0xcf ? view.getBigUint64(at + 1) : view.getBigInt64(at + 1)
      }
    }
  }

  float(at: number): number {
    return this.bytes[at] === 0xca ? this.#view.getFloat32(at + 1) : this.#view.getFloat64(at + 1)
  }

  /** Microseconds of a timestamp extension (type -1), nanoseconds cut; NaN for any other. */
  timestamp(at: number): number {
    const isExtension = this.kind(at) === 'extension'
    const { payload, size } = this
    const view = this.#view
    if (!isExtension || view.getInt8(payload) !== -1) return Number.NaN
    const from = payload + 1
    switch (size) {
      case 5:
        return view.getUint32(from) * 1_000_000
      case 9: {
        const high = view.getUint32(from)
        const seconds = (high & 3) * 4294967296 + view.getUint32(from + 4)
        return micros(seconds, high >>> 2)
      }
      case 13: {
        const seconds = view.getInt32(from + 4) * 4294967296 + view.getUint32(from + 8)
        return micros(seconds, view.getUint32(from))
      }
      default:
        return Number.NaN
    }
  }

  /** Kind of the value, `payload` and `size` set; undefined where even the head is broken. */
  #head(at: number, limit: number): MsgpackKind | undefined {
    const head = this.bytes[at]!
    if (head < 0x80 || head >= 0xe0) return this.#sized('integer', at + 1, 0)
    if (head < 0x90) return this.#sized('map', at + 1, head & 15)
    if (head < 0xa0) return this.#sized('array', at + 1, head & 15)
    if (head < 0xc0) return this.#sized('string', at + 1, head & 31)
    if (head >= 0xcc && head <= 0xd3) return this.#sized('integer', at + 1, 1 << (head & 3))
    switch (head) {
      case 0xc0:
        return this.#sized('nil', at + 1, 0)
      case 0xc2:
      case 0xc3:
        return this.#sized('boolean', at + 1, 0)
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#counted('binary', at, limit, head - 0xc4, 0)
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#counted('extension', at, limit, head - 0xc7, 1)
      case 0xca:
      case 0xcb:
        return this.#sized('float', at + 1, head === 0xca ? 4 : 8)
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#counted('string', at, limit, head - 0xd9, 0)
      case 0xdc:
      case 0xdd:
        return this.#counted('array', at, limit, head - 0xdb, 0)
      case 0xde:
      case 0xdf:
        return this.#counted('map', at, limit, head - 0xdd, 0)
      case 0xc1:
        return undefined
      default:
        // Extensions of 1, 2, 4, 8 or 16 bytes: the type, then the data.
        return this.#sized('extension', at + 1, 1 + (1 << (head - 0xd4)))
    }
  }

  #sized(kind: MsgpackKind, payload: number, size: number): MsgpackKind {
    this.payload = payload
    this.size = size
    return kind
  }

  /** A size of 2^power bytes follows the head; `more` bytes come on top of it. */
  #counted(
    kind: MsgpackKind,
    at: number,
    limit: number,
    power: number,
    more: number,
  ): MsgpackKind | undefined {
    const width = 1 << power
    if (at + 1 + width > limit) return undefined
    const view = this.#view
    const count =
      power === 0
        ? view.getUint8(at + 1)
        : power === 1
          ? view.getUint16(at + 1)
          : view.getUint32(at + 1)
    return this.#sized(kind, at + 1 + width, count + more)
  }
}

function micros(seconds: number, nanoseconds: number): number {
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000)
}
