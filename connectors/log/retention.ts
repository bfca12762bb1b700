// Retention: which of the oldest chunks of a partition may go. Pure: facts in, a decision out; the
// log removes what is named. Only whole chunks go, from the front, so offsets stay contiguous.
import type { Retention } from './topic-definition.ts'

/** Oldest chunks that one sweep looks at in one partition. */
export const RETENTION_CHUNKS_MAX = 256

/** One of the oldest chunks of a partition, ascending by offset. */
export interface RetainedChunk {
  readonly count: number
  readonly appendTime: number
  readonly bytesBefore: number
  readonly sizeBytes: number
}

/**
 * How many chunks from the front may be removed.
 * @param bytesEnd bytes ever written to the partition (`bytesBefore` of the next chunk)
 */
export function removableChunks(
  chunks: readonly RetainedChunk[],
  retention: Retention,
  bytesEnd: number,
  nowMicros: number,
): number {
  let removable = 0
  for (const chunk of chunks) {
    const isOld =
      retention.timeMs !== undefined && chunk.appendTime < nowMicros - retention.timeMs * 1000
    const bytesAfter = bytesEnd - chunk.bytesBefore - chunk.sizeBytes
    const isBeyond = retention.bytes !== undefined && bytesAfter >= retention.bytes
    if (chunk.count === 0 || !(isOld || isBeyond)) break
    removable++
  }
  return removable
}
