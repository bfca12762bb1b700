// Batches that no writer of ours makes: headers changed and checked again, empty batches, marks.
import { crc32c } from '@node-rs/crc32'
import { batchOf, record } from './batch-fixture.ts'

const HEADER_BYTES = 61

export interface Patch {
  readonly baseOffset?: number
  /** Bits that are set beside those that are. */
  readonly attributes?: number
  readonly lastOffsetDelta?: number
  readonly timeMaxMs?: number
  readonly producerId?: number
  readonly recordCount?: number
  /** New offset deltas of the records, each -64 to 63, where keys and values are short. */
  readonly deltas?: readonly number[]
}

/** A copy of an uncompressed batch with other numbers in it and the checksum to them. */
export function patched(batch: Uint8Array, patch: Patch): Uint8Array {
  const copy = batch.slice()
  const view = new DataView(copy.buffer)
  if (patch.baseOffset !== undefined) view.setBigInt64(0, BigInt(patch.baseOffset))
  if (patch.attributes !== undefined) view.setInt16(21, view.getInt16(21) | patch.attributes)
  if (patch.lastOffsetDelta !== undefined) view.setInt32(23, patch.lastOffsetDelta)
  if (patch.timeMaxMs !== undefined) view.setBigInt64(35, BigInt(patch.timeMaxMs))
  if (patch.producerId !== undefined) view.setBigInt64(43, BigInt(patch.producerId))
  if (patch.recordCount !== undefined) view.setInt32(57, patch.recordCount)
  let at = HEADER_BYTES
  for (const delta of patch.deltas ?? []) {
    copy[at + 3] = delta < 0 ? -delta * 2 - 1 : delta * 2
    at += 1 + copy[at]! / 2
  }
  return checked(copy)
}

/** Sets the checksum that the bytes have, and the length; changes the array given. */
export function checked(batch: Uint8Array): Uint8Array {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length)
  view.setInt32(8, batch.length - 12)
  view.setUint32(17, crc32c(batch.subarray(21)))
  return batch
}

/** What compaction leaves of a batch whose records are all superseded. */
export function emptyBatch(patch: Patch): Uint8Array {
  const whole = batchOf([record('a')])
  return patched(whole.slice(0, HEADER_BYTES), { recordCount: 0, ...patch })
}

/** The control batch that ends a transaction. */
export function mark(of: {
  readonly baseOffset: number
  readonly producerId: number
  readonly type?: 'abort' | 'commit'
}): Uint8Array {
  const key = of.type === 'abort' ? '\0\0\0\0' : '\0\0\0\u0001'
  const batch = batchOf([record('\0\0\0\0\0\0', key)])
  const attributes = (1 << 4) | (1 << 5)
  return patched(batch, { attributes, baseOffset: of.baseOffset, producerId: of.producerId })
}
