// RecordReader: the exact path for one whole record. It walks the record once for its grammar and
// remembers where each field's last value stands (the last of duplicate keys wins, as in
// JSON.parse), then checks the policies, then writes the values. Nothing is written before the
// grammar holds. It also keeps the order of keys, from which a RecordLayout can be learned.
import type { Dictionary } from '../batch/index.ts'
import type { Schema } from '../schema/index.ts'
import type { ColumnBuffer } from './column-buffer.ts'
import type { DecodeFault, DecodeFaultCode, DecodePolicies } from './decode-policies.ts'
import { findKey, keyText, missingReason, namesOf } from './field-names.ts'
import { SyntaxWalker, skipSpace } from './json-syntax.ts'
import type { ValueReader } from './value-reader.ts'

/** Keys of one record that are remembered in order; longer records teach no layout. */
export const KEYS_REMEMBERED_MAX = 256
/** Unknown fields that a reason names. */
const UNKNOWN_NAMED_MAX = 3

/** Where the values of the record just read stand, in the order of its keys. */
export interface KeyOrder {
  /** False when known keys repeat or keys are too many: no layout can be learned. */
  isRegular: boolean
  count: number
  /** Column of each key's value, or -1 for an unknown one. */
  readonly columns: Int32Array
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
}

export class RecordReader {
  fault: DecodeFault = { code: 'JSON_SYNTAX', reason: '' }
  readonly order: KeyOrder = {
    isRegular: false,
    count: 0,
    columns: new Int32Array(KEYS_REMEMBERED_MAX),
    valueStarts: new Int32Array(KEYS_REMEMBERED_MAX),
    valueEnds: new Int32Array(KEYS_REMEMBERED_MAX),
  }
  readonly #columns: readonly ColumnBuffer[]
  readonly #policies: DecodePolicies
  readonly #names: Dictionary
  readonly #walker = new SyntaxWalker()
  readonly #values: ValueReader
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #raw: number
  #unknown: number[] = []

  constructor(
    schema: Schema<unknown>,
    columns: readonly ColumnBuffer[],
    policies: DecodePolicies,
    values: ValueReader,
  ) {
    this.#columns = columns
    this.#policies = policies
    this.#values = values
    this.#names = namesOf(schema.fields)
    this.#starts = new Int32Array(columns.length)
    this.#ends = new Int32Array(columns.length)
    this.#raw = schema.fields.findIndex((field) => field.name === policies.rawColumn)
  }

  /**
   * Reads the record `bytes[start .. end)` into row `row` of the columns. False, with `fault` set
   * and the row cleared, when the record is rejected.
   */
  read(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    this.#clear(row)
    if (this.#walk(bytes, start, end) && this.#store(bytes, start, end, row)) return true
    this.#clear(row)
    return false
  }

  #clear(row: number): void {
    for (const column of this.#columns) column.clearFrom(row)
  }

  /** The grammar of the whole record, and where its values stand. */
  #walk(bytes: Uint8Array, start: number, end: number): boolean {
    const walker = this.#walker
    const hasMark = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
    const from = hasMark && end - start >= 3 ? start + 3 : start
    walker.base = start
    let at = skipSpace(bytes, from, end)
    const isObject = at < end && bytes[at] === 123
    at = isObject ? this.#object(bytes, at, end) : walker.value(bytes, at, end, 0)
    if (at >= 0) {
      at = skipSpace(bytes, at, end)
      if (at < end) walker.unexpected(bytes, at, end)
      else if (isObject) return true
      else return this.#fail('RECORD_TYPE', 'the record is not an object')
    }
    this.fault = walker.fault
    return false
  }

  /** The outermost object; the position after it, or -1 with the walker's fault. */
  #object(bytes: Uint8Array, start: number, end: number): number {
    const walker = this.#walker
    this.#starts.fill(-1)
    this.#unknown.length = 0
    this.order.count = 0
    this.order.isRegular = true
    let at = skipSpace(bytes, start + 1, end)
    if (at < end && bytes[at] === 125) return at + 1
    for (;;) {
      if (at >= end || bytes[at] !== 34) return walker.unexpected(bytes, at, end)
      const keyStart = at + 1
      at = walker.string(bytes, at, end)
      if (at < 0) return -1
      const keyEnd = at - 1
      at = skipSpace(bytes, at, end)
      if (at >= end || bytes[at] !== 58) return walker.unexpected(bytes, at, end)
      at = skipSpace(bytes, at + 1, end)
      const valueStart = at
      at = walker.value(bytes, at, end, 1)
      if (at < 0) return -1
      this.#note(bytes, keyStart, keyEnd, valueStart, at)
      at = skipSpace(bytes, at, end)
      if (at < end && bytes[at] === 125) return at + 1
      if (at >= end || bytes[at] !== 44) return walker.unexpected(bytes, at, end)
      at = skipSpace(bytes, at + 1, end)
    }
  }

  #note(bytes: Uint8Array, keyStart: number, keyEnd: number, from: number, to: number): void {
    const found = findKey(this.#names, bytes, keyStart, keyEnd)
    const column = found === this.#raw ? -1 : found
    const { order } = this
    if (column < 0) {
      if (this.#unknown.length < KEYS_REMEMBERED_MAX * 2) this.#unknown.push(keyStart, keyEnd)
    } else {
      if (this.#starts[column]! >= 0) order.isRegular = false
      this.#starts[column] = from
      this.#ends[column] = to
    }
    if (order.count === KEYS_REMEMBERED_MAX) {
      order.isRegular = false
      return
    }
    order.columns[order.count] = column
    order.valueStarts[order.count] = from
    order.valueEnds[order.count++] = to
  }

  /** The policies, then the values. */
  #store(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const { missingFields, unknownFields } = this.#policies
    for (const [i, column] of this.#columns.entries()) {
      if (this.#starts[i]! >= 0 || i === this.#raw) continue
      if (column.field.nullable && missingFields !== 'reject') continue
      const reason = missingReason(column.field.name, this.#unknownNames(bytes, column.field.name))
      return this.#fail('FIELD_MISSING', reason)
    }
    if (unknownFields === 'reject' && this.#unknown.length > 0) {
      const names = this.#unknownNames(bytes, '').map((name) => `"${name}"`)
      return this.#fail('FIELD_UNKNOWN', `the schema has no field ${names.join(', ')}`)
    }
    for (const [i, column] of this.#columns.entries()) {
      const from = this.#starts[i]!
      if (i === this.#raw) column.setBytes(row, bytes, start, end)
      else if (from < 0) column.setNull(row)
      else if (!this.#values.read(column, bytes, from, this.#ends[i]!, row)) {
        this.fault = this.#values.fault
        return false
      }
    }
    return true
  }

  /** The unknown fields, those most like `name` first; some of them when they are many. */
  #unknownNames(bytes: Uint8Array, name: string): string[] {
    const names: string[] = []
    for (let i = 0; i + 1 < this.#unknown.length; i += 2) {
      names.push(keyText(bytes, this.#unknown[i] ?? 0, this.#unknown[i + 1] ?? 0))
    }
    const words = new Set(name.toLowerCase().split(/[_\-. ]/))
    const likeness = (other: string) =>
      other
        .toLowerCase()
        .split(/[_\-. ]/)
        .filter((word) => words.has(word)).length
    const ordered = [...new Set(names)].sort((a, b) => likeness(b) - likeness(a))
    return ordered.slice(0, UNKNOWN_NAMED_MAX)
  }

  #fail(code: DecodeFaultCode, reason: string): boolean {
    this.fault = { code, reason }
    return false
  }
}
