// Order of encoded keys (unsigned bytes, a prefix comes first) and sets of key ranges.
import type { KeyRange } from './segment.ts'

/** Below 0, 0 or above 0, as the bytes order. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!
  }
  return a.length - b.length
}

/** The same keys as sorted ranges that neither touch nor overlap; empty ranges vanish. */
export function coalesceRanges(ranges: readonly KeyRange[]): KeyRange[] {
  const sorted = ranges
    .filter(({ from, to }) => compareBytes(from, to) < 0)
    .sort((a, b) => compareBytes(a.from, b.from))
  const merged: KeyRange[] = []
  for (const range of sorted) {
    const last = merged.at(-1)
    if (last === undefined || compareBytes(range.from, last.to) > 0) merged.push(range)
    else if (compareBytes(range.to, last.to) > 0) {
      merged[merged.length - 1] = { from: last.from, to: range.to }
    }
  }
  return merged
}

/** True when one of the coalesced ranges holds every key k with from ≤ k ≤ last. */
export function coversKeys(
  ranges: readonly KeyRange[],
  from: Uint8Array,
  last: Uint8Array,
): boolean {
  return ranges.some((r) => compareBytes(r.from, from) <= 0 && compareBytes(last, r.to) < 0)
}

/** True when the coalesced ranges hold the whole range. */
export function coversRange(ranges: readonly KeyRange[], inner: KeyRange): boolean {
  return ranges.some(
    (r) => compareBytes(r.from, inner.from) <= 0 && compareBytes(inner.to, r.to) <= 0,
  )
}
