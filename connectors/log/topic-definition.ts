// TopicDefinition: what is fixed about a topic when it is created, and its stored form: CRC32C of
// the JSON text (4 bytes, little-endian), then the text. Definitions never change afterwards.
import { crc32, crc32c } from '@node-rs/crc32'
import { murmur2Partition } from '../../engine/batch/index.ts'
import { assertNever, ConfigError, StateCorruptError } from '../../engine/errors.ts'
import { PARTITIONS_MAX } from '../../engine/limits.ts'
import { type ChunkStore, checkTopicName, definitionKey, topicNames } from './chunk-store.ts'

/** How keys are spread: Kafka's Java clients, librdkafka's default, or by the writer itself. */
export type Partitioner = 'murmur2' | 'crc32' | 'unknown'
/** How the values of a topic are encoded. */
export type TopicFormat = 'json' | 'msgpack'

/** What may be removed from the front of a partition; absent: nothing is. */
export interface Retention {
  /** Records older than this (by append time) may go. */
  readonly timeMs?: number
  /** The oldest chunks may go while at least so many bytes stay. */
  readonly bytes?: number
}

export interface TopicDefinition {
  readonly topic: string
  readonly partitions: number
  readonly format: TopicFormat
  readonly partitioner: Partitioner
  readonly retention: Retention
  /** When it was created, epoch microseconds; tells a topic from a later one of the same name. */
  readonly createdMicros: number
}

/** @throws ConfigError TOPIC_INVALID, TOPIC_NAME_INVALID */
export function checkDefinition(definition: TopicDefinition): void {
  checkTopicName(definition.topic)
  const { partitions, retention } = definition
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw invalid(definition.topic, `1 to ${PARTITIONS_MAX} partitions`, `${partitions}`)
  }
  for (const bound of [retention.timeMs, retention.bytes]) {
    if (bound === undefined || bound >= 0) continue
    throw invalid(definition.topic, 'a retention of 0 or more', `${bound}`)
  }
}

export function encodeDefinition(definition: TopicDefinition): Uint8Array {
  const text = Buffer.from(JSON.stringify(definition))
  const bytes = new Uint8Array(text.length + 4)
  bytes.set(text, 4)
  new DataView(bytes.buffer).setUint32(0, crc32c(text), true)
  return bytes
}

/** The definition of a topic, or undefined when the store has none. */
export function readDefinition(store: ChunkStore, topic: string): TopicDefinition | undefined {
  const bytes = store.get(definitionKey(topic))
  return bytes === undefined ? undefined : decodeDefinition(topic, bytes)
}

/** All topics of a store by name. */
export function readDefinitions(store: ChunkStore): TopicDefinition[] {
  return topicNames(store).flatMap((topic) => readDefinition(store, topic) ?? [])
}

/** @throws StateCorruptError TOPIC_CORRUPT */
export function decodeDefinition(topic: string, bytes: Uint8Array): TopicDefinition {
  const text = bytes.subarray(4)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length > 4 && view.getUint32(0, true) === crc32c(text)) {
    return JSON.parse(Buffer.from(text).toString())
  }
  throw new StateCorruptError({
    code: 'TOPIC_CORRUPT',
    message: `the definition of topic "${topic}" is damaged`,
    expected: 'its CRC32C',
    found: 'another',
    remedy: 'Restore the log from a backup.',
  })
}

/** The partition of a key. @throws ConfigError PARTITIONER_UNKNOWN */
export function partitionOfKey(definition: TopicDefinition, key: Uint8Array): number {
  const { partitioner, partitions, topic } = definition
  switch (partitioner) {
    case 'murmur2':
      return murmur2Partition(key, 0, key.length, partitions)
    case 'crc32':
      return crc32(key) % partitions
    case 'unknown':
      throw new ConfigError({
        code: 'PARTITIONER_UNKNOWN',
        message: `topic "${topic}" has no declared partitioner`,
        expected: 'murmur2 or crc32',
        found: 'unknown',
        remedy: 'Append to a partition by number, or create the topic with a partitioner.',
      })
    default:
      return assertNever(partitioner)
  }
}

/** True when two definitions differ in anything but their age. */
export function differs(a: TopicDefinition, b: TopicDefinition): boolean {
  return (
    a.partitions !== b.partitions ||
    a.format !== b.format ||
    a.partitioner !== b.partitioner ||
    a.retention.timeMs !== b.retention.timeMs ||
    a.retention.bytes !== b.retention.bytes
  )
}

/** The topic is there, but not as it was asked for. */
export function topicExists(found: TopicDefinition, wanted: TopicDefinition): ConfigError {
  const { createdMicros: _found, ...there } = found
  const { createdMicros: _wanted, ...asked } = wanted
  return new ConfigError({
    code: 'TOPIC_EXISTS',
    message: `topic "${found.topic}" exists with other options`,
    expected: JSON.stringify(asked),
    found: JSON.stringify(there),
    remedy: 'Use the topic as it is, or choose another name.',
  })
}

function invalid(topic: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'TOPIC_INVALID',
    message: `topic "${topic}" can not be created so`,
    expected,
    found,
    remedy: 'Correct the options of the topic.',
  })
}
