// ColumnBuilder: makes a column value by value. For slow paths, rows returned by lambdas, and
// tests; readers on the hot path write typed arrays themselves. One builder makes one column.
import { assert, BadRecordError } from '../errors.ts'
import { type DataType, type Field, typeName } from '../schema/index.ts'
import type { Column } from './column.ts'

const encoder = new TextEncoder()

/**
 * Takes row values of the types listed in `schema/data-type.ts`, and null where the field allows.
 */
export interface ColumnBuilder {
  readonly length: number
  /** @throws BadRecordError VALUE_TYPE when the value is not one of the column's type. */
  append(value: unknown): void
  /** The finished column; the builder must not be used afterwards. */
  finish(): Column
}

export function columnBuilder(field: Field): ColumnBuilder {
  return new Builder(field)
}

/** Scaled integer of a decimal's text: ("12.5", 2) → 1250n. @throws BadRecordError VALUE_TYPE */
export function parseDecimal(text: string, precision: number, scale: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  const fraction = (match?.[3] ?? '').replace(/0+$/, '')
  if (match === null || fraction.length > scale) throw decimalError(text, precision, scale)
  const digits = BigInt(`${match[2]}${fraction.padEnd(scale, '0')}`)
  if (digits >= 10n ** BigInt(precision)) throw decimalError(text, precision, scale)
  return match[1] === '-' ? -digits : digits
}

/** Text of a scaled integer with all digits of its scale: (1250n, 2) → "12.50". */
export function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString()
  const sign = unscaled < 0n ? '-' : ''
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

class Builder implements ColumnBuilder {
  length = 0
  readonly #field: Field
  readonly #values: unknown[] = []
  #hasNull = false

  constructor(field: Field) {
    this.#field = field
  }

  append(value: unknown): void {
    if (value === null || value === undefined) {
      if (!this.#field.nullable) throw typeError(this.#field, 'null')
      this.#hasNull = true
      this.#values.push(null)
    } else {
      this.#values.push(checked(this.#field, value))
    }
    this.length++
  }

  finish(): Column {
    const values = this.#values
    const nulls = this.#hasNull ? Uint8Array.from(values, (v) => (v === null ? 1 : 0)) : undefined
    return build(this.#field.type, values, nulls)
  }
}

function checked(field: Field, value: unknown): unknown {
  const { type } = field
  switch (type.kind) {
    case 'bool':
      if (typeof value === 'boolean') return value
      break
    case 'int32':
    case 'date':
      if (typeof value === 'number' && (value | 0) === value) return value
      break
    case 'int64':
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
      if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
      break
    case 'float64':
      if (typeof value === 'number') return value
      break
    case 'timestamp':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value
      break
    case 'decimal':
      if (typeof value === 'string') return parseDecimal(value, type.precision, type.scale)
      break
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'bytes':
      if (value instanceof Uint8Array) return value
      break
    case 'list':
      if (Array.isArray(value)) return value
      break
    case 'struct':
      if (typeof value === 'object' && value !== null) return value
      break
  }
  throw typeError(field, `${typeof value} ${String(value).slice(0, 60)}`)
}

function build(type: DataType, values: unknown[], nulls: Uint8Array | undefined): Column {
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool', values: Uint8Array.from(values, (v) => (v === true ? 1 : 0)), nulls }
    case 'int32':
    case 'date':
      return { kind: 'int32', values: Int32Array.from(values, (v) => Number(v ?? 0)), nulls }
    case 'float64':
    case 'timestamp':
      return { kind: 'float64', values: Float64Array.from(values, (v) => Number(v ?? 0)), nulls }
    case 'int64':
    case 'decimal':
      return integerColumn(values, nulls)
    case 'string':
    case 'bytes':
      return plainColumn(values, nulls)
    case 'list':
      return listColumn(type.item, values, nulls)
    case 'struct':
      return structColumn(type.fields, values, nulls)
  }
}

/** An integer column from bigints (null counts as 0); `wide` only where a value needs it. */
export function integerColumn(values: unknown[], nulls: Uint8Array | undefined): Column {
  const exact = values.map((v) => (typeof v === 'bigint' ? v : 0n))
  const numbers = Float64Array.from(exact, Number)
  const isWide = numbers.some((v) => !Number.isSafeInteger(v))
  return { kind: 'integer', values: numbers, wide: isWide ? exact : undefined, nulls }
}

function plainColumn(values: unknown[], nulls: Uint8Array | undefined): Column {
  const chunks = values.map((v) => {
    if (typeof v === 'string') return encoder.encode(v)
    return v instanceof Uint8Array ? v : new Uint8Array(0)
  })
  const offsets = new Int32Array(values.length + 1)
  for (let i = 0; i < chunks.length; i++) offsets[i + 1] = offsets[i]! + (chunks[i]?.length ?? 0)
  const bytes = new Uint8Array(offsets[values.length]!)
  chunks.forEach((chunk, i) => {
    bytes.set(chunk, offsets[i]!)
  })
  return { kind: 'plain', offsets, bytes, nulls }
}

function listColumn(item: Field, values: unknown[], nulls: Uint8Array | undefined): Column {
  const items = columnBuilder(item)
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, i) => {
    if (Array.isArray(value)) for (const element of value) items.append(element)
    offsets[i + 1] = items.length
  })
  return { kind: 'list', offsets, items: items.finish(), nulls }
}

function structColumn(
  fields: readonly Field[],
  values: unknown[],
  nulls: Uint8Array | undefined,
): Column {
  const columns = fields.map((field) => {
    // Below a null struct every field is null, whatever the field allows.
    const child = columnBuilder({ ...field, nullable: field.nullable || nulls !== undefined })
    for (const value of values) {
      const present = typeof value === 'object' && value !== null
      const entry = present ? Object.getOwnPropertyDescriptor(value, field.name) : undefined
      if (present && entry === undefined && !field.nullable) throw typeError(field, 'nothing')
      child.append(entry?.value)
    }
    return child.finish()
  })
  return { kind: 'struct', fields: columns, length: values.length, nulls }
}

function typeError(field: Field, found: string): BadRecordError {
  assert(field.name !== '', 'a field has a name')
  return new BadRecordError({
    code: 'VALUE_TYPE',
    message: `column "${field.name}" can not hold this value`,
    expected: `${typeName(field.type)}${field.nullable ? ' or null' : ''}`,
    found,
  })
}

function decimalError(text: string, precision: number, scale: number): BadRecordError {
  return new BadRecordError({
    code: 'VALUE_TYPE',
    message: 'the text is not a decimal that fits',
    expected: `decimal(${precision},${scale})`,
    found: text.slice(0, 60),
  })
}
