// Bucket: the rows of a generation whose entities' hashes fall together, as one stored value. The
// store takes a few thousand large values in the time of a tenth of the rows in them. Linear hashing
// says which bucket: adding one moves rows of one other bucket and of no more.
//
//   version u8 = 1 | 3 × 0 | rows n u32 | n × (hash u32 | end u32) | n rows      (little-endian)
//   row: bytes of the entity u16 | entity (online-key.ts) | value (online-value.ts)
//
// Rows ascend by hash; `end` is counted from the first row's start. An entity has one row. The store
// that buckets are put in checks them (the embedded one keeps a CRC32C over key and value).
import { ByteWriter, murmur2 } from '../../engine/batch/index.ts'
import { StateCorruptError } from '../../engine/errors.ts'

export const BUCKET_VERSION = 1
const HEADER_BYTES = 8
const PLACE_BYTES = 8
/** Bytes before the entity of a row. */
export const ENTITY_LENGTH_BYTES = 2

/** Hash of an entity's bytes, 31 bits. It is stored: it must never change. */
export function entityHash(bytes: Uint8Array, start: number, end: number): number {
  return murmur2(bytes, start, end) & 0x7fffffff
}

/** The bucket of a hash among `buckets` of them, at most 2^30. */
export function bucketOf(hash: number, buckets: number): number {
  const mask = 2 ** bucketBits(buckets) - 1
  const bucket = hash & mask
  return bucket < buckets ? bucket : bucket & (mask >> 1)
}

/** Bits of the greatest bucket's number. */
export function bucketBits(buckets: number): number {
  return 32 - Math.clz32(buckets - 1)
}

/** The bucket whose rows are divided when there come to be `buckets` + 1 of them. */
export function dividedBucket(buckets: number): number {
  return buckets - 2 ** (31 - Math.clz32(buckets))
}

/** A stored bucket laid open. */
export class Bucket {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly rows: number
  /** Where the first row begins. */
  readonly body: number

  /** @throws StateCorruptError ONLINE_BUCKET when the bytes are no bucket of a known version */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const isKnown = bytes.length >= HEADER_BYTES && bytes[0] === BUCKET_VERSION
    if (!isKnown) throw damaged(`version ${BUCKET_VERSION}`, `${bytes[0]}, ${bytes.length} bytes`)
    this.rows = this.view.getUint32(4, true)
    this.body = HEADER_BYTES + this.rows * PLACE_BYTES
    const end = this.body > bytes.length ? -1 : this.end(this.rows - 1)
    if (end !== bytes.length) throw damaged(`${end} bytes`, `${bytes.length}`)
  }

  hash(row: number): number {
    return this.view.getUint32(HEADER_BYTES + row * PLACE_BYTES, true)
  }

  start(row: number): number {
    return this.end(row - 1)
  }

  end(row: number): number {
    if (row < 0) return this.body
    return this.body + this.view.getUint32(HEADER_BYTES + row * PLACE_BYTES + 4, true)
  }

  /** A view of a row's value. */
  value(row: number): Uint8Array {
    const start = this.start(row)
    const entity = this.view.getUint16(start, true)
    return this.bytes.subarray(start + ENTITY_LENGTH_BYTES + entity, this.end(row))
  }

  /** A view of the value of an entity, or undefined. */
  find(entity: Uint8Array): Uint8Array | undefined {
    const hash = entityHash(entity, 0, entity.length)
    for (let row = 0; row < this.rows; row++) {
      if (this.hash(row) === hash && this.#isOf(row, entity)) return this.value(row)
    }
    return undefined
  }

  #isOf(row: number, entity: Uint8Array): boolean {
    const start = this.start(row)
    if (this.view.getUint16(start, true) !== entity.length) return false
    const from = start + ENTITY_LENGTH_BYTES
    for (let i = 0; i < entity.length; i++) if (this.bytes[from + i] !== entity[i]) return false
    return true
  }
}

/** Gathers the rows of a bucket, in ascending order of their hashes. Reusable. */
export class BucketBuilder {
  rows = 0
  #hashes = new Int32Array(64)
  #ends = new Int32Array(64)
  readonly #body = new ByteWriter(8192)
  readonly #out = new ByteWriter(8192)

  clear(): void {
    this.rows = 0
    this.#body.clear()
  }

  /** Adds the row `bytes[start .. end)`. */
  add(hash: number, bytes: Uint8Array, start: number, end: number): void {
    const row = this.rows
    if (row === this.#hashes.length) this.#grow()
    this.#body.raw(bytes, start, end)
    this.#hashes[row] = hash
    this.#ends[row] = this.#body.length
    this.rows = row + 1
  }

  /** The bucket's bytes; a view, valid until the next call. */
  finish(): Uint8Array {
    const out = this.#out
    out.clear()
    out.uint32(BUCKET_VERSION)
    out.uint32(this.rows)
    out.reserve(this.rows * PLACE_BYTES)
    for (let row = 0; row < this.rows; row++) {
      out.uint32(this.#hashes[row]!)
      out.uint32(this.#ends[row]!)
    }
    out.raw(this.#body.bytes, 0, this.#body.length)
    return out.view()
  }

  #grow(): void {
    const hashes = new Int32Array(this.rows * 2)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const ends = new Int32Array(this.rows * 2)
    ends.set(this.#ends)
    this.#ends = ends
  }
}

function damaged(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'ONLINE_BUCKET',
    message: 'a bucket of the online store can not be read',
    expected,
    found,
    remedy: 'Fill the view again: run the job with --fresh.',
  })
}
