// Slot: one value of a RecordLayout: the literal bytes before it, how it is scanned, and what the
// last values were, where that makes the next one cheaper. Guesses are compared with the bytes, so
// they never change a value. Eight bytes are compared at once, as float64.
import type { Dictionary } from '../batch/index.ts'
import type { DataType } from '../schema/index.ts'
import type { ColumnBuffer } from './column-buffer.ts'
import { POWER_OF_TEN } from './number-text.ts'
import { UNIT_SCALE } from './value-reader.ts'

// How a value is scanned. Kinds up to TIMESTAMP are numbers, scanned by one piece of code.
export const INTEGER = 0
export const DECIMAL = 1
export const FLOAT64 = 2
export const INT32 = 3
export const TIMESTAMP = 4
export const STRING = 5
export const BOOL = 6
export const SKIP = 7
export const OTHER = 8

/** Decimals of a greater scale are left to the exact reader. */
const SCALE_MAX = 15

/** One value of the layout: the literal before it, and how it is scanned. */
export class Slot {
  readonly literal: Uint8Array
  readonly words: Float64Array
  readonly kind: number
  readonly column: ColumnBuffer
  readonly nullable: boolean
  /** Decimals: digits after the point. Timestamps: microseconds of one unit, 0 for text only. */
  readonly scale: number
  /** Decimals: the first unscaled value that is too great (for the type or for this path). */
  readonly limit: number
  /**
   * Strings: the id of the last value, how often it came in a row, and its words once it is usual.
   */
  lastId = -1
  lastIn: Dictionary | undefined
  repeats = 0
  usual: Float64Array | undefined
  usualSize = 0
  /** Timestamps: the text of the last minute, `YYYY-MM-DDTHH:mm`, as two words, and its time. */
  minuteWord0 = Number.NaN
  minuteWord1 = Number.NaN
  minute = 0

  constructor(literal: Uint8Array, column: ColumnBuffer, isKnown: boolean) {
    const { type, nullable } = column.field
    this.literal = literal
    this.words = wordsOf(literal)
    this.kind = isKnown ? kindOf(type) : SKIP
    this.column = column
    this.nullable = nullable && isKnown
    this.scale = type.kind === 'decimal' && type.scale <= SCALE_MAX ? type.scale : 0
    if (type.kind === 'timestamp' && type.unit !== undefined) {
      this.scale = POWER_OF_TEN[UNIT_SCALE[type.unit]]!
    }
    this.limit = type.kind === 'decimal' ? POWER_OF_TEN[Math.min(type.precision, 15)]! : 0
  }

  /**
   * Notes the id of a string; after REPEATS_MIN equal ones, the next are compared before hashed.
   */
  note(id: number, dictionary: Dictionary, bytes: Uint8Array, from: number, to: number): void {
    if (id !== this.lastId || dictionary !== this.lastIn) {
      this.lastId = id
      this.lastIn = dictionary
      this.repeats = 0
      return
    }
    if (++this.repeats < REPEATS_MIN || to + 1 - from < 8) return
    this.repeats = 0
    this.usualSize = to + 1 - from
    this.usual = wordsOf(bytes.slice(from, to + 1))
  }

  /** Remembers the minute of an ISO text that ends in Z. */
  noteMinute(view: DataView, from: number, micros: number): void {
    if (Math.abs(micros) > Number.MAX_SAFE_INTEGER) return
    this.minuteWord0 = view.getFloat64(from, true)
    this.minuteWord1 = view.getFloat64(from + 8, true)
    this.minute = Math.floor(micros / 60_000_000) * 60_000_000
  }
}

function kindOf(type: DataType): number {
  switch (type.kind) {
    case 'int64':
      return INTEGER
    case 'decimal':
      return type.scale <= SCALE_MAX ? DECIMAL : OTHER
    case 'float64':
      return FLOAT64
    case 'int32':
      return INT32
    case 'timestamp':
      return TIMESTAMP
    case 'string':
      return STRING
    case 'bool':
      return BOOL
    default:
      return OTHER
  }
}

/** The words of a literal of 8 bytes or more; the last one overlaps the one before. */
function wordsOf(literal: Uint8Array): Float64Array {
  const { length } = literal
  if (length < 8) return new Float64Array(0)
  const view = new DataView(literal.buffer, literal.byteOffset, length)
  const words = new Float64Array(Math.ceil(length / 8))
  for (let i = 0; i < words.length; i++) {
    words[i] = view.getFloat64(Math.min(i * 8, length - 8), true)
  }
  return words
}

/** Times that a string must repeat in a row before it is expected. */
const REPEATS_MIN = 8

/**
 * True when the `size` bytes (8 or more) at `at` are those of `words`, and one follows before
 * `end`.
 */
export function sameWords(
  view: DataView,
  at: number,
  end: number,
  words: Float64Array,
  size: number,
): boolean {
  if (at + size >= end) return false
  // Text in UTF-8 is never a NaN or -0, so that equal floats are equal bytes.
  const last = words.length - 1
  for (let i = 0; i < last; i++) if (view.getFloat64(at + i * 8, true) !== words[i]!) return false
  return view.getFloat64(at + size - 8, true) === words[last]!
}
