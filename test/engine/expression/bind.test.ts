import { describe, expect, test } from 'vitest'
import {
  caseWhen,
  coalesce,
  col,
  compileExpression,
  RowFailures,
} from '../../../engine/expression/index.ts'
import { int32 } from '../../../engine/schema/index.ts'
import { base, orders, typeOf } from './orders.ts'
import { batchOf } from './support.ts'

describe('result types', () => {
  test.each([
    [col('items').add(1), 'int32?'],
    [col('views').add(1), 'int64'],
    [col('items').mul(col('views')), 'int64?'],
    [col('score').mul(col('items')), 'float64?'],
    [col('order_total').add(col('order_total')), 'decimal(11,2)'],
    [col('order_total').add(col('rate')), 'decimal(21,10)?'],
    [col('order_total').mul(col('order_total')), 'decimal(21,4)'],
    [col('order_total').div(col('order_total')), 'decimal(23,13)'],
    [col('order_total').mod(col('rate')), 'decimal(18,10)?'],
    [col('huge').mul(col('rate')), 'decimal(38,6)?'],
    [col('huge').add(col('huge')), 'decimal(38,2)'],
    [col('order_total').mul(2), 'decimal(12,2)'],
    [col('order_total').mul(1.19), 'decimal(14,4)'],
    [col('order_total').add(col('items')), 'decimal(13,2)?'],
    [col('items').neg(), 'int32?'],
    [coalesce(col('items'), 0), 'int32'],
    [coalesce(col('items'), col('views')), 'int64'],
    [caseWhen([[col('paid'), col('items')]], col('order_total')), 'decimal(12,2)?'],
    [caseWhen([[col('paid'), 'yes']]), 'string?'],
    [col('order_total').tryCast(int32()), 'int32?'],
    [col('user_id').length(), 'int32?'],
    [col('tags').element(0), 'string?'],
    [col('place').field('floor'), 'int32?'],
    [col('event_time').since(col('event_time')), 'int64'],
  ])('%#: %o', (expression, expected) => {
    expect(typeOf(expression)).toBe(expected)
  })
})

describe('refusals name the operand, what is expected and what was found', () => {
  test.each([
    [
      col('user_id').add(1),
      /EXPRESSION_TYPE: user_id can not stand in user_id \+ 1; expected int32/,
    ],
    [
      col('order_total').add(col('score')),
      /EXPRESSION_TYPE: score .*found float64\. Cast one side/,
    ],
    [col('order_total').gt(col('score')), /EXPRESSION_TYPE: score .*comparable with decimal/],
    [col('event_time').add(1), /EXPRESSION_TYPE.*addMicros/],
    [col('tags').eq('a'), /EXPRESSION_TYPE/],
    [col('paid').and(col('items')), /EXPRESSION_TYPE: items .*expected bool; found int32/],
    [col('nothing').eq(1), /COLUMN_UNKNOWN: .*"nothing"/],
    [col('place').field('street'), /EXPRESSION_INVALID: .*city, floor.*"street"/],
    [col('user_id').regexMatches('('), /EXPRESSION_INVALID/],
    [col('user_id').regexMatches('a'.repeat(1001)), /EXPRESSION_INVALID.*1000.*1001/],
    [col('user_id').substring(0), /EXPRESSION_INVALID.*at least 1/],
    [col('raw').cast(int32()), /EXPRESSION_TYPE/],
    [coalesce(col('items'), 'x'), /EXPRESSION_TYPE/],
    [col('items').in([]), /EXPRESSION_INVALID/],
    [caseWhen([], 1), /EXPRESSION_INVALID/],
  ])('%#', (expression, message) => {
    expect(() => typeOf(expression)).toThrow(message)
  })

  test('a filter must be a bool', () => {
    const compiled = compileExpression(col('items').node, orders)
    const batch = batchOf(orders, [base])
    expect(() => compiled.evaluateFilter(batch, new Int32Array(1), new RowFailures())).toThrow(
      /EXPRESSION_TYPE/,
    )
  })

  test('an expression of thousands of levels is refused, not a stack overflow', () => {
    let deep = col<number>('items')
    for (let i = 0; i < 5000; i++) deep = deep.add(1)
    expect(() => typeOf(deep)).toThrow(/EXPRESSION_INVALID.*500 levels/)
  })
})
