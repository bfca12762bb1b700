// Segment: the rows of one table that changed in one or several epochs, sorted by encoded key and cut
// into blocks of at most SEGMENT_BLOCK_BYTES_MAX, with a footer that names them. Every block and the
// footer carry their length and a CRC32C that is seeded with task, operator, table and segment, so a
// flipped bit, a cut, a missing and a swapped block are all StateCorruptError, never other rows.
//
//   block:   crc u32 | version u8 | kind u8 | 0 u16 | payload length u32 | rows u32 | index u32
//            payload: per row varint key length, varint value length + 1 (0 = the key is gone);
//            then per row key bytes, value bytes
//   footer:  the same header with kind 1 and index 2^32 - 1; payload as `encodeFooter` writes it
import { crc32c } from '@node-rs/crc32'
import { ByteReader, ByteWriter } from '../batch/index.ts'
import { StateCorruptError } from '../errors.ts'
import type { TableFormat } from './state-table.ts'
import { decodeFormat, encodeFormat } from './table-format.ts'

export const HEADER_BYTES = 20
export const BLOCK_KIND = { rows: 0, footer: 1 } as const
const LAYOUT_VERSION = 1
const FOOTER_INDEX = 0xffffffff

/** Where a segment belongs. */
export interface SegmentIdentity {
  readonly taskId: string
  readonly operatorId: string
  readonly table: string
  readonly segment: number
}

/** Keys k with from ≤ k < to. */
export interface KeyRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

export interface SegmentFooter {
  readonly format: TableFormat
  /** Rows of all blocks, deletions among them. */
  readonly rows: number
  readonly deletions: number
  /** Bytes of all blocks. */
  readonly bytes: number
  /** What earlier segments lose, sorted and without overlaps. */
  readonly ranges: readonly KeyRange[]
  readonly firstKeys: readonly Uint8Array[]
  /** Bytes of each block. */
  readonly blockBytes: readonly number[]
  readonly lastKey: Uint8Array
}

/** The checksum's seed: the same bytes at another place don't pass. */
export function identitySeed(identity: SegmentIdentity): number {
  const { taskId, operatorId, table, segment } = identity
  return crc32c(JSON.stringify([taskId, operatorId, table, segment]))
}

/** Fills the header in front of a payload that stands at HEADER_BYTES. */
export function sealBlock(
  bytes: Uint8Array,
  kind: number,
  rows: number,
  index: number,
  seed: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint8(4, LAYOUT_VERSION)
  view.setUint8(5, kind)
  view.setUint16(6, 0)
  view.setUint32(8, bytes.length - HEADER_BYTES, true)
  view.setUint32(12, rows, true)
  view.setUint32(16, index, true)
  view.setUint32(0, crc32c(bytes.subarray(4), seed), true)
}

/**
 * Checks everything a header says and returns the number of rows.
 * @throws StateCorruptError SEGMENT_CORRUPT
 */
export function checkBlock(
  bytes: Uint8Array | undefined,
  kind: number,
  index: number,
  identity: SegmentIdentity,
): number {
  const place = placeOf(identity, index)
  if (bytes === undefined) throw corrupt(place, 'a stored block', 'none')
  if (bytes.length < HEADER_BYTES) throw corrupt(place, 'a header', `${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(8, true)
  if (length !== bytes.length - HEADER_BYTES) {
    throw corrupt(place, `${length} bytes`, `${bytes.length - HEADER_BYTES}`)
  }
  const stored = view.getUint32(0, true)
  const computed = crc32c(bytes.subarray(4), identitySeed(identity))
  if (stored !== computed) throw corrupt(place, `CRC32C ${stored}`, `${computed}`)
  const version = view.getUint8(4)
  if (version !== LAYOUT_VERSION) throw corrupt(place, `version ${LAYOUT_VERSION}`, `${version}`)
  if (view.getUint8(5) !== kind) throw corrupt(place, `kind ${kind}`, `${view.getUint8(5)}`)
  const found = view.getUint32(16, true)
  if (found !== index) throw corrupt(place, `block ${index}`, `block ${found}`)
  return view.getUint32(12, true)
}

export function encodeFooter(footer: SegmentFooter, identity: SegmentIdentity): Uint8Array {
  const into = new ByteWriter(1024)
  into.reserve(HEADER_BYTES)
  into.length = HEADER_BYTES
  encodeFormat(footer.format, into)
  into.varint(footer.rows)
  into.varint(footer.deletions)
  into.varint(footer.bytes)
  into.varint(footer.ranges.length)
  for (const { from, to } of footer.ranges) {
    into.block(from)
    into.block(to)
  }
  into.block(footer.lastKey)
  into.varint(footer.firstKeys.length)
  for (const key of footer.firstKeys) into.block(key)
  for (const size of footer.blockBytes) into.varint(size)
  const bytes = into.toBytes()
  sealBlock(bytes, BLOCK_KIND.footer, footer.rows, FOOTER_INDEX, identitySeed(identity))
  return bytes
}

/** @throws StateCorruptError SEGMENT_CORRUPT */
export function decodeFooter(
  bytes: Uint8Array | undefined,
  identity: SegmentIdentity,
): SegmentFooter {
  checkBlock(bytes, BLOCK_KIND.footer, FOOTER_INDEX, identity)
  const from = new ByteReader((bytes ?? new Uint8Array()).slice(), HEADER_BYTES)
  const format = decodeFormat(from)
  const rows = from.varint()
  const deletions = from.varint()
  const size = from.varint()
  const ranges = Array.from({ length: from.varint() }, () => ({
    from: from.block(),
    to: from.block(),
  }))
  const lastKey = from.block()
  const firstKeys = Array.from({ length: from.varint() }, () => from.block())
  const blockBytes = firstKeys.map(() => from.varint())
  return { format, rows, deletions, bytes: size, ranges, firstKeys, blockBytes, lastKey }
}

/** The segment in words, for errors. */
export function placeOf(identity: SegmentIdentity, index: number): string {
  const { taskId, operatorId, table, segment } = identity
  const block = index === FOOTER_INDEX ? 'footer' : `block ${index}`
  return `${block} of segment ${segment}, table ${operatorId}/${table}, task ${taskId}`
}

export function corrupt(place: string, expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'SEGMENT_CORRUPT',
    message: `stored state is damaged: ${place}`,
    expected,
    found,
    remedy: 'Restore a savepoint, or begin anew in an empty data folder.',
  })
}
