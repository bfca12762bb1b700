// What compaction does with one table: a pure function of its segments. First what newer ranges erased
// is let go without reading it; then, above SEGMENTS_PER_TABLE_MAX segments, a run of the newest ones
// is merged, taking in each older one as long as it is not much larger than the run (size-tiered: a
// row is rewritten about as often as its table doubles). A table that stores several versions of most
// rows is merged as a whole, so that a restore reads a bounded multiple of what is alive; that comes
// after twice as many rows were written as are rewritten.
import { COMPACTION_SLICE_BYTES_MAX, SEGMENTS_PER_TABLE_MAX } from '../limits.ts'
import {
  coalesceRanges,
  compareBytes,
  coversKeys,
  coversRange,
  type KeyRange,
  type SegmentFooter,
} from '../state/index.ts'
import type { SegmentEntry, TableManifest } from './task-manifest.ts'

/** An older segment joins the run while it is at most this many times its size. */
const TIER_RATIO = 1

/** Stored rows for each live one before a table is merged as a whole. */
const STORED_PER_LIVE_MAX = 3

export interface SegmentFacts {
  readonly entry: SegmentEntry
  readonly footer: SegmentFooter
}

export type CompactionDecision =
  | { readonly kind: 'none' }
  /** Segments that nothing reads any more, and ones that now begin later. */
  | {
      readonly kind: 'trim'
      readonly drop: readonly SegmentEntry[]
      readonly shorten: readonly SegmentEntry[]
    }
  | { readonly kind: 'begin'; readonly inputs: readonly number[]; readonly isBase: boolean }
  | { readonly kind: 'continue' }

/**
 * @param segments of the table, oldest first, as its manifest lists them
 * @param liveRows of the table at its last commit; undefined before the first
 */
export function decideCompaction(
  manifest: TableManifest,
  segments: readonly SegmentFacts[],
  liveRows: number | undefined,
): CompactionDecision {
  if (manifest.merge !== undefined) return { kind: 'continue' }
  const trim = decideTrim(segments)
  if (trim.drop.length + trim.shorten.length > 0) return trim
  const count = segments.length
  const isWasteful = isMostlyReplaced(segments, liveRows)
  if (count <= SEGMENTS_PER_TABLE_MAX && !isWasteful) return { kind: 'none' }
  const group = largestGroup(segments)
  if (isWasteful && group.end - group.start >= 2) return begin(segments, group.start, group.end)
  let first = Math.max(group.start, group.end - (count - SEGMENTS_PER_TABLE_MAX + 1))
  if (group.end - first < 2) return { kind: 'none' }
  let size = sizeOf(segments.slice(first, group.end))
  while (first > group.start) {
    const older = sizeOf(segments.slice(first - 1, first))
    if (older > size * TIER_RATIO) break
    size += older
    first--
  }
  return begin(segments, first, group.end)
}

function begin(segments: readonly SegmentFacts[], first: number, end: number): CompactionDecision {
  const inputs = segments.slice(first, end).map(({ entry }) => entry.number)
  return { kind: 'begin', inputs, isBase: first === 0 }
}

/** Tables that one slice can read are left alone: merging those as a whole saves nothing. */
function isMostlyReplaced(segments: readonly SegmentFacts[], liveRows: number | undefined) {
  if (liveRows === undefined || sizeOf(segments) <= COMPACTION_SLICE_BYTES_MAX) return false
  let stored = 0
  for (const { entry, footer } of segments) {
    // Of a segment that was shortened, about this many are left.
    stored += footer.rows * (entry.bytes / Math.max(1, footer.bytes))
  }
  return stored > liveRows * STORED_PER_LIVE_MAX
}

/** The longest run of neighbours with one format, the newest of equals: only such can be merged. */
function largestGroup(segments: readonly SegmentFacts[]): { start: number; end: number } {
  const formats = segments.map(({ footer }) => JSON.stringify(footer.format))
  let best = { start: 0, end: 0 }
  let start = 0
  for (let end = 1; end <= formats.length; end++) {
    if (end - start >= best.end - best.start) best = { start, end }
    if (formats[end] !== formats[start]) start = end
  }
  return best
}

function sizeOf(segments: readonly SegmentFacts[]): number {
  return segments.reduce((sum, { entry }) => sum + entry.bytes, 0)
}

/** What the first key of each remaining block says about a segment whose smaller keys are gone. */
export function shortened(entry: SegmentEntry, footer: SegmentFooter, from: Uint8Array) {
  let { firstBlock, bytes } = entry
  for (; firstBlock + 1 < entry.endBlock; firstBlock++) {
    const next = footer.firstKeys[firstBlock + 1]
    if (next === undefined || compareBytes(next, from) > 0) break
    bytes -= footer.blockBytes[firstBlock] ?? 0
  }
  return { ...entry, firstBlock, bytes, from }
}

function decideTrim(segments: readonly SegmentFacts[]) {
  const drop: SegmentEntry[] = []
  const shorten: SegmentEntry[] = []
  let newer: readonly KeyRange[] = []
  for (let i = segments.length - 1; i >= 0; i--) {
    const facts = segments[i]
    if (facts === undefined) continue
    if (isErased(facts, newer, i === 0)) drop.push(facts.entry)
    else {
      const later = laterStart(facts, newer)
      if (later !== undefined) shorten.push(later)
    }
    newer = coalesceRanges([...newer, ...facts.footer.ranges])
  }
  return { kind: 'trim', drop, shorten } as const
}

function isErased({ entry, footer }: SegmentFacts, newer: readonly KeyRange[], isOldest: boolean) {
  const rangesGo = isOldest || footer.ranges.every((range) => coversRange(newer, range))
  if (!rangesGo) return false
  const first = entry.from ?? footer.firstKeys[0]
  if (first === undefined || footer.rows === 0) return true
  return coversKeys(newer, first, footer.lastKey) || compareBytes(footer.lastKey, first) < 0
}

/** The segment without the whole blocks at its beginning that newer ranges erased. */
function laterStart({ entry, footer }: SegmentFacts, newer: readonly KeyRange[]) {
  const first = entry.from ?? footer.firstKeys[entry.firstBlock]
  if (first === undefined) return undefined
  const range = newer.find((r) => compareBytes(r.from, first) <= 0 && compareBytes(first, r.to) < 0)
  if (range === undefined) return undefined
  const later = shortened(entry, footer, range.to)
  return later.firstBlock > entry.firstBlock ? later : undefined
}
