// Work on UTF-8 bytes without making strings: counting and cutting code points, searching,
// trimming, replacing, splitting.
import type { TextChange } from './text-lanes.ts'

/** Code points of `bytes[start .. end)`: all bytes but continuation bytes. */
export function codePointCount(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) !== 0x80) count++
  return count
}

/** First position of `wanted` in `bytes[start .. end)`, or -1. An empty text is at `start`. */
export function byteIndexOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: Uint8Array,
): number {
  const length = wanted.length
  if (length === 0) return start
  const first = wanted[0]!
  for (let at = start; at + length <= end; at++) {
    if (bytes[at]! !== first) continue
    let i = 1
    while (i < length && bytes[at + i]! === wanted[i]!) i++
    if (i === length) return at
  }
  return -1
}

/** Takes spaces (U+0020) away at both ends, as SQL's TRIM does. */
export const trimChange: TextChange = (bytes, start, end, out) => {
  let [from, to] = [start, end]
  while (from < to && bytes[from]! === 0x20) from++
  while (to > from && bytes[to - 1]! === 0x20) to--
  out.raw(bytes, from, to)
  return true
}

/** Code points from `first` (1 = the first) on, at most `count` of them. */
export function substringChange(first: number, count: number | undefined): TextChange {
  return (bytes, start, end, out) => {
    const from = skipCodePoints(bytes, start, end, first - 1)
    const to = count === undefined ? end : skipCodePoints(bytes, from, end, count)
    out.raw(bytes, from, to)
    return true
  }
}

/** Every `search` becomes `replacement`; an empty `search` changes nothing. */
export function replaceChange(search: Uint8Array, replacement: Uint8Array): TextChange {
  return (bytes, start, end, out) => {
    let from = start
    let found = search.length === 0 ? -1 : byteIndexOf(bytes, from, end, search)
    while (found >= 0) {
      out.raw(bytes, from, found)
      out.raw(replacement)
      from = found + search.length
      found = byteIndexOf(bytes, from, end, search)
    }
    out.raw(bytes, from, end)
    return true
  }
}

/** Part `index` (1 = the first) between separators; null when there are fewer. */
export function splitPartChange(separator: Uint8Array, index: number): TextChange {
  return (bytes, start, end, out) => {
    let from = start
    for (let part = 1; ; part++) {
      const found = byteIndexOf(bytes, from, end, separator)
      if (part === index) {
        out.raw(bytes, from, found < 0 ? end : found)
        return true
      }
      if (found < 0) return false
      from = found + separator.length
    }
  }
}

function skipCodePoints(bytes: Uint8Array, start: number, end: number, count: number): number {
  let at = start
  for (let left = count; left > 0 && at < end; left--) {
    at++
    while (at < end && (bytes[at]! & 0xc0) === 0x80) at++
  }
  return at
}
