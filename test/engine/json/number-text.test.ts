// Numbers out of text, at the edges that the fast ways must leave to the exact one.
import { describe, expect, test } from 'vitest'
import { decimal, float64, int32, int64, schema, timestamp } from '../../../engine/schema/index.ts'
import { decodeText } from './decoding.ts'

/** The value of each text in a column: read exactly (first in its batch) and on a layout. */
function values(spec: Parameters<typeof schema>[0][string], texts: readonly string[]) {
  const of = schema({ v: spec.nullable() })
  const one = texts.map((text) => decodeText(of, `{"v":${text}}`, { wrongTypes: 'null' }).rows[0])
  const lines = ['0', ...texts].map((text) => `{"v":${text}}\n`).join('')
  const many = decodeText(of, lines, { wrongTypes: 'null' }).rows.slice(1)
  expect(many).toEqual(one)
  return one.map((row) => row?.v)
}

describe('int64', () => {
  test('keeps every digit up to its range', () => {
    const texts = [
      '9007199254740991',
      '9007199254740992',
      '9007199254740993',
      '-9007199254740993',
      '9223372036854775807',
      '-9223372036854775808',
      '"9223372036854775807"',
      '"-0012"',
    ]
    expect(values(int64(), texts)).toEqual(texts.map((text) => BigInt(text.replaceAll('"', ''))))
  })

  test('takes whole numbers with points and exponents, and nothing else', () => {
    const whole = ['1e3', '1.0', '1.50e1', '100e-2', '-0', '-0.0', '0e999999999', '12E+1']
    expect(values(int64(), whole)).toEqual([1000n, 1n, 15n, 1n, 0n, 0n, 0n, 120n])
    const others = ['1.5', '1e-1', '9223372036854775808', '1e19', '1e999999999', '"1.0"', '"1e3"']
    others.push('""', '"-"', '" 1"', 'true', '[1]', '{}', '"abc"')
    expect(values(int64(), others)).toEqual(others.map(() => null))
  })
})

test('int32 takes its range only', () => {
  const texts = ['2147483647', '-2147483648', '2147483648', '-2147483649', '1e2', '"1"', '-0']
  expect(values(int32(), texts)).toEqual([2147483647, -2147483648, null, null, 100, null, 0])
})

test('decimals take numbers and digits in quotes that fit precision and scale', () => {
  const texts = ['12.5', '"12.50"', '12.500', '12.505', '99999999.99', '100000000', '1e2', '-0.01']
  texts.push('-0', '"0001.5"', '"1.500"', '"1."', '".5"', '1e-2', '1e-3', '0.000')
  expect(values(decimal(10, 2), texts)).toEqual([
    ...['12.50', '12.50', '12.50', null, '99999999.99', null, '100.00', '-0.01'],
    ...['0.00', '1.50', '1.50', null, null, '0.01', null, '0.00'],
  ])
  const big = '12345678901234567890123456.789012345678'
  expect(values(decimal(38, 12), [big, `"-${big}"`, '1e25', '1e26'])).toEqual([
    big,
    `-${big}`,
    `1${'0'.repeat(25)}.${'0'.repeat(12)}`,
    null,
  ])
  expect(values(decimal(38, 30), ['0.000000001', '1', '12345678'])).toEqual([
    `0.000000001${'0'.repeat(21)}`,
    `1.${'0'.repeat(30)}`,
    `12345678.${'0'.repeat(30)}`,
  ])
})

test('float64 takes what JSON.parse gives, and the names of what is not finite', () => {
  const texts = ['0.1', '-0', '-0.0', '1e400', '-1e400', '5e-324', '2.2250738585072011e-308']
  texts.push(
    '123456789012345.678901',
    '9007199254740993',
    '0.30000000000000004',
    '1.7976931348623157e308',
  )
  const found = values(float64(), texts)
  texts.forEach((text, i) => {
    expect(found[i]).toBe(JSON.parse(text))
  })
  const names = ['"NaN"', '"Infinity"', '"-Infinity"', '"nan"', '"1.5"', '"+Infinity"']
  expect(values(float64(), names)).toEqual([Number.NaN, Infinity, -Infinity, null, null, null])
})

test('timestamps take numbers in their unit only', () => {
  const ms = timestamp({ unit: 'ms' })
  expect(values(ms, ['1700000000000', '-1', '1.5', '1e3', '0.0005'])).toEqual([
    1_700_000_000_000_000,
    -1000,
    1500,
    1_000_000,
    null,
  ])
  expect(values(timestamp({ unit: 's' }), ['1700000000', '253402300800', '-62135596801'])).toEqual([
    1_700_000_000_000_000,
    null,
    null,
  ])
  expect(values(timestamp({ unit: 'us' }), ['1700000000000001', '0.5'])).toEqual([
    1_700_000_000_000_001,
    null,
  ])
  expect(values(timestamp(), ['1700000000000', '"2024-01-14T12:00:03.250Z"'])).toEqual([
    null,
    1_705_233_603_250_000,
  ])
})

test('ISO times of one minute after another read as they stand', () => {
  const texts = Array.from({ length: 500 }, (_, i) =>
    JSON.stringify(new Date(1_700_000_000_000 + i * 7_919).toISOString()),
  )
  texts.push(
    '"2023-11-14T22:13:60.000Z"',
    '"2023-11-14T22:13:20.000Z"',
    '"2023-11-14T22:13:2.0000Z"',
  )
  texts.push('"2023-11-14T22:13:20.000+01:00"', '"2023-11-14T22:13:20.0x0Z"')
  const found = values(timestamp(), texts)
  texts.forEach((text, i) => {
    const time = Date.parse(JSON.parse(text))
    const isRefused = text.includes(':2.') || Number.isNaN(time)
    expect(found[i]).toBe(isRefused ? null : time * 1000)
  })
})
