// ValueReader: turns the text of one JSON value into a value of a column, exactly, for every type
// that a schema has. The exact path: the text has passed the grammar, what remains is whether the
// column can hold it. The formats of numbers, times and bytes are those that JsonWriter writes.
import { ByteWriter, type Dictionary } from '../batch/index.ts'
import type { Field } from '../schema/index.ts'
import { decodeBase64 } from './base64.ts'
import type { ColumnBuffer } from './column-buffer.ts'
import { inRange, parseDate, parseTimestamp } from './date-time.ts'
import type { DecodeFault, DecodeFaultCode, DecodePolicies } from './decode-policies.ts'
import { expectedText, findKey, keyText, missingReason, namesOf } from './field-names.ts'
import { DECIMAL_RANGES, INT64_RANGE, scaledNumber, setInteger } from './integer-value.ts'
import { hasEscape, unescapeTo } from './json-string.ts'
import { SyntaxWalker, skipSpace } from './json-syntax.ts'
import { isDigits, parseFloat64 } from './number-text.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')
const NAN = encoder.encode('NaN')
const INFINITE = encoder.encode('Infinity')
const MINUS_INFINITE = encoder.encode('-Infinity')

/** Digits after the point of a number of the unit, when counted in microseconds. */
export const UNIT_SCALE = { s: 6, ms: 3, us: 0 } as const

export class ValueReader {
  fault: DecodeFault = { code: 'FIELD_TYPE', reason: '' }
  readonly #policies: DecodePolicies
  readonly #walker = new SyntaxWalker()
  readonly #names = new Map<ColumnBuffer, Dictionary>()

  constructor(policies: DecodePolicies) {
    this.#policies = policies
  }

  /**
   * Writes the value `bytes[start .. end)`, without space round it, as row `row` of the column.
   * False, with `fault` set, when the record must be rejected.
   */
  read(
    column: ColumnBuffer,
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
    path = column.field.name,
  ): boolean {
    const { field } = column
    if (bytes[start] === 110) {
      if (field.nullable) {
        column.setNull(row)
        return true
      }
      return this.#fail('FIELD_NULL', `field "${path}" is null; its column is not nullable`)
    }
    column.reserve(row + 1)
    if (this.#write(column, bytes, start, end, row, path)) return true
    if (this.fault.code !== 'FIELD_TYPE') return false
    if (this.#policies.wrongTypes !== 'null' || !field.nullable) return false
    column.clearFrom(row)
    column.setNull(row)
    return true
  }

  #write(
    column: ColumnBuffer,
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
    path: string,
  ): boolean {
    const { type } = column.field
    const isString = bytes[start] === 34
    switch (type.kind) {
      case 'list':
        if (bytes[start] === 91) return this.#list(column, bytes, start, end, row, path)
        break
      case 'struct':
        if (bytes[start] === 123) return this.#struct(column, bytes, start, end, row, path)
        break
      case 'bool':
        if (bytes[start] === 116 || bytes[start] === 102) {
          column.flags[row] = bytes[start] === 116 ? 1 : 0
          return true
        }
        break
      default:
        if (!isString) {
          if (isNumber(bytes, start) && this.#number(column, bytes, start, end, row)) return true
        } else if (!hasEscape(bytes, start, end)) {
          if (this.#text(column, bytes, start + 1, end - 1, row)) return true
        } else {
          const text = new ByteWriter(end - start)
          unescapeTo(bytes, start + 1, end - 1, text)
          if (this.#text(column, text.bytes, 0, text.length, row)) return true
        }
    }
    return this.#wrongType(column.field, bytes, start, end, path)
  }

  #number(column: ColumnBuffer, bytes: Uint8Array, start: number, end: number, row: number) {
    const { type } = column.field
    switch (type.kind) {
      case 'int32': {
        const value = scaledNumber(bytes, start, end, 0)
        column.ints[row] = value
        return column.ints[row] === value
      }
      case 'int64':
        return setInteger(column, row, bytes, start, end, 0, INT64_RANGE)
      case 'decimal': {
        const range = DECIMAL_RANGES[type.precision] ?? INT64_RANGE
        return setInteger(column, row, bytes, start, end, type.scale, range)
      }
      case 'float64':
        column.numbers[row] = parseFloat64(bytes, start, end)
        return true
      case 'timestamp': {
        if (type.unit === undefined) return false
        const micros = scaledNumber(bytes, start, end, UNIT_SCALE[type.unit])
        return setTime(column, row, inRange(micros))
      }
      default:
        return false
    }
  }

  /** A string, its escapes resolved, without quotes. */
  #text(column: ColumnBuffer, text: Uint8Array, start: number, end: number, row: number) {
    const { type } = column.field
    switch (type.kind) {
      case 'string':
        column.setBytes(row, text, start, end)
        return true
      case 'bytes': {
        const value = new ByteWriter(end - start)
        if (!decodeBase64(text, start, end, value)) return false
        column.setBytes(row, value.bytes, 0, value.length)
        return true
      }
      case 'int64':
        return isDigits(text, start, end, false) && this.#number(column, text, start, end, row)
      case 'decimal':
        return isDigits(text, start, end, true) && this.#number(column, text, start, end, row)
      case 'float64': {
        if (sameBytes(text, start, end, NAN)) column.numbers[row] = Number.NaN
        else if (sameBytes(text, start, end, INFINITE)) column.numbers[row] = Infinity
        else if (sameBytes(text, start, end, MINUS_INFINITE)) column.numbers[row] = -Infinity
        else return false
        return true
      }
      case 'timestamp':
        return setTime(column, row, parseTimestamp(text, start, end))
      case 'date': {
        const days = parseDate(text, start, end)
        column.ints[row] = days
        return !Number.isNaN(days)
      }
      default:
        return false
    }
  }

  #list(
    column: ColumnBuffer,
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
    path: string,
  ): boolean {
    const [items] = column.children
    if (items === undefined) return false
    let item = column.ints[row]!
    let at = skipSpace(bytes, start + 1, end)
    for (let i = 0; bytes[at] !== 93; i++) {
      const from = at
      at = this.#walker.value(bytes, at, end, 0)
      if (!this.read(items, bytes, from, at, item, `${path}[${i}]`)) return false
      item++
      at = skipSpace(bytes, at, end)
      if (bytes[at] === 44) at = skipSpace(bytes, at + 1, end)
    }
    column.ints[row + 1] = item
    return true
  }

  #struct(
    column: ColumnBuffer,
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
    path: string,
  ): boolean {
    const starts = new Int32Array(column.children.length).fill(-1)
    const ends = new Int32Array(column.children.length)
    const names = this.#namesOf(column)
    let unknown: string | undefined
    let at = skipSpace(bytes, start + 1, end)
    while (bytes[at] !== 125) {
      const keyStart = at
      const keyEnd = this.#walker.string(bytes, at, end)
      at = skipSpace(bytes, skipSpace(bytes, keyEnd, end) + 1, end)
      const index = findKey(names, bytes, keyStart + 1, keyEnd - 1)
      const from = at
      at = this.#walker.value(bytes, at, end, 0)
      if (index >= 0) {
        starts[index] = from
        ends[index] = at
      } else {
        unknown ??= keyText(bytes, keyStart + 1, keyEnd - 1)
      }
      at = skipSpace(bytes, at, end)
      if (bytes[at] === 44) at = skipSpace(bytes, at + 1, end)
    }
    return this.#structFields(column, bytes, starts, ends, row, path, unknown)
  }

