import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchOfRows, valueAt } from '../../../engine/batch/index.ts'
import { type DataType, type Field, schemaOf } from '../../../engine/schema/index.ts'
import {
  type AggregateDescriptor,
  aggregateField,
  count,
  countDistinct,
  instantiateAggregate,
  max,
  mean,
  min,
  sum,
} from '../../../operators/aggregates/index.ts'
import { aggregateCases } from '../../cases/aggregate-cases.ts'
import { exactSum } from '../../support/exact-sum.ts'

const field = (type: DataType): Field => ({ name: 'value', type, nullable: true })
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 6 })
const present = <T>(values: readonly unknown[], is: (value: unknown) => value is T): T[] =>
  values.filter(is)
const isBigint = (value: unknown) => typeof value === 'bigint'
const isNumber = (value: unknown) => typeof value === 'number'
const isString = (value: unknown) => typeof value === 'string'
const isBoolean = (value: unknown) => typeof value === 'boolean'

const types = {
  int32: { kind: 'int32' },
  int64: { kind: 'int64' },
  float64: { kind: 'float64' },
  decimal: { kind: 'decimal', precision: 30, scale: 2 },
  string: { kind: 'string' },
  bool: { kind: 'bool' },
  timestamp: { kind: 'timestamp' },
} as const

const int64s = orNull(
  fc.oneof(
    fc.bigInt({ min: -(2n ** 55n), max: 2n ** 55n }),
    fc.bigInt({ min: -20n, max: 20n }),
    fc.constantFrom(2n ** 53n, -(2n ** 53n), 2n ** 53n - 1n, 2n ** 53n + 1n),
  ),
)
const floats = orNull(
  fc.oneof(
    fc.double(),
    fc.double({ min: -1e3, max: 1e3 }),
    fc.constantFrom(0.1, 1e16, -1e16, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308),
  ),
)
const decimals = orNull(
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((unscaled) => decimalText(unscaled, 2)),
)
const texts = orNull(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constant('')))

describe('count', () => {
  const expected = (values: readonly unknown[]) => BigInt(values.filter((v) => v !== null).length)
  aggregateCases('values', {
    descriptor: count('value'),
    field: field(types.string),
    values: texts,
    expected,
  })
  aggregateCases('records', {
    descriptor: count(),
    field: field(types.string),
    values: texts,
    expected: (values) => BigInt(values.length),
  })
})

describe('sum', () => {
  const integers = (values: readonly unknown[]) => present(values, isBigint)
  const total = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n)
  aggregateCases('int64', {
    descriptor: sum('value'),
    field: field(types.int64),
    values: int64s,
    expected: (values) => (integers(values).length === 0 ? null : total(integers(values))),
  })
  aggregateCases('int32', {
    descriptor: sum('value'),
    field: field(types.int32),
    values: orNull(fc.integer()),
    expected: (values) => {
      const numbers = present(values, isNumber)
      return numbers.length === 0 ? null : total(numbers.map(BigInt))
    },
  })
  aggregateCases('decimal', {
    descriptor: sum('value'),
    field: field(types.decimal),
    values: decimals,
    expected: (values) => {
      const unscaled = present(values, isString).map((text) => BigInt(text.replace('.', '')))
      return unscaled.length === 0 ? null : decimalText(total(unscaled), 2)
    },
  })
  aggregateCases('float64', {
    descriptor: sum('value'),
    field: field(types.float64),
    values: floats,
    expected: (values) => {
      const numbers = present(values, isNumber)
      return numbers.length === 0 ? null : exactSum(numbers)
    },
  })

  test('a float64 sum does not round in between', () => {
    expect(only(sum('value'), types.float64, [1e100, 1, -1e100])).toBe(1)
    expect(only(sum('value'), types.float64, new Array(10).fill(0.1))).toBe(1)
    const largest = Number.MAX_VALUE
    expect(only(sum('value'), types.float64, [largest, largest, -largest])).toBe(largest)
    expect(only(sum('value'), types.float64, [largest, largest])).toBe(Number.POSITIVE_INFINITY)
    expect(only(sum('value'), types.float64, [2 ** 53, 1, 2 ** -60])).toBe(2 ** 53 + 2)
    expect(only(sum('value'), types.float64, [-0, -0])).toBe(0)
  })

  test('a decimal keeps its scale and has 38 digits', () => {
    const input = schemaOf([field({ kind: 'decimal', precision: 10, scale: 2 })])
    const result = { name: 'spend', type: { kind: 'decimal', precision: 38, scale: 2 } }
    expect(aggregateField('spend', sum('value'), input)).toEqual({ ...result, nullable: true })
    expect(only(sum('value'), types.decimal, ['12.50', '0.00'])).toBe('12.50')
  })

  test('an int64 sum may leave the range while adding, but not as a result', () => {
    const largest = 2n ** 63n - 1n
    expect(only(sum('value'), types.int64, [largest, 5n, -5n])).toBe(largest)
    expect(only(sum('value'), types.int64, [-largest, -1n])).toBe(-largest - 1n)
    expect(() => only(sum('value'), types.int64, [largest, 1n])).toThrow(/SUM_OVERFLOW.*int64/)
  })
})

