// Keys of the online store, and entities as they stand in buckets. All buckets of a view's generation
// lie together. Numbers are big-endian.
//
//   view record   00 | name
//   bucket        01 | name | 00 | generation u32 | bucket u32
//   bytes of all  02 | name | 00 | generation u32
//
//   entity        00 | entity key
//   long entity   01 | first 992 bytes | SHA-256
import { createHash } from 'node:crypto'
import type { ByteWriter } from '../../engine/batch/index.ts'
import { ConfigError } from '../../engine/errors.ts'

/** Bytes of an entity key that are stored as they are; a longer one ends in its hash. */
export const ENTITY_BYTES_MAX = 1024
const HASH_BYTES = 32
const NAME_BYTES_MAX = 256

const encoder = new TextEncoder()

/** @throws ConfigError VIEW_NAME for an empty, too long or unprintable name */
export function viewNameBytes(name: string): Uint8Array {
  const bytes = encoder.encode(name)
  const isPlain = bytes.length > 0 && bytes.length <= NAME_BYTES_MAX && bytes.every((b) => b >= 32)
  if (isPlain) return bytes
  throw new ConfigError({
    code: 'VIEW_NAME',
    message: 'the name of an online view can not be used',
    expected: `1 to ${NAME_BYTES_MAX} printable bytes`,
    found: JSON.stringify(name.slice(0, 60)),
    remedy: "Name it like onlineView('user_fraud_5m', …).",
  })
}

export function viewRecordKey(name: string): Uint8Array {
  return Uint8Array.of(0, ...viewNameBytes(name))
}

/** All view records lie in [from, to). */
export const viewRecordRange = { from: Uint8Array.of(0), to: Uint8Array.of(1) } as const

/** What the keys of a generation's buckets begin with. */
export function generationPrefix(name: string, generation: number): Uint8Array {
  return generationKey(1, name, generation)
}

/** The key of the number of bytes that all buckets of a generation have (float64). */
export function generationBytesKey(name: string, generation: number): Uint8Array {
  return generationKey(2, name, generation)
}

function generationKey(tag: number, name: string, generation: number): Uint8Array {
  const bytes = viewNameBytes(name)
  const key = new Uint8Array(bytes.length + 6)
  key[0] = tag
  key.set(bytes, 1)
  new DataView(key.buffer).setUint32(bytes.length + 2, generation)
  return key
}

/** The key of a bucket; a view of `writer`. */
export function bucketKey(prefix: Uint8Array, bucket: number, writer: ByteWriter): Uint8Array {
  writer.clear()
  writer.raw(prefix)
  writer.uint32Ordered(bucket)
  return writer.view()
}

/** A key above all keys with this prefix. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  return Uint8Array.of(...prefix, 0xff)
}

/** Appends the entity whose key is `key[0 .. length)`. */
export function writeEntity(key: Uint8Array, length: number, writer: ByteWriter): void {
  if (length <= ENTITY_BYTES_MAX) {
    writer.uint8(0)
    writer.raw(key, 0, length)
    return
  }
  writer.uint8(1)
  writer.raw(key, 0, ENTITY_BYTES_MAX - HASH_BYTES)
  writer.raw(createHash('sha256').update(key.subarray(0, length)).digest())
}
