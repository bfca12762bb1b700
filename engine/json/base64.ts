// Base64 (RFC 4648, section 4) between bytes and bytes, strict: padded, no white space, no other
// alphabet, unused bits zero. What is decoded encodes back to the same text.
import type { ByteWriter } from '../batch/index.ts'

const ALPHABET = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
)
const VALUES = new Int8Array(256).fill(-1)
ALPHABET.forEach((letter, value) => {
  VALUES[letter] = value
})
const PAD = 61

/**
 * Appends the bytes that the text stands for; false (and nothing appended) when it is not base64.
 */
export function decodeBase64(text: Uint8Array, start: number, end: number, out: ByteWriter) {
  const length = end - start
  if (length % 4 !== 0) return false
  const pads = length > 0 && text[end - 1] === PAD ? (text[end - 2] === PAD ? 2 : 1) : 0
  const last = end - pads
  const before = out.length
  out.reserve((length / 4) * 3)
  let bits = 0
  let count = 0
  for (let i = start; i < last; i++) {
    const value = VALUES[text[i]!]!
    if (value < 0) {
      out.length = before
      return false
    }
    bits = ((bits << 6) | value) & 0xffff
    count += 6
    if (count >= 8) {
      count -= 8
      out.bytes[out.length++] = bits >> count
    }
  }
  if ((bits & ((1 << count) - 1)) === 0) return true
  out.length = before
  return false
}

/** Appends `source[start .. end)` as base64. */
export function encodeBase64(source: Uint8Array, start: number, end: number, out: ByteWriter) {
  out.reserve(Math.ceil((end - start) / 3) * 4)
  const { bytes } = out
  let at = out.length
  for (let i = start; i < end; i += 3) {
    const left = end - i
    const second = left > 1 ? source[i + 1]! : 0
    const third = left > 2 ? source[i + 2]! : 0
    const bits = (source[i]! << 16) | (second << 8) | third
    bytes[at] = ALPHABET[bits >> 18]!
    bytes[at + 1] = ALPHABET[(bits >> 12) & 63]!
    bytes[at + 2] = left > 1 ? ALPHABET[(bits >> 6) & 63]! : PAD
    bytes[at + 3] = left > 2 ? ALPHABET[bits & 63]! : PAD
    at += 4
  }
  out.length = at
}
