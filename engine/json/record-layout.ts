// RecordLayout: the fast path. The literal bytes between the values of a record ("{"id":",
// ","user":", …, "}") are learned from one record that the exact path accepted; a record with the
// same literals needs no lookup of keys, only its values are scanned, straight into the columns.
// Whatever is unusual (other keys, escapes, values at fault) makes `scan` give up, and the exact
// path reads the record anew: `scan` accepts only what that accepts, with the same values.
import type { ColumnBuffer } from './column-buffer.ts'
import { inRange, parseTimestamp } from './date-time.ts'
import { SyntaxWalker, sequenceEnd } from './json-syntax.ts'
import {
  DECIMAL,
  FLOAT64,
  INT32,
  INTEGER,
  SKIP,
  Slot,
  STRING,
  sameWords,
  TIMESTAMP,
} from './layout-slot.ts'
import { POWER_OF_TEN } from './number-text.ts'
import type { KeyOrder } from './record-reader.ts'
import type { ValueReader } from './value-reader.ts'

const FNV_START = -2128831035
const FNV_PRIME = 16777619

export class RecordLayout {
  /** True when `scan` must be given the exact end of the record, because values nest. */
  readonly needsEnd: boolean
  readonly #slots: readonly Slot[]
  readonly #tail: Uint8Array
  readonly #missing: readonly ColumnBuffer[]
  readonly #values: ValueReader
  readonly #walker = new SyntaxWalker()

  /** Learns from the record `bytes[start .. end)` that was accepted with its keys in `order`. */
  constructor(
    bytes: Uint8Array,
    start: number,
    end: number,
    order: KeyOrder,
    columns: readonly ColumnBuffer[],
    raw: ColumnBuffer | undefined,
    values: ValueReader,
  ) {
    const slots: Slot[] = []
    const seen = new Set<ColumnBuffer>()
    let from = start
    let needsEnd = false
    for (let i = 0; i < order.count; i++) {
      const to = order.valueStarts[i]!
      const known = columns[order.columns[i]!]
      const column = known ?? columns[0]
      if (column === undefined) break
      if (known !== undefined) seen.add(known)
      slots.push(new Slot(bytes.slice(from, to), column, known !== undefined))
      from = order.valueEnds[i]!
      needsEnd ||= bytes[to] === 91 || bytes[to] === 123 || (known?.children.length ?? 0) > 0
    }
    this.needsEnd = needsEnd
    this.#slots = slots
    this.#tail = bytes.slice(from, end)
    this.#missing = columns.filter((column) => column !== raw && !seen.has(column))
    this.#values = values
  }

  /** True when the record may have this layout: its first literal stands there. Writes nothing. */
  begins(bytes: Uint8Array, start: number, end: number): boolean {
    const literal = this.#slots[0]?.literal ?? this.#tail
    if (start + literal.length >= end) return false
    for (let i = 0; i < literal.length; i++) if (bytes[start + i] !== literal[i]) return false
    return true
  }

