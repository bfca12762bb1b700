// MsgpackValues: writes one MessagePack value as a value of a column, for every type of a schema.
// The bytes have passed the grammar; what remains is whether the column can hold the value.
//
//   column              takes
//   bool                boolean
//   int32, int64, date  integer, or a float that is a whole number within ± (2^53 - 1)
//   float64             float, or an integer that a float64 holds exactly
//   decimal             string of digits ("12.50"), or an integer
//   timestamp           integer: epoch microseconds; or the timestamp extension
//   string · bytes      string (UTF-8) · binary
//   list · struct       array · map
import { isUtf8 } from 'node:buffer'
import { type Dictionary, parseDecimal } from '../batch/index.ts'
import { type ColumnBuffer, type DecodePolicies, missingReason, namesOf } from '../json/index.ts'
import { type Field, typeName } from '../schema/index.ts'
import type { MsgpackReader } from './msgpack-reader.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Why a record was rejected. */
export interface MsgpackFault {
  readonly code: string
  readonly reason: string
}

const NO_FAULT: MsgpackFault = { code: '', reason: '' }

export class MsgpackValues {
  fault = NO_FAULT
  readonly #reader: MsgpackReader
  readonly #policies: DecodePolicies
  readonly #names = new Map<ColumnBuffer, Dictionary>()

  constructor(reader: MsgpackReader, policies: DecodePolicies) {
    this.#reader = reader
    this.#policies = policies
  }

  /**
   * Writes the value at `at` as row `row`. False, with `fault` set: the record must be rejected.
   */
  read(column: ColumnBuffer, at: number, row: number, path: string): boolean {
    const { field } = column
    if (this.#reader.bytes[at] === 0xc0) {
      if (!field.nullable) {
        return this.fail('FIELD_NULL', `field "${path}" is null; its column is not nullable`)
      }
      column.setNull(row)
      return true
    }
    column.reserve(row + 1)
    this.fault = NO_FAULT
    if (this.#write(column, at, row, path)) return true
    if (this.fault === NO_FAULT) {
      const found = this.#shown(at)
      this.fail('FIELD_TYPE', `field "${path}" holds ${found}; expected ${expected(field)}`)
    }
    const isForgiven = this.#policies.wrongTypes === 'null' && field.nullable
    if (this.fault.code !== 'FIELD_TYPE' || !isForgiven) return false
    column.clearFrom(row)
    column.setNull(row)
    return true
  }

  fail(code: string, reason: string): boolean {
    this.fault = { code, reason }
    return false
  }

  #write(column: ColumnBuffer, at: number, row: number, path: string): boolean {
    const reader = this.#reader
    const kind = reader.kind(at)
    switch (column.field.type.kind) {
      case 'bool':
        column.flags[row] = reader.bytes[at] === 0xc3 ? 1 : 0
        return kind === 'boolean'
      case 'string':
        if (kind !== 'string' || !isText(reader)) return false
        column.setBytes(row, reader.bytes, reader.payload, reader.payload + reader.size)
        return true
      case 'bytes':
        if (kind !== 'binary') return false
        column.setBytes(row, reader.bytes, reader.payload, reader.payload + reader.size)
        return true
      case 'list':
        return kind === 'array' && this.#list(column, row, path)
      case 'struct':
        return kind === 'map' && this.#struct(column, row, path)
      default:
        return this.#number(column, at, row)
    }
  }

