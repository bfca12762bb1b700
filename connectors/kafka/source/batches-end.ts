// Where the whole batches of a response end, from their frames alone: the offset to fetch from next is
// known before anything is decompressed or decoded.
import {
  BatchHeader,
  FRAME_BYTES,
  HEADER_BYTES,
  LENGTH_AT,
  MAGIC,
  MAGIC_AT,
} from '../record-batch/batch-header.ts'

/**
 * The offset after the last whole batch; undefined when there is none that makes sense. What does
 * not is left to the reader of the batches, which says what is wrong.
 */
export function batchesEnd(records: Uint8Array): number | undefined {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  let lastAt = -1
  for (let at = 0; records.length - at >= HEADER_BYTES; ) {
    if (view.getInt8(at + MAGIC_AT) !== MAGIC) break
    const size = FRAME_BYTES + view.getInt32(at + LENGTH_AT)
    if (size < HEADER_BYTES || size > records.length - at) break
    lastAt = at
    at += size
  }
  if (lastAt < 0) return undefined
  const header = new BatchHeader()
  header.read(view, lastAt)
  return header.lastOffset + 1
}
