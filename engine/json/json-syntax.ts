// SyntaxWalker: the grammar of RFC 8259 over UTF-8 bytes, exactly as JSON.parse has it, with a
// bound on nesting. It finds where values end and makes none. Bytes that are not UTF-8 are a fault,
// where a lenient decoder would put U+FFFD.
import { NESTING_DEPTH_MAX } from '../limits.ts'
import type { DecodeFault } from './decode-policies.ts'

const QUOTE = 34
const BACKSLASH = 92

/**
 * Every method takes the position of the first byte, the end of the record, and returns the
 * position after what it walked, or -1 with `fault` set. `base` (the record's start) is what
 * positions in faults count from.
 */
export class SyntaxWalker {
  base = 0
  fault: DecodeFault = { code: 'JSON_SYNTAX', reason: '' }

  /** Any value; `depth` is the number of lists and objects round it. */
  value(bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (at >= end) return this.unexpected(bytes, at, end)
    switch (bytes[at]!) {
      case QUOTE:
        return this.string(bytes, at, end)
      case 123:
        return this.#object(bytes, at, end, depth + 1)
      case 91:
        return this.#list(bytes, at, end, depth + 1)
      case 116:
        return this.#literal(bytes, at, end, TRUE)
      case 102:
        return this.#literal(bytes, at, end, FALSE)
      case 110:
        return this.#literal(bytes, at, end, NULL)
      default:
        return this.number(bytes, at, end)
    }
  }

  /** A string with its quotes. */
  string(bytes: Uint8Array, at: number, end: number): number {
    let i = at + 1
    while (i < end) {
      const c = bytes[i]!
      if (c === QUOTE) return i + 1
      if (c === BACKSLASH) {
        const next = escapeEnd(bytes, i, end)
        if (next < 0) return this.unexpected(bytes, Math.min(i + 1, end), end)
        i = next
      } else if (c >= 128) {
        const next = sequenceEnd(bytes, i, end)
        if (next < 0) return this.#fail('JSON_SYNTAX', `invalid UTF-8 at byte ${i - this.base}`)
        i = next
      } else if (c < 32) {
        return this.unexpected(bytes, i, end)
      } else {
        i++
      }
    }
    return this.unexpected(bytes, end, end)
  }

  number(bytes: Uint8Array, at: number, end: number): number {
    let i = at
    if (i < end && bytes[i] === 45) i++
    if (i < end && bytes[i] === 48) i++
    else {
      const from = i
      i = digitsEnd(bytes, i, end)
      if (i === from) return this.unexpected(bytes, i, end)
    }
    if (i < end && bytes[i] === 46) {
      const from = i + 1
      i = digitsEnd(bytes, from, end)
      if (i === from) return this.unexpected(bytes, i, end)
    }
    if (i < end && (bytes[i] === 101 || bytes[i] === 69)) {
      let from = i + 1
      if (from < end && (bytes[from] === 43 || bytes[from] === 45)) from++
      i = digitsEnd(bytes, from, end)
      if (i === from) return this.unexpected(bytes, i, end)
    }
    return i
  }

  /** Records that the byte at `at` can't stand there; always -1. */
  unexpected(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return this.#fail('JSON_SYNTAX', 'the record ends too early')
    const c = bytes[at]!
    const shown = c > 32 && c < 127 ? `"${String.fromCharCode(c)}"` : `byte 0x${hex(c)}`
    return this.#fail('JSON_SYNTAX', `unexpected ${shown} at byte ${at - this.base}`)
  }

  #object(bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (depth > NESTING_DEPTH_MAX) return this.tooDeep()
    let i = skipSpace(bytes, at + 1, end)
    if (i < end && bytes[i] === 125) return i + 1
    for (;;) {
      if (i >= end || bytes[i] !== QUOTE) return this.unexpected(bytes, i, end)
      i = this.string(bytes, i, end)
      if (i < 0) return -1
      i = skipSpace(bytes, i, end)
      if (i >= end || bytes[i] !== 58) return this.unexpected(bytes, i, end)
      i = this.value(bytes, skipSpace(bytes, i + 1, end), end, depth)
      if (i < 0) return -1
      i = skipSpace(bytes, i, end)
      if (i < end && bytes[i] === 125) return i + 1
      if (i >= end || bytes[i] !== 44) return this.unexpected(bytes, i, end)
      i = skipSpace(bytes, i + 1, end)
    }
  }

  #list(bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (depth > NESTING_DEPTH_MAX) return this.tooDeep()
    let i = skipSpace(bytes, at + 1, end)
    if (i < end && bytes[i] === 93) return i + 1
    for (;;) {
      i = this.value(bytes, i, end, depth)
      if (i < 0) return -1
      i = skipSpace(bytes, i, end)
      if (i < end && bytes[i] === 93) return i + 1
      if (i >= end || bytes[i] !== 44) return this.unexpected(bytes, i, end)
      i = skipSpace(bytes, i + 1, end)
    }
  }

  #literal(bytes: Uint8Array, at: number, end: number, word: Uint8Array): number {
    for (let i = 0; i < word.length; i++) {
      if (at + i >= end || bytes[at + i] !== word[i]) return this.unexpected(bytes, at + i, end)
    }
    return at + word.length
  }

  /** Records that the nesting passes NESTING_DEPTH_MAX; always -1. */
  tooDeep(): number {
    return this.#fail('DEPTH', `lists and objects are nested deeper than ${NESTING_DEPTH_MAX}`)
  }

  #fail(code: DecodeFault['code'], reason: string): number {
    this.fault = { code, reason }
    return -1
  }
}

const encoder = new TextEncoder()
const TRUE = encoder.encode('true')
const FALSE = encoder.encode('false')
const NULL = encoder.encode('null')

/** The position of the first byte that is not JSON white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end) {
    const c = bytes[i]!
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) break
    i++
  }
  return i
}

/** The position after the UTF-8 sequence at `at` (a byte ≥ 128), or -1 when it is none. */
export function sequenceEnd(bytes: Uint8Array, at: number, end: number): number {
  const c = bytes[at]!
  if (c < 0xc2 || c > 0xf4) return -1
  const length = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4
  if (at + length > end) return -1
  const second = bytes[at + 1]!
  const low = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80
  const high = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return -1
  for (let i = at + 2; i < at + length; i++) {
    if ((bytes[i]! & 0xc0) !== 0x80) return -1
  }
  return at + length
}

function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && bytes[i]! >= 48 && bytes[i]! <= 57) i++
  return i
}

/** The position after the escape whose backslash is at `at`, or -1. */
function escapeEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return -1
  switch (bytes[at + 1]!) {
    case 34:
    case 92:
    case 47:
    case 98:
    case 102:
    case 110:
    case 114:
    case 116:
      return at + 2
    case 117:
      return at + 6 <= end && hexUnit(bytes, at + 2) >= 0 ? at + 6 : -1
    default:
      return -1
  }
}

/** The number of four hexadecimal digits, or -1. */
export function hexUnit(bytes: Uint8Array, at: number): number {
  let unit = 0
  for (let i = at; i < at + 4; i++) {
    const c = bytes[i]!
    const lower = c | 32
    if (c >= 48 && c <= 57) unit = unit * 16 + c - 48
    else if (lower >= 97 && lower <= 102) unit = unit * 16 + lower - 87
    else return -1
  }
  return unit
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