  #number(column: ColumnBuffer, at: number, row: number): boolean {
    const reader = this.#reader
    const { type } = column.field
    const kind = reader.kind(at)
    if (type.kind === 'decimal') return this.#decimal(column, type.precision, type.scale, at, row)
    if (type.kind === 'timestamp' && kind === 'extension') {
      column.numbers[row] = reader.timestamp(at)
      return Number.isSafeInteger(column.numbers[row])
    }
    if (kind !== 'integer' && kind !== 'float') return false
    const value = kind === 'integer' ? reader.integer(at) : reader.float(at)
    switch (type.kind) {
      case 'int32':
      case 'date':
        if (typeof value === 'bigint') return false
        column.ints[row] = value
        return column.ints[row] === value
      case 'float64':
        column.numbers[row] = Number(value)
        return typeof value === 'number' || BigInt(column.numbers[row]) === value
      case 'timestamp':
        column.numbers[row] = Number(value)
        return Number.isSafeInteger(value)
      case 'int64':
        if (typeof value === 'number') {
          column.numbers[row] = value + 0
          return Number.isSafeInteger(value)
        }
        if (BigInt.asIntN(64, value) !== value) return false
        column.setWide(row, value)
        return true
      default:
        return false
    }
  }

  #decimal(column: ColumnBuffer, precision: number, scale: number, at: number, row: number) {
    const reader = this.#reader
    const kind = reader.kind(at)
    if (kind !== 'integer' && (kind !== 'string' || reader.size > 64)) return false
    if (kind === 'string') {
      const short = shortDecimal(reader, scale)
      if (Math.abs(short) < 10 ** precision) {
        column.numbers[row] = short
        return true
      }
    }
    const text =
      kind === 'integer'
        ? String(reader.integer(at))
        : decoder.decode(reader.bytes.subarray(reader.payload, reader.payload + reader.size))
    const exact = unscaled(text, precision, scale)
    if (exact === undefined) return false
    const value = Number(exact)
    if (Number.isSafeInteger(value)) column.numbers[row] = value
    else column.setWide(row, exact)
    return true
  }

  #list(column: ColumnBuffer, row: number, path: string): boolean {
    const [items] = column.children
    if (items === undefined) return false
    const { size, bytes } = this.#reader
    let at = this.#reader.payload
    let item = column.ints[row]!
    for (let i = 0; i < size; i++) {
      const next = this.#reader.end(at, bytes.length)
      if (!this.read(items, at, item++, `${path}[${i}]`)) return false
      at = next
    }
    column.ints[row + 1] = item
    return true
  }

  #struct(column: ColumnBuffer, row: number, path: string): boolean {
    const reader = this.#reader
    const { size, bytes } = reader
    const starts = new Int32Array(column.children.length).fill(-1)
    const names = this.#namesOf(column)
    let unknown: string | undefined
    let at = reader.payload
    for (let i = 0; i < size; i++) {
      const key = at
      at = reader.end(key, bytes.length)
      const isName = reader.kind(key) === 'string'
      const { payload } = reader
      const index = isName ? names.find(bytes, payload, payload + reader.size) : -1
      if (index >= 0) starts[index] = at
      else unknown ??= keyText(reader, key)
      at = reader.end(at, bytes.length)
    }
    for (const [i, child] of column.children.entries()) {
      const name = `${path}.${child.field.name}`
      if (starts[i]! >= 0) {
        if (!this.read(child, starts[i]!, row, name)) return false
      } else if (child.field.nullable && this.#policies.missingFields !== 'reject') {
        child.setNull(row)
      } else {
        return this.fail('FIELD_MISSING', missingReason(name, unknown ? [unknown] : []))
      }
    }
    if (unknown === undefined || this.#policies.unknownFields !== 'reject') return true
    return this.fail('FIELD_UNKNOWN', `the schema has no field "${path}.${unknown}"`)
  }

  #namesOf(column: ColumnBuffer): Dictionary {
    const known = this.#names.get(column)
    if (known !== undefined) return known
    const names = namesOf(column.children.map((child) => child.field))
    this.#names.set(column, names)
    return names
  }

  #shown(at: number): string {
    const reader = this.#reader
    const kind = reader.kind(at)
    if (kind === 'integer') return `the integer ${reader.integer(at)}`
    if (kind === 'float') return `the float ${reader.float(at)}`
    if (kind !== 'string') return kind === 'boolean' ? 'a boolean' : `a value of kind ${kind}`
    return isText(reader) ? `the string "${keyText(reader, at)}"` : 'a string that is not UTF-8'
  }
}

/** A map key as text for a person, cut to 60 characters. */
export function keyText(reader: MsgpackReader, at: number): string {
  const kind = reader.kind(at)
  if (kind === 'integer') return `${reader.integer(at)}`
  if (kind !== 'string') return `(a key of kind ${kind})`
  const end = reader.payload + Math.min(reader.size, 240)
  return decoder.decode(reader.bytes.subarray(reader.payload, end)).slice(0, 60)
}

/** Whether the payload is UTF-8. */
function isText(reader: MsgpackReader): boolean {
  const { bytes, payload } = reader
  const end = payload + reader.size
  for (let i = payload; i < end; i++) {
    if (bytes[i]! >= 0x80) return isUtf8(bytes.subarray(i, end))
  }
  return true
}

/**
 * The scaled integer of a payload like "-12.50" with at most 15 digits; NaN for any other, which
 * the exact way then judges.
 */
function shortDecimal(reader: MsgpackReader, scale: number): number {
  const { bytes, payload, size } = reader
  const end = payload + size
  const isNegative = bytes[payload] === 45
  const first = isNegative ? payload + 1 : payload
  let value = 0
  let point = -1
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - 48
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (digit === -2 && point < 0 && i > first) point = i
    else return Number.NaN
  }
  const decimals = point < 0 ? 0 : end - point - 1
  const digits = end - first - (point < 0 ? 0 : 1)
  const isPlain = digits > 0 && (point < 0 || decimals > 0)
  if (!isPlain || decimals > scale || digits + scale - decimals > 15) return Number.NaN
  for (let i = decimals; i < scale; i++) value *= 10
  return isNegative ? 0 - value : value
}

function unscaled(text: string, precision: number, scale: number): bigint | undefined {
  try {
    return parseDecimal(text, precision, scale)
  } catch {
    return undefined
  }
}

function expected(field: Field): string {
  return `${typeName(field.type)}${field.nullable ? ' or null' : ''}`
}
