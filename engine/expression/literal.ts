// Literals: from a TypeScript value to JSON-safe data, back to a scalar, and to a column that is
// made once and sliced for every batch. Text is a dictionary of one value, so that operators which
// work once per dictionary value see it as such.
import { type Column, Dictionary, formatDecimal, sliceColumn } from '../batch/index.ts'
import { ConfigError } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import { type DataType, typeName } from '../schema/index.ts'
import type { Bound, Scalar } from './bound.ts'
import type { Expression, LiteralValue } from './expression.ts'
import { columnOfScalars } from './lanes.ts'
import { fits } from './numbers.ts'
import { convertConstant } from './type-rules.ts'

const TEXT: DataType = { kind: 'string' }

export type LiteralExpression = Extract<Expression, { kind: 'literal' }>

/** Values that need no declared type. */
export type PlainValue = boolean | number | bigint | string | Uint8Array

/** bool, int32 (whole numbers that fit), float64 (other numbers), int64, string, bytes. */
export function literalOf(value: PlainValue): LiteralExpression {
  return { kind: 'literal', type: plainType(value), value: encodeScalar(value, plainType(value)) }
}

/**
 * A literal of a declared type; `value` is what a row of that type holds, or null.
 * @throws ConfigError LITERAL_TYPE when the type can't hold the value.
 */
export function typedLiteral(value: unknown, type: DataType): LiteralExpression {
  const scalar = scalarOfRowValue(value, type)
  if (scalar === undefined) throw literalError(String(value), type)
  return { kind: 'literal', type, value: encodeScalar(scalar, type) }
}

/** @throws ConfigError LITERAL_TYPE for data that is not what it claims. */
export function scalarOfLiteral(literal: LiteralExpression): Scalar {
  const { type, value } = literal
  const decoded = value === null ? null : decodeValue(value, type)
  if (decoded === undefined) throw literalError(JSON.stringify(value), type)
  return decoded
}

/** The same value for every row. */
export function boundConstant(type: DataType, value: Scalar): Bound {
  let whole: Column | undefined
  let cut: Column | undefined
  let cutLength = -1
  return {
    source: { kind: 'literal', type, value: encodeScalar(value, type) },
    type,
    nullable: value === null,
    fallible: false,
    constant: { value },
    evaluate: ({ batch }) => {
      whole ??= constantColumn(type, value)
      if (cut === undefined || cutLength !== batch.length) {
        cut = sliceColumn(whole, 0, batch.length)
        cutLength = batch.length
      }
      return cut
    },
  }
}

function constantColumn(type: DataType, value: Scalar): Column {
  const length = BATCH_RECORDS_MAX
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const dictionary = new Dictionary()
    if (typeof value === 'string') dictionary.internString(value)
    else dictionary.intern(value, 0, value.length)
    return { kind: 'dictionary', ids: new Int32Array(length), dictionary, nulls: undefined }
  }
  return columnOfScalars(type, new Array<Scalar>(length).fill(value))
}

function plainType(value: PlainValue): DataType {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'bool' }
    case 'bigint':
      return { kind: 'int64' }
    case 'string':
      return { kind: 'string' }
    case 'number':
      return { kind: (value | 0) === value && !Object.is(value, -0) ? 'int32' : 'float64' }
    default:
      return { kind: 'bytes' }
  }
}

function encodeScalar(value: Scalar, type: DataType): LiteralValue {
  if (typeof value === 'bigint') {
    if (!fits(value, type)) throw literalError(value.toString(), type)
    if (type.kind === 'decimal') return { decimal: formatDecimal(value, type.scale) }
    return { integer: value.toString() }
  }
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  if (typeof value !== 'number') return value
  if (Number.isNaN(value)) return { float: 'NaN' }
  if (!Number.isFinite(value)) return { float: value > 0 ? 'Infinity' : '-Infinity' }
  return Object.is(value, -0) ? { float: '-0' } : value
}

function decodeValue(value: Exclude<LiteralValue, null>, type: DataType): Scalar | undefined {
  if (typeof value !== 'object') return scalarOfRowValue(value, type)
  if ('decimal' in value) return scalarOfRowValue(value.decimal, type)
  if ('float' in value) return type.kind === 'float64' ? Number(value.float) : undefined
  if ('base64' in value) {
    return type.kind === 'bytes' ? Buffer.from(value.base64, 'base64') : undefined
  }
  if (type.kind !== 'int64' || !/^-?\d{1,19}$/.test(value.integer)) return undefined
  return scalarOfRowValue(BigInt(value.integer), type)
}

/** A row's value (the table of `schema/data-type.ts`) as a scalar; undefined when it is none. */
function scalarOfRowValue(value: unknown, type: DataType): Scalar | undefined {
  if (value === null) return null
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'int32':
    case 'date':
      return typeof value === 'number' && (value | 0) === value ? value : undefined
    case 'timestamp':
      return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
    case 'float64':
      return typeof value === 'number' ? value : undefined
    case 'int64':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
      return typeof value === 'bigint' && fits(value, type) ? value : undefined
    case 'decimal':
      return typeof value === 'string' ? convertConstant(value, TEXT, type) : undefined
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined
    default:
      return undefined
  }
}

function literalError(found: string, type: DataType): ConfigError {
  return new ConfigError({
    code: 'LITERAL_TYPE',
    message: 'a literal does not fit its type',
    expected: typeName(type),
    found: found.slice(0, 60),
    remedy: 'Correct the value or the declared type; lists and structs have no literals.',
  })
}
