// PartitionCursor: finds chunks of one partition in any ChunkStore. Offsets are contiguous; the
// ends are derived from the first and the last chunk, which is never removed without leaving an
// empty chunk at the next offset. A position that retention removed is an error, never a silent
// jump.
import { ConfigError, StateCorruptError } from '../../engine/errors.ts'
import { type Chunk, type ChunkHeader, chunkHeader, decodeChunk } from './chunk-format.ts'
import { type ChunkStore, chunkKey, chunkPlaceOf, type StoreEntry } from './chunk-store.ts'

/** A chunk with the offset of its first record. */
export interface PlacedChunk {
  readonly offset: number
  readonly chunk: Chunk
}

/** What the last chunk of a partition says about the next one. */
export interface PartitionEnd {
  readonly nextOffset: number
  readonly appendTime: number
  readonly bytesBefore: number
}

const EMPTY: PartitionEnd = { nextOffset: 0, appendTime: 0, bytesBefore: 0 }

/** The offset of the oldest record that is still there; equal to the latest when there is none. */
export function earliestOffset(store: ChunkStore, topic: string, partition: number): number {
  const from = chunkKey(topic, partition, 0)
  const to = chunkKey(topic, partition + 1, 0)
  const [first] = store.range(from, to, 1)
  return first === undefined ? 0 : offsetOf(first, topic)
}

/** The offset that the next record will get. */
export function latestOffset(store: ChunkStore, topic: string, partition: number): number {
  return partitionEnd(store, topic, partition).nextOffset
}

/** Where the next chunk of a partition goes, from the last one's header. */
export function partitionEnd(
  store: Pick<ChunkStore, 'before'>,
  topic: string,
  partition: number,
): PartitionEnd {
  const last = store.before(chunkKey(topic, partition + 1, 0))
  const place = last && chunkPlaceOf(last.key, topic)
  if (last === undefined || place?.partition !== partition) return EMPTY
  const header = chunkHeader(last.value)
  return {
    nextOffset: place.offset + header.count,
    appendTime: header.appendTime,
    bytesBefore: header.bytesBefore + header.sizeBytes,
  }
}

/** A chunk's offset and header, unchecked; for retention. */
export interface ChunkFacts extends ChunkHeader {
  readonly offset: number
}

/** Facts of the oldest `limit` chunks of a partition. */
export function oldestChunks(
  store: ChunkStore,
  topic: string,
  partition: number,
  limit: number,
): ChunkFacts[] {
  const from = chunkKey(topic, partition, 0)
  const entries = store.range(from, chunkKey(topic, partition + 1, 0), limit)
  return entries.map((entry) => ({ offset: offsetOf(entry, topic), ...chunkHeader(entry.value) }))
}

/**
 * The chunk that holds `offset`, or undefined when `offset` is the latest.
 * @throws ConfigError OFFSET_OUT_OF_RANGE below the earliest or above the latest offset
 * @throws StateCorruptError CHUNK_CORRUPT for a damaged chunk or a gap
 */
export function chunkAt(
  store: ChunkStore,
  topic: string,
  partition: number,
  offset: number,
): PlacedChunk | undefined {
  const exactKey = chunkKey(topic, partition, offset)
  const exact = store.get(exactKey)
  if (exact !== undefined) {
    const chunk = decodeChunk(exact, exactKey)
    return chunk.count === 0 ? undefined : { offset, chunk }
  }
  const before = store.before(exactKey)
  const place = before && chunkPlaceOf(before.key, topic)
  if (before === undefined || place?.partition !== partition) {
    const earliest = earliestOffset(store, topic, partition)
    if (offset === earliest) return undefined
    throw outOfRange(store, topic, partition, offset)
  }
  const chunk = decodeChunk(before.value, before.key)
  const next = place.offset + chunk.count
  if (offset < next) return { offset: place.offset, chunk }
  if (offset === next) return noGap(store, topic, partition, offset)
  throw outOfRange(store, topic, partition, offset)
}

/** Nothing stands at `offset` although the chunk before ends there: then nothing may follow. */
function noGap(store: ChunkStore, topic: string, partition: number, offset: number): undefined {
  const latest = latestOffset(store, topic, partition)
  // A writer may have appended between the two looks; the next call finds its chunk.
  if (latest === offset || store.get(chunkKey(topic, partition, offset)) !== undefined) return
  throw new StateCorruptError({
    code: 'CHUNK_CORRUPT',
    message: `topic "${topic}", partition ${partition} has a gap`,
    expected: `a chunk at offset ${offset}`,
    found: `none, but records up to ${latest}`,
    remedy: 'Restore the log from a backup.',
  })
}

/** @returns ConfigError OFFSET_OUT_OF_RANGE that names the range there is */
export function outOfRange(
  store: ChunkStore,
  topic: string,
  partition: number,
  offset: number,
): ConfigError {
  const earliest = earliestOffset(store, topic, partition)
  const latest = latestOffset(store, topic, partition)
  return new ConfigError({
    code: 'OFFSET_OUT_OF_RANGE',
    message: `topic "${topic}", partition ${partition} does not hold this offset`,
    expected: `${earliest} to ${latest}`,
    found: `${offset}`,
    remedy:
      offset < earliest
        ? 'Retention removed the records. Start from the earliest offset, which skips them.'
        : 'The topic is not the one that was read before.',
  })
}

function offsetOf(entry: StoreEntry, topic: string): number {
  const place = chunkPlaceOf(entry.key, topic)
  if (place !== undefined) return place.offset
  throw new StateCorruptError({
    code: 'CHUNK_CORRUPT',
    message: `topic "${topic}" holds a key that is not a chunk's`,
    expected: 'a chunk key',
    found: `${entry.key.length} bytes`,
    remedy: 'Restore the log from a backup.',
  })
}
