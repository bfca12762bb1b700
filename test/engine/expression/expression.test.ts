import { describe, expect, test } from 'vitest'
import {
  caseWhen,
  col,
  compileExpression,
  describeExpression,
  type Expression,
  expressionType,
  lit,
  RowFailures,
  referencedColumns,
} from '../../../engine/expression/index.ts'
import { decimal } from '../../../engine/schema/index.ts'
import { base, orders } from './orders.ts'
import { batchOf } from './support.ts'

describe('plain data', () => {
  const rich = caseWhen(
    [[col('order_total').gt(10).and(col('user_id').like('u%')), lit(2n ** 60n)]],
    col('views'),
  )

  test('an expression survives JSON, with wide integers, bytes and odd floats', () => {
    const odd = col('raw')
      .eq(new Uint8Array([1, 255]))
      .or(col('score').eq(Number.NaN))
    for (const expression of [rich, odd]) {
      const copy: Expression = JSON.parse(JSON.stringify(expression.node))
      expect(copy).toEqual(expression.node)
      const batch = batchOf(orders, [base, { ...base, order_total: '1.00' }])
      const results = [copy, expression.node].map((node) =>
        compileExpression(node, orders).evaluate(batch, new RowFailures()),
      )
      expect(results[0]).toEqual(results[1])
    }
  })

  test('columns are listed once, in order of appearance', () => {
    expect(referencedColumns(rich.node)).toEqual(['order_total', 'user_id', 'views'])
  })

  test('the text reads like SQL', () => {
    expect(describeExpression(rich.node)).toBe(
      "CASE WHEN (order_total > 10) AND (user_id LIKE 'u%') " +
        'THEN 1152921504606846976 ELSE views END',
    )
    expect(describeExpression(col('a').mul(2).add(1).node)).toBe('(a * 2) + 1')
    expect(describeExpression(col('t').truncate('day', 'Europe/Berlin').node)).toBe(
      "TRUNCATE(t TO DAY, 'Europe/Berlin')",
    )
    expect(describeExpression(col('x').isNotNull().node)).toBe('x IS NOT NULL')
  })

  test('damaged literals are refused', () => {
    const damaged: Expression = {
      kind: 'literal',
      type: { kind: 'int64' },
      value: { integer: 'x' },
    }
    expect(() => expressionType(damaged, orders)).toThrow(/LITERAL_TYPE/)
    expect(() => lit('1.234', decimal(4, 2))).toThrow(/LITERAL_TYPE/)
    expect(() => lit(2n ** 63n)).toThrow(/LITERAL_TYPE/)
  })
})
