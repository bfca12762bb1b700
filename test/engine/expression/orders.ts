// One table with a column of every type, and short ways to evaluate over one row of it.
import { type AnyExpr, expressionType } from '../../../engine/expression/index.ts'
import {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  schema,
  string,
  struct,
  timestamp,
  typeName,
} from '../../../engine/schema/index.ts'
import { evaluated, valuesOf } from './support.ts'

export const orders = schema({
  order_total: decimal(10, 2),
  rate: decimal(20, 10).nullable(),
  huge: decimal(38, 2),
  items: int32().nullable(),
  views: int64(),
  score: float64(),
  user_id: string().nullable(),
  paid: bool(),
  event_time: timestamp(),
  day: date(),
  raw: bytes(),
  tags: list(string()).nullable(),
  place: struct({ city: string(), floor: int32().nullable() }).nullable(),
})

export const base = {
  order_total: '12.50',
  rate: '0.5',
  huge: '1.00',
  items: 3,
  views: 4n,
  score: 1.5,
  user_id: 'u1',
  paid: true,
  event_time: 1_700_000_000_000_000,
  day: 19_000,
  raw: new Uint8Array([104, 105]),
  tags: ['a', 'b'],
  place: { city: 'Berlin', floor: null },
}

/** The type as text, `?` where null is possible. */
export function typeOf(expression: AnyExpr): string {
  const { type, nullable } = expressionType(expression.node, orders)
  return nullable ? `${typeName(type)}?` : typeName(type)
}

/** The value over `base` with some columns changed. */
export function one(expression: AnyExpr, row: Readonly<Record<string, unknown>> = {}): unknown {
  return valuesOf(expression, orders, [{ ...base, ...row }])[0]
}

/** `0: CODE` where that row fails. */
export function failure(expression: AnyExpr, row: Readonly<Record<string, unknown>> = {}): string {
  return evaluated(expression, orders, [{ ...base, ...row }]).failures.join()
}
