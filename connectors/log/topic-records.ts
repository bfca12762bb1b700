// Records of a topic as objects, for the CLI, for tests and for tools: one allocation a record and
// no decoding. Jobs read through `logSource` instead.
import { Change } from '../../engine/batch/index.ts'
import { type ChunkOrigin, changeOf, decodeChunk, recordKey, recordValue } from './chunk-format.ts'
import type { ChunkStore } from './chunk-store.ts'
import { chunkAt } from './partition-cursor.ts'

/** One record with its place. */
export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  /** Undefined: no key. */
  readonly key: Uint8Array | undefined
  /** Undefined: a delete of an upsert topic. */
  readonly value: Uint8Array | undefined
  readonly appendTime: number
  readonly eventTime: number | undefined
  /** As in the header `mr-op`. */
  readonly op: '+I' | '-U' | '+U' | '-D'
  /** Slot, term, epoch and seq of the job's record, as in the header `mr-pos`. */
  readonly origin: ChunkOrigin | undefined
}

/**
 * At most `limit` records of a partition from `offset` on; an empty array at the latest offset.
 * @throws ConfigError OFFSET_OUT_OF_RANGE
 */
export function readRecords(
  store: ChunkStore,
  topic: string,
  partition: number,
  offset: number,
  limit: number,
): TopicRecord[] {
  const records: TopicRecord[] = []
  let next = offset
  while (records.length < limit) {
    const placed = chunkAt(store, topic, partition, next)
    if (placed === undefined) return records
    const { chunk } = placed
    const from = next - placed.offset
    const to = Math.min(chunk.count, from + limit - records.length)
    for (let i = from; i < to; i++) {
      const { origin } = chunk
      records.push({
        partition,
        offset: placed.offset + i,
        key: recordKey(chunk, i),
        value: recordValue(chunk, i),
        appendTime: chunk.appendTime,
        eventTime: knownTime(chunk.eventTimes?.[i]),
        op: opOf(changeOf(chunk, i)),
        origin: origin && { ...origin, seq: origin.seq + i },
      })
    }
    next = placed.offset + to
  }
  return records
}

/** The values of the records in one stored chunk. @throws StateCorruptError CHUNK_CORRUPT */
export function valuesOf(key: Uint8Array, bytes: Uint8Array): Uint8Array[] {
  const chunk = decodeChunk(bytes, key)
  return Array.from({ length: chunk.count }, (_, i) => recordValue(chunk, i) ?? NO_BYTES)
}

const NO_BYTES = new Uint8Array(0)

/** The text of a change in headers and files. */
export function opOf(change: number): TopicRecord['op'] {
  switch (change) {
    case Change.updateBefore:
      return '-U'
    case Change.updateAfter:
      return '+U'
    case Change.delete:
      return '-D'
    default:
      return '+I'
  }
}

function knownTime(time: number | undefined): number | undefined {
  return time === undefined || Number.isNaN(time) ? undefined : time
}
