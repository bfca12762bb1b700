// ChunkStore: the reading side of any place that topics live in, and the keys of topics in it. The
// shared log and the environment of a job give the same three methods, so one reader serves both.
//
//   definition   topic name (UTF-8) · 00
//   chunk        topic name (UTF-8) · 00 · partition (u32 ordered) · first offset (8 bytes ordered)
//
// Names hold no byte 00, so a topic's entries are one range and its definition comes first.
import { ByteReader, ByteWriter } from '../../engine/batch/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { PARTITIONS_MAX } from '../../engine/limits.ts'

/** One entry. The bytes belong to the caller: a store never changes or reuses them. */
export interface StoreEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A readable, ordered store (unsigned bytes). Each call sees what was committed before it. */
export interface ChunkStore {
  get(key: Uint8Array): Uint8Array | undefined
  /** The greatest key below `key`, or undefined. */
  before(key: Uint8Array): StoreEntry | undefined
  /** At most `limit` entries with from ≤ key < to, ascending. */
  range(from: Uint8Array, to: Uint8Array, limit: number): StoreEntry[]
}

const NAME = /^[A-Za-z0-9._-]{1,249}$/
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** @throws ConfigError TOPIC_NAME_INVALID */
export function checkTopicName(topic: string): void {
  if (NAME.test(topic) && topic !== '.' && topic !== '..') return
  throw new ConfigError({
    code: 'TOPIC_NAME_INVALID',
    message: 'a topic can not have this name',
    expected: '1 to 249 of the characters A-Z a-z 0-9 . _ -',
    found: JSON.stringify(topic.slice(0, 260)),
    remedy: 'Choose another name.',
  })
}

/** @throws ConfigError PARTITION_UNKNOWN */
export function checkPartition(topic: string, partition: number, count: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < count) return
  throw new ConfigError({
    code: 'PARTITION_UNKNOWN',
    message: `topic "${topic}" has no such partition`,
    expected: `0 to ${Math.min(count, PARTITIONS_MAX) - 1}`,
    found: `${partition}`,
    remedy: 'Name a partition of the topic.',
  })
}

export function definitionKey(topic: string): Uint8Array {
  return encoder.encode(`${topic}\0`)
}

/** The key of the chunk whose first record has `offset`. */
export function chunkKey(topic: string, partition: number, offset: number): Uint8Array {
  const writer = new ByteWriter(topic.length + 13)
  writer.raw(definitionKey(topic))
  writer.uint32Ordered(partition)
  writer.integerOrdered(offset)
  return writer.toBytes()
}

/** Partition and first offset of a chunk's key of `topic`, or undefined for any other key. */
export function chunkPlaceOf(
  key: Uint8Array,
  topic: string,
): { readonly partition: number; readonly offset: number } | undefined {
  const prefix = definitionKey(topic)
  if (key.length !== prefix.length + 12) return undefined
  for (let i = 0; i < prefix.length; i++) if (key[i] !== prefix[i]) return undefined
  const reader = new ByteReader(key, prefix.length)
  return { partition: reader.uint32Ordered(), offset: reader.integerOrdered() }
}

/** Names of all topics that the store has a definition of, in byte order. */
export function topicNames(store: ChunkStore): string[] {
  const names: string[] = []
  const end = Uint8Array.of(0xff)
  let from: Uint8Array = new Uint8Array(1)
  for (;;) {
    const [entry] = store.range(from, end, 1)
    if (entry === undefined) return names
    const zero = entry.key.indexOf(0)
    const name = decoder.decode(entry.key.subarray(0, Math.max(zero, 0)))
    if (entry.key.length === zero + 1) names.push(name)
    from = encoder.encode(`${name}\u0001`)
  }
}
