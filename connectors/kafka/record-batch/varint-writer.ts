// Zigzag varints of records: a whole number within ± 2^52 in 1 to 8 bytes, 7 bits each, low first.

/** Bytes that `writeVarint` takes. */
export function varintSize(value: number): number {
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  let size = 1
  while (rest >= 0x80) {
    rest = Math.floor(rest / 128)
    size++
  }
  return size
}

/** @returns the position after the number */
export function writeVarint(value: number, target: Uint8Array, at: number): number {
  let to = at
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  while (rest >= 0x80000000) {
    target[to++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  // What is left is a 32-bit integer, whose arithmetic is several times cheaper.
  let low = rest | 0
  while (low >= 0x80) {
    target[to++] = (low & 0x7f) | 0x80
    low >>>= 7
  }
  target[to++] = low
  return to
}
