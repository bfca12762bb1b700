// Casts of single values: the definition of every cast. `undefined` means that the value has no
// counterpart. Rules: to integers truncates towards zero; to decimals rounds half away from zero
// (float64 by its shortest text); text must be the whole canonical form, without spaces;
// timestamps ↔ dates in UTC; timestamp ↔ int64 counts microseconds, date ↔ int32 days; bytes ↔
// string is UTF-8.
import { formatDecimal } from '../batch/index.ts'
import { type DataType, sameType } from '../schema/index.ts'
import type { Scalar } from './bound.ts'
import { formatDate, formatTimestamp, MICROS_PER_DAY, parseDate, parseTimestamp } from './civil.ts'
import { decimalParts, fits, rescale } from './numbers.ts'

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const targets: Readonly<Record<DataType['kind'], readonly DataType['kind'][]>> = {
  bool: ['int32', 'int64', 'string'],
  int32: ['bool', 'int64', 'float64', 'decimal', 'string', 'date', 'timestamp'],
  int64: ['bool', 'int32', 'float64', 'decimal', 'string', 'timestamp'],
  float64: ['int32', 'int64', 'decimal', 'string'],
  decimal: ['int32', 'int64', 'float64', 'decimal', 'string'],
  string: ['bool', 'int32', 'int64', 'float64', 'decimal', 'timestamp', 'date', 'bytes'],
  bytes: ['string'],
  timestamp: ['int64', 'date', 'string'],
  date: ['int32', 'int64', 'timestamp', 'string'],
  list: [],
  struct: [],
}

/** True when a cast between the types exists. */
export function isCastable(from: DataType, to: DataType): boolean {
  return sameType(from, to) || targets[from.kind].includes(to.kind)
}

/** The value of type `from` as one of type `to`; both castable. */
export function castScalar(value: Scalar, from: DataType, to: DataType): Scalar | undefined {
  if (value === null || sameType(from, to)) return value
  switch (to.kind) {
    case 'string':
      return textOfScalar(value, from)
    case 'bool':
      return toBool(value)
    case 'float64':
      return toFloat(value, from)
    case 'bytes':
      return typeof value === 'string' ? encoder.encode(value) : undefined
    case 'timestamp':
      if (typeof value === 'string') return parseTimestamp(value)
      if (from.kind === 'date') return ranged(BigInt(Number(value)) * BigInt(MICROS_PER_DAY), to)
      return ranged(toInteger(value, from), to)
    case 'date':
      if (typeof value === 'string') return parseDate(value)
      if (from.kind === 'timestamp') return Math.floor(Number(value) / MICROS_PER_DAY)
      return ranged(toInteger(value, from), to)
    case 'int32':
      return ranged(toInteger(value, from), to)
    case 'int64': {
      const integer = toInteger(value, from)
      return integer !== undefined && fits(integer, to) ? integer : undefined
    }
    case 'decimal':
      return toDecimal(value, from, to)
    default:
      return undefined
  }
}

/** A value as text: the form that a cast to string gives and that JSON rows carry. */
export function textOfScalar(value: Scalar, type: DataType): string | undefined {
  if (typeof value === 'bigint') {
    return type.kind === 'decimal' ? formatDecimal(value, type.scale) : value.toString()
  }
  if (typeof value === 'number') {
    if (type.kind === 'timestamp') return formatTimestamp(value)
    if (type.kind === 'date') return formatDate(value)
    return Object.is(value, -0) ? '-0' : String(value)
  }
  if (!(value instanceof Uint8Array)) return value === null ? undefined : String(value)
  try {
    return strictDecoder.decode(value)
  } catch {
    return undefined
  }
}

function ranged(value: bigint | undefined, to: DataType): number | undefined {
  return value !== undefined && fits(value, to) ? Number(value) : undefined
}

function toBool(value: Scalar): boolean | undefined {
  if (typeof value !== 'string') return Number(value) !== 0
  const text = value.toLowerCase()
  return text === 'true' || text === 'false' ? text === 'true' : undefined
}

function toFloat(value: Scalar, from: DataType): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') {
    return from.kind === 'decimal' ? Number(formatDecimal(value, from.scale)) : Number(value)
  }
  if (typeof value !== 'string') return undefined
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)
  return isNumber || /^(NaN|[+-]?Infinity)$/.test(value) ? Number(value) : undefined
}

function toInteger(value: Scalar, from: DataType): bigint | undefined {
  switch (typeof value) {
    case 'boolean':
      return value ? 1n : 0n
    case 'bigint':
      return from.kind === 'decimal' ? value / 10n ** BigInt(from.scale) : value
    case 'number':
      return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined
    case 'string':
      return /^[+-]?\d{1,40}$/.test(value) ? BigInt(value.replace('+', '')) : undefined
    default:
      return undefined
  }
}

function toDecimal(
  value: Scalar,
  from: DataType,
  to: Extract<DataType, { kind: 'decimal' }>,
): bigint | undefined {
  const parts = decimalOf(value, from)
  if (parts === undefined) return undefined
  const result = rescale(parts.unscaled, parts.scale, to.scale)
  return fits(result, to) ? result : undefined
}

function decimalOf(value: Scalar, from: DataType): { unscaled: bigint; scale: number } | undefined {
  if (typeof value === 'bigint') {
    return { unscaled: value, scale: from.kind === 'decimal' ? from.scale : 0 }
  }
  return typeof value === 'string' || typeof value === 'number'
    ? decimalParts(String(value))
    : undefined
}
