// The text of JSON strings as UTF-8: escapes resolved, surrogate pairs joined. A lone surrogate has
// no UTF-8 and becomes U+FFFD, as TextEncoder does with the string that JSON.parse gives.
import type { ByteWriter } from '../batch/index.ts'
import { hexUnit } from './json-syntax.ts'

/** True when there is a backslash in `bytes[start .. end)`. */
export function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 92) return true
  return false
}

/** Appends the text of a valid JSON string, given without its quotes. */
export function unescapeTo(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void {
  out.reserve(end - start)
  let i = start
  while (i < end) {
    const c = bytes[i]!
    if (c !== 92) {
      out.uint8(c)
      i++
      continue
    }
    const kind = bytes[i + 1]!
    if (kind !== 117) {
      out.uint8(simpleEscape(kind))
      i += 2
      continue
    }
    const unit = hexUnit(bytes, i + 2)
    const isHigh = unit >= 0xd800 && unit <= 0xdbff
    const follows = isHigh && i + 12 <= end && bytes[i + 6] === 92 && bytes[i + 7] === 117
    const low = follows ? hexUnit(bytes, i + 8) : -1
    if (low >= 0xdc00 && low <= 0xdfff) {
      writeCodePoint(out, 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00))
      i += 12
    } else {
      writeCodePoint(out, unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit)
      i += 6
    }
  }
}

function simpleEscape(kind: number): number {
  switch (kind) {
    case 98:
      return 8
    case 102:
      return 12
    case 110:
      return 10
    case 114:
      return 13
    case 116:
      return 9
    default:
      return kind
  }
}

function writeCodePoint(out: ByteWriter, point: number): void {
  if (point < 0x80) {
    out.uint8(point)
    return
  }
  if (point < 0x800) {
    out.uint8(0xc0 | (point >> 6))
  } else {
    if (point < 0x10000) {
      out.uint8(0xe0 | (point >> 12))
    } else {
      out.uint8(0xf0 | (point >> 18))
      out.uint8(0x80 | ((point >> 12) & 0x3f))
    }
    out.uint8(0x80 | ((point >> 6) & 0x3f))
  }
  out.uint8(0x80 | (point & 0x3f))
}
