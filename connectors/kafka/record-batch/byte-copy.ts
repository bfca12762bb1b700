// Copies that compressed formats are made of: runs of literals, and matches in what was written.

/** Shorter runs are copied byte by byte: a call of the bulk methods costs more. */
const BULK_BYTES_MIN = 64

/** Copies `count` bytes; both ranges must be inside their arrays. */
export function copyLiterals(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  count: number,
): void {
  if (count >= BULK_BYTES_MIN) {
    target.set(source.subarray(from, from + count), to)
    return
  }
  for (let i = 0; i < count; i++) target[to + i] = source[from + i]!
}

/** Repeats the bytes `distance` before `to`; the ranges may overlap, then a pattern is repeated. */
export function copyMatch(bytes: Uint8Array, to: number, distance: number, count: number): void {
  const from = to - distance
  if (count >= BULK_BYTES_MIN && distance >= count) {
    bytes.copyWithin(to, from, from + count)
    return
  }
  for (let i = 0; i < count; i++) bytes[to + i] = bytes[from + i]!
}

/** @returns the position in `target` after the copy of `source[start .. end)` */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
): number {
  copyLiterals(source, start, target, to, end - start)
  return to + end - start
}