  #structFields(
    column: ColumnBuffer,
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    row: number,
    path: string,
    unknown: string | undefined,
  ): boolean {
    for (const [i, child] of column.children.entries()) {
      const name = `${path}.${child.field.name}`
      if (starts[i]! >= 0) {
        if (!this.read(child, bytes, starts[i]!, ends[i]!, row, name)) return false
      } else if (child.field.nullable && this.#policies.missingFields !== 'reject') {
        child.setNull(row)
      } else {
        return this.#fail('FIELD_MISSING', missingReason(name, unknown ? [unknown] : []))
      }
    }
    if (unknown === undefined || this.#policies.unknownFields !== 'reject') return true
    return this.#fail('FIELD_UNKNOWN', `the schema has no field "${path}.${unknown}"`)
  }

  #namesOf(column: ColumnBuffer): Dictionary {
    const known = this.#names.get(column)
    if (known !== undefined) return known
    const names = namesOf(column.children.map((child) => child.field))
    this.#names.set(column, names)
    return names
  }

  #wrongType(field: Field, bytes: Uint8Array, start: number, end: number, path: string) {
    const cut = decoder.decode(bytes.subarray(start, Math.min(end, start + 40)))
    const shown = cut.replace(/\s+/g, ' ')
    const found = end - start > 40 ? `${shown}…` : shown
    const expected = expectedText(field)
    return this.#fail('FIELD_TYPE', `field "${path}" holds ${found}; expected ${expected}`)
  }

  #fail(code: DecodeFaultCode, reason: string): boolean {
    this.fault = { code, reason }
    return false
  }
}

function setTime(column: ColumnBuffer, row: number, micros: number): boolean {
  column.numbers[row] = micros
  return !Number.isNaN(micros)
}

function isNumber(bytes: Uint8Array, at: number): boolean {
  const c = bytes[at]!
  return c === 45 || (c >= 48 && c <= 57)
}

function sameBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false
  return true
}