  /**
   * Scans one record from `start` into row `row`. Gives the position after its last byte, or -1
   * when the exact path must read it (the row then holds remains that it clears). A record that
   * runs past its end is for the caller to notice: it compares the position. No byte from `end` on
   * is read but by literals, which the bytes after `end` can at worst extend.
   */
  scan(bytes: Uint8Array, view: DataView, start: number, end: number, row: number): number {
    const slots = this.#slots
    let at = start
    for (let k = 0; k < slots.length; k++) {
      const slot = slots[k]
      if (slot === undefined) return -1
      const { literal, column } = slot
      const size = literal.length
      if (size >= 8) {
        if (!sameWords(view, at, end, slot.words, size)) return -1
        at += size
      } else {
        if (at + size >= end) return -1
        for (let i = 0; i < size; i++, at++) if (bytes[at] !== literal[i]) return -1
      }
      const kind = slot.kind
      let c = bytes[at]!
      if (kind === STRING) {
        if (c !== 34) {
          at = this.#unusual(slot, bytes, at, end, row)
          if (at < 0) return -1
          continue
        }
        const from = ++at
        c = bytes[at]!
        const dictionary = column.dictionary
        if (dictionary !== undefined) {
          if (slot.usual !== undefined) {
            const isKnown = slot.lastIn === dictionary
            if (isKnown && sameWords(view, at, end, slot.usual, slot.usualSize)) {
              column.ints[row] = slot.lastId
              at += slot.usualSize
              continue
            }
            slot.usual = undefined
          }
          let hash = FNV_START
          while (c >= 32 && c < 128 && c !== 34 && c !== 92) {
            hash = Math.imul(hash ^ c, FNV_PRIME)
            c = bytes[++at]!
          }
          if (c === 34) {
            hash = Math.imul(hash ^ (hash >>> 16), -2048144789)
            hash = Math.imul(hash ^ (hash >>> 13), -1028477387)
            const id = dictionary.internHashed(bytes, from, at, hash ^ (hash >>> 16))
            column.ints[row] = id
            slot.note(id, dictionary, bytes, from, at)
          } else {
            at = stringEnd(bytes, at, end)
            if (at < 0) return -1
            column.ints[row] = dictionary.intern(bytes, from, at)
          }
        } else {
          while (c >= 32 && c < 128 && c !== 34 && c !== 92) c = bytes[++at]!
          if (c !== 34) {
            at = stringEnd(bytes, at, end)
            if (at < 0) return -1
          }
          const offsets = column.ints
          let to = offsets[row]!
          if (to + at - from > column.bytes.length) column.reserveBytes(row, at - from)
          const target = column.bytes
          for (let i = from; i < at; i++, to++) target[to] = bytes[i]!
          offsets[row + 1] = to
        }
        at++
      } else if (kind <= TIMESTAMP) {
        if (kind === TIMESTAMP && c === 34) {
          const from = ++at
          if (
            from + 25 < end &&
            view.getFloat64(from, true) === slot.minuteWord0 &&
            view.getFloat64(from + 8, true) === slot.minuteWord1
          ) {
            const rest = microsOfMinute(bytes, from + 16)
            if (rest >= 0) {
              column.numbers[row] = slot.minute + rest
              at += 25
              continue
            }
          }
          while (at < end && bytes[at] !== 34) at++
          const micros = parseTimestamp(bytes, from, at)
          if (Number.isNaN(micros)) return -1
          if (bytes[at - 1] === 90) slot.noteMinute(view, from, micros)
          column.numbers[row] = micros
          at++
          continue
        }
        const token = at
        let isUsual = true
        const isNegative = c === 45
        if (isNegative) c = bytes[++at]!
        const from = at
        let digit = c - 48
        let high = 0
        // Nine digits fit an int32; up to seven more are added in float64.
        const middle = at + 9
        while (digit >= 0 && digit <= 9 && at < middle) {
          high = (Math.imul(high, 10) + digit) | 0
          digit = bytes[++at]! - 48
        }
        let value = high
        if (digit >= 0 && digit <= 9) {
          let low = 0
          const last = at + 7
          while (digit >= 0 && digit <= 9 && at < last) {
            low = (Math.imul(low, 10) + digit) | 0
            digit = bytes[++at]! - 48
          }
          value = high * POWER_OF_TEN[at - middle]! + low
          isUsual = value <= Number.MAX_SAFE_INTEGER
        }
        const digits = at - from
        if (digits === 0 || (digits > 1 && bytes[from] === 48)) isUsual = false
        if (digit === -2 && (kind === DECIMAL || kind === FLOAT64)) {
          // A point: the digits after it.
          const first = ++at
          let fraction = 0
          digit = bytes[at]! - 48
          const lastFraction = at + 9
          while (digit >= 0 && digit <= 9 && at < lastFraction) {
            fraction = (Math.imul(fraction, 10) + digit) | 0
            digit = bytes[++at]! - 48
          }
          const places = at - first
          if (places === 0) isUsual = false
          else if (kind === FLOAT64) {
            // Exact: a whole number within 2^53 over an exact power of ten, rounded once.
            const whole = value * POWER_OF_TEN[places]! + fraction
            if (whole > Number.MAX_SAFE_INTEGER) isUsual = false
            value = whole / POWER_OF_TEN[places]!
          } else {
            if (places > slot.scale) isUsual = false
            else
              value =
                value * POWER_OF_TEN[slot.scale]! + fraction * POWER_OF_TEN[slot.scale - places]!
          }
        } else if (kind === DECIMAL) {
          value *= POWER_OF_TEN[slot.scale]!
        }
        if (kind === DECIMAL && value >= slot.limit) isUsual = false
        // More digits, a point or an exponent: the exact reader takes the value.
        if (!isUsual || (digit >= 0 && digit <= 9) || digit === -2 || (digit | 32) === 53) {
          at = this.#unusual(slot, bytes, token, end, row)
          if (at < 0) return -1
          continue
        }
        if (kind === INTEGER) {
          column.numbers[row] = isNegative ? 0 - value : value
        } else if (kind === DECIMAL) {
          column.numbers[row] = isNegative ? 0 - value : value
        } else if (kind === FLOAT64) {
          column.numbers[row] = isNegative ? -value : value
        } else if (kind === INT32) {
          if (value > 0x7fffffff) return -1
          column.ints[row] = isNegative ? 0 - value : value
        } else {
          const micros = inRange(isNegative ? 0 - value * slot.scale : value * slot.scale)
          if (slot.scale === 0 || Number.isNaN(micros)) return -1
          column.numbers[row] = micros
        }
      } else {
        at = this.#unusual(slot, bytes, at, end, row)
        if (at < 0) return -1
      }
    }
    const tail = this.#tail
    if (at + tail.length > end) return -1
    for (let i = 0; i < tail.length; i++, at++) if (bytes[at] !== tail[i]) return -1
    for (let k = 0; k < this.#missing.length; k++) this.#missing[k]?.setNull(row)
    return at
  }

  /** Nulls, booleans, values passed over, and types without a scan of their own. */
  #unusual(slot: Slot, bytes: Uint8Array, at: number, end: number, row: number): number {
    const c = bytes[at]!
    const { column, kind } = slot
    if (!this.needsEnd && (c === 91 || c === 123)) return -1
    const next = this.#walker.value(bytes, at, end, 1)
    if (next < 0 || kind === SKIP) return next
    return this.#values.read(column, bytes, at, next, row) ? next : -1
  }
}

/** The position of the closing quote from inside a string without escapes, or -1. */
function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const c = bytes[at]!
    if (c === 34) return at
    if (c === 92 || c < 32) return -1
    at = c < 128 ? at + 1 : sequenceEnd(bytes, at, end)
    if (at < 0) return -1
  }
  return -1
}

/** Microseconds of `:ss.SSSZ"`, or -1 for any other text. */
function microsOfMinute(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 58 || bytes[at + 3] !== 46) return -1
  if (bytes[at + 7] !== 90 || bytes[at + 8] !== 34) return -1
  const s1 = bytes[at + 1]! - 48
  const s0 = bytes[at + 2]! - 48
  const f2 = bytes[at + 4]! - 48
  const f1 = bytes[at + 5]! - 48
  const f0 = bytes[at + 6]! - 48
  if ((s1 | s0 | f2 | f1 | f0) < 0 || s1 > 5 || s0 > 9 || f2 > 9 || f1 > 9 || f0 > 9) return -1
  return ((s1 * 10 + s0) * 1000 + f2 * 100 + f1 * 10 + f0) * 1000
}