describe('mean', () => {
  aggregateCases('decimal, half up at six digits', {
    descriptor: mean('value'),
    field: field(types.decimal),
    values: decimals,
    expected: (values) => {
      const unscaled = present(values, isString).map((text) => BigInt(text.replace('.', '')))
      if (unscaled.length === 0) return null
      const scaled = unscaled.reduce((a, b) => a + b, 0n) * 10000n
      const parts = BigInt(unscaled.length)
      const magnitude = scaled < 0n ? -scaled : scaled
      const rounded = magnitude / parts + ((magnitude % parts) * 2n >= parts ? 1n : 0n)
      return decimalText(scaled < 0n ? -rounded : rounded, 6)
    },
  })
  aggregateCases('float64', {
    descriptor: mean('value'),
    field: field(types.float64),
    values: floats,
    expected: (values) => {
      const numbers = present(values, isNumber)
      return numbers.length === 0 ? null : exactSum(numbers) / numbers.length
    },
  })
  aggregateCases('int64', {
    descriptor: mean('value'),
    field: field(types.int64),
    values: int64s,
    expected: (values) => {
      const whole = present(values, isBigint)
      return whole.length === 0 ? null : Number(whole.reduce((a, b) => a + b, 0n)) / whole.length
    },
  })
})

describe.each([
  ['min', min('value'), 0],
  ['max', max('value'), -1],
] as const)('%s', (_name, descriptor, at) => {
  const extreme =
    <T>(is: (value: unknown) => value is T, compare: (a: T, b: T) => number) =>
    (values: readonly unknown[]) =>
      present(values, is).sort(compare).at(at) ?? null
  const byValue = (a: bigint | number, b: bigint | number) => (a < b ? -1 : a > b ? 1 : 0)
  aggregateCases('int64', {
    descriptor,
    field: field(types.int64),
    values: int64s,
    expected: extreme(isBigint, byValue),
  })
  aggregateCases('float64, NaN above all and -0 below 0', {
    descriptor,
    field: field(types.float64),
    values: floats,
    expected: extreme(isNumber, (a, b) => {
      const nan = Number(Number.isNaN(a)) - Number(Number.isNaN(b))
      return nan || byValue(a, b) || Number(Object.is(b, -0)) - Number(Object.is(a, -0))
    }),
  })
  aggregateCases('string, by bytes', {
    descriptor,
    field: field(types.string),
    values: texts,
    expected: extreme(isString, (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  })
  aggregateCases('bool', {
    descriptor,
    field: field(types.bool),
    values: orNull(fc.boolean()),
    expected: extreme(isBoolean, (a, b) => Number(a) - Number(b)),
  })
  aggregateCases('timestamp', {
    descriptor,
    field: field(types.timestamp),
    values: orNull(fc.integer()),
    expected: extreme(isNumber, byValue),
  })
})

describe('countDistinct', () => {
  const distinct = (values: readonly unknown[]) =>
    BigInt(new Set(values.filter((value) => value !== null)).size)
  aggregateCases('string', {
    descriptor: countDistinct('value'),
    field: field(types.string),
    values: texts,
    expected: distinct,
  })
  aggregateCases('int64 beyond 2^53', {
    descriptor: countDistinct('value'),
    field: field(types.int64),
    values: int64s,
    expected: distinct,
  })
  aggregateCases('float64, with one NaN and one zero', {
    descriptor: countDistinct('value'),
    field: field(types.float64),
    values: floats,
    expected: distinct,
  })
})

describe('type rules', () => {
  test.each([
    [sum('value'), types.string, /AGGREGATE_TYPE.*"value".*string/],
    [mean('value'), types.bool, /AGGREGATE_TYPE/],
    [min('value'), { kind: 'list', item: field(types.int32) }, /AGGREGATE_TYPE/],
    [countDistinct('value'), { kind: 'struct', fields: [] }, /AGGREGATE_TYPE/],
    [sum('other'), types.int32, /COLUMN_UNKNOWN.*"other"/],
    [{ kind: 'median', column: 'value' }, types.int32, /AGGREGATE_KIND.*count-distinct/],
    [{ kind: 'user-defined' }, types.int32, /AGGREGATE_KIND/],
    [{ kind: 'sum' }, types.int32, /AGGREGATE_TYPE/],
  ] as const)('%o over %o is refused in words', (descriptor, type, message) => {
    expect(() => instantiateAggregate('a', descriptor, schemaOf([field(type)]))).toThrow(message)
  })
})

function only(descriptor: AggregateDescriptor, type: DataType, values: readonly unknown[]) {
  const input = schemaOf([field(type)])
  const made = instantiateAggregate('result', descriptor, input)
  const lanes = made.create()
  lanes.ensureRows(1)
  const times = values.map(() => 0)
  const rows = values.map((value) => ({ value }))
  const batch = batchOfRows(input, rows, { eventTimes: times, watermarksBefore: times })
  lanes.add(new Int32Array(values.length), batch, 0, values.length)
  const column = lanes.result(Int32Array.of(0), 1)
  return valueAt(column, made.field.type, 0)
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
