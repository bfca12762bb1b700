import { describe, expect, test } from 'vitest'
import { col, lit } from '../../../engine/expression/index.ts'
import {
  bool,
  date,
  decimal,
  float64,
  int32,
  int64,
  string,
  timestamp,
} from '../../../engine/schema/index.ts'
import { failure, one } from './orders.ts'

describe('casts', () => {
  test.each([
    [col('score').cast(int32()), 1],
    [col('order_total').cast(int64()), 12n],
    [col('order_total').cast(float64()), 12.5],
    [col('order_total').cast(decimal(4, 1)), '12.5'],
    [lit(0.125).cast(decimal(4, 2)), '0.13'],
    [lit('-1.005').cast(decimal(4, 2)), '-1.01'],
    [col('views').cast(string()), '4'],
    [col('order_total').cast(string()), '12.50'],
    [col('paid').cast(int32()), 1],
    [lit('TRUE').cast(bool()), true],
    [col('event_time').cast(string()), '2023-11-14T22:13:20.000Z'],
    [lit('2023-11-14T23:13:20.000001+01:00').cast(timestamp()), 1_700_000_000_000_001],
    [col('event_time').cast(date()), 19_675],
    [lit('2024-02-29').cast(date()), 19_782],
    [col('day').cast(string()), '2022-01-08'],
    [col('day').cast(timestamp()), 19_000 * 86_400_000_000],
    [col('event_time').cast(int64()), 1_700_000_000_000_000n],
    [col('raw').cast(string()), 'hi'],
    [lit('1e3').cast(float64()), 1000],
  ])('%#: %o', (expression, expected) => {
    expect(one(expression)).toEqual(expected)
  })

  test.each([
    [lit('2023-02-29').cast(date())],
    [lit('2023-02-28T10:00').cast(timestamp())],
    [lit(' 1').cast(int32())],
    [lit('').cast(float64())],
    [lit(3e9).cast(int32())],
    [lit(Number.NaN).cast(int64())],
    [lit(12345).cast(decimal(4, 0))],
    [lit(new Uint8Array([0xff])).cast(string())],
  ])('%#: a value that does not fit fails its row', (expression) => {
    expect(failure(expression)).toBe('0: CAST_FAILED')
  })

  test('tryCast gives null instead', () => {
    expect(one(col('user_id').tryCast(int32()))).toBe(null)
    expect(one(lit('2023-02-30').tryCast(date()))).toBe(null)
  })
})
