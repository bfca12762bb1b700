// Order codes (offset-value coding): one number says how a key stands to a smaller one: at which byte
// they first differ, and what the greater key has there. Of two keys that are coded against the same
// third one, the one with the smaller code is the smaller; only equal codes need a look at the bytes,
// behind the offset that both share. Codes order as: a later difference before an earlier one.
//
//   code = (2^32 - offset) · 256 + byte;  0: the keys are equal
const OFFSETS = 2 ** 32

/** Of a key that is coded against nothing: two of these are compared from their first byte on. */
export const UNKNOWN_CODE = (OFFSETS + 1) * 256
/** Behind all keys. */
export const END_CODE = Number.POSITIVE_INFINITY

/** The code of key b after key a ≤ b. */
export function orderCode(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const shared = Math.min(aLength, bLength)
  let i = 0
  while (i < shared && a[aStart + i] === b[bStart + i]) i++
  return i === bLength ? 0 : codeAt(i, b[bStart + i]!)
}

/** The code of a key whose byte at `offset` is the first to differ. */
export function codeAt(offset: number, byte: number): number {
  return (OFFSETS - offset) * 256 + byte
}

/** The first byte at which two keys with this code may differ. */
export function offsetBehind(code: number): number {
  return OFFSETS + 1 - Math.floor(code / 256)
}
