// The values of the naive interpreter: exact numbers are fractions of bigints, and what SQL says
// about them is written down once more, without columns and without fast paths.
import { formatDecimal } from '../../../engine/batch/index.ts'
import type { DataType } from '../../../engine/schema/index.ts'

export class RowError extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

export interface Fraction {
  readonly n: bigint
  readonly d: bigint
}

export type Value = null | boolean | string | number | Fraction

export function inputValue(value: unknown, type: DataType): Value {
  if (value === null || value === undefined) return null
  if (type.kind === 'decimal') return fractionOfText(String(value))
  if (typeof value === 'bigint') return integer(value)
  if (typeof value === 'number') return type.kind === 'float64' ? value : integer(BigInt(value))
  if (typeof value === 'boolean') return value
  return String(value)
}

export function rowValue(value: Value, type: DataType): unknown {
  if (value === null || typeof value !== 'object') return value
  if (type.kind === 'float64') return Number(value.n) / Number(value.d)
  const scale = type.kind === 'decimal' ? type.scale : 0
  const scaled = (value.n * 10n ** BigInt(scale)) / value.d
  if (type.kind === 'decimal') return formatDecimal(scaled, scale)
  return type.kind === 'int64' ? scaled : Number(scaled)
}

export function arithmetic(operator: string, a: Value, b: Value, type: DataType): Value {
  if (type.kind === 'float64') {
    const [x, y] = [toNumber(a), toNumber(b)]
    if (operator === 'add') return x + y
    if (operator === 'sub') return x - y
    if (operator === 'mul') return x * y
    return operator === 'div' ? x / y : x % y
  }
  const [x, y] = [fraction(a), fraction(b)]
  if (operator === 'add') return checked({ n: x.n * y.d + y.n * x.d, d: x.d * y.d }, type)
  if (operator === 'sub') return checked({ n: x.n * y.d - y.n * x.d, d: x.d * y.d }, type)
  if (operator === 'mul') return checked({ n: x.n * y.n, d: x.d * y.d }, type)
  if (y.n === 0n) throw new RowError('DIVISION_BY_ZERO')
  const whole = (x.n * y.d) / (x.d * y.n)
  if (operator === 'mod') {
    return checked({ n: x.n * y.d - whole * y.n * x.d, d: x.d * y.d }, type)
  }
  return type.kind === 'decimal'
    ? checked({ n: x.n * y.d, d: x.d * y.n }, type)
    : checked(integer(whole), type)
}

/** Rounded half away from zero to the type's scale, and within its range. */
export function checked(value: Fraction, type: DataType, code = 'ARITHMETIC_OVERFLOW'): Fraction {
  const scale = type.kind === 'decimal' ? 10n ** BigInt(type.scale) : 1n
  const isNegative = value.n < 0n !== value.d < 0n
  const n = (value.n < 0n ? -value.n : value.n) * scale
  const d = value.d < 0n ? -value.d : value.d
  const rounded = (n * 2n + d) / (d * 2n)
  const signed = isNegative ? -rounded : rounded
  const [low, high] = rangeOf(type)
  if (signed < low || signed > high) throw new RowError(code)
  return { n: signed, d: scale }
}

function rangeOf(type: DataType): readonly [bigint, bigint] {
  if (type.kind === 'int32') return [-(2n ** 31n), 2n ** 31n - 1n]
  if (type.kind === 'int64') return [-(2n ** 63n), 2n ** 63n - 1n]
  const bound = 10n ** BigInt(type.kind === 'decimal' ? type.precision : 0) - 1n
  return [-bound, bound]
}

export function cast(value: Value, to: DataType): Value {
  if (value === null) return null
  switch (to.kind) {
    case 'float64':
      return toNumber(value)
    case 'string':
      if (typeof value === 'object') throw new Error('exact numbers to text are tested elsewhere')
      return Object.is(value, -0) ? '-0' : String(value)
    case 'int32':
    case 'int64': {
      // The number itself, not its shortest text, is what a float64 above 2^53 truncates to.
      const whole = typeof value === 'number' ? wholeOrFail(value) : fractionOrFail(value)
      return checked(integer(whole.n / whole.d), to, 'CAST_FAILED')
    }
    case 'decimal':
      return checked(fractionOrFail(value), to, 'CAST_FAILED')
    default:
      throw new Error(`no cast to ${to.kind} here`)
  }
}

function wholeOrFail(value: number): Fraction {
  if (!Number.isFinite(value)) throw new RowError('CAST_FAILED')
  return integer(BigInt(Math.trunc(value)))
}

function fractionOrFail(value: Value): Fraction {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RowError('CAST_FAILED')
    return fractionOfText(plainDigits(value))
  }
  if (typeof value === 'string') {
    if (!/^[+-]?\d{1,40}$/.test(value)) throw new RowError('CAST_FAILED')
    return integer(BigInt(value.replace('+', '')))
  }
  return fraction(value)
}

function plainDigits(value: number): string {
  const [mantissa = '0', exponent = '0'] = String(value).split('e')
  const [whole = '0', rest = ''] = mantissa.split('.')
  const scale = rest.length - Number(exponent)
  const digits = BigInt(`${whole}${rest}`)
  if (scale <= 0) return (digits * 10n ** BigInt(-scale)).toString()
  const sign = value < 0 ? '-' : ''
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

export function order(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') {
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  }
  if (typeof a === 'number' || typeof b === 'number') {
    const [x, y] = [toNumber(a), toNumber(b)]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    return x < y ? -1 : x > y ? 1 : 0
  }
  if (typeof a === 'boolean') return Number(a) - Number(b)
  const [x, y] = [fraction(a), fraction(b)]
  const [left, right] = [x.n * y.d, y.n * x.d]
  return left < right ? -1 : left > right ? 1 : 0
}

export function compare(operator: string, by: number): boolean {
  if (operator === 'eq') return by === 0
  if (operator === 'ne') return by !== 0
  if (operator === 'lt') return by < 0
  if (operator === 'le') return by <= 0
  return operator === 'gt' ? by > 0 : by >= 0
}

export function fraction(value: Value): Fraction {
  if (value === null || typeof value !== 'object') throw new Error(`${value} is no fraction`)
  return value
}

function toNumber(value: Value): number {
  if (typeof value === 'number') return value
  const { n, d } = fraction(value)
  return d === 1n ? Number(n) : Number(formatDecimal((n * 10n ** 40n) / d, 40))
}

export function integer(n: bigint): Fraction {
  return { n, d: 1n }
}

function fractionOfText(text: string): Fraction {
  const [whole = '0', rest = ''] = text.split('.')
  return { n: BigInt(`${whole}${rest}`), d: 10n ** BigInt(rest.length) }
}

export function likeRegex(pattern: string): RegExp {
  const source = [...pattern.matchAll(/\\(.)|(.)/gsu)].map(([, literal, plain]) => {
    if (plain === '%') return '.*'
    if (plain === '_') return '.'
    return (literal ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`, 'su')
}
