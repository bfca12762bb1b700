import { expectTypeOf } from 'vitest'
import {
  caseWhen,
  coalesce,
  col,
  columns,
  concat,
  decimalLiteral,
  type Expr,
  lit,
  type RowOfExpressions,
} from '../../../engine/expression/index.ts'
import {
  bool,
  decimal,
  float64,
  int32,
  int64,
  list,
  type RowOf,
  schema,
  string,
  struct,
  timestamp,
} from '../../../engine/schema/index.ts'

const orders = schema({
  order_id: string(),
  order_total: decimal(10, 2),
  tip: decimal(6, 2).nullable(),
  items: int32(),
  views: int64(),
  score: float64().nullable(),
  paid: bool(),
  event_time: timestamp(),
  tags: list(string()),
  place: struct({ city: string(), floor: int32().nullable() }).nullable(),
})
type Order = RowOf<typeof orders>
const c = columns<Order>()

// A column has the type of its row value; names are checked.
expectTypeOf(c('order_total')).toEqualTypeOf<Expr<string>>()
expectTypeOf(c('score')).toEqualTypeOf<Expr<number | null>>()
// @ts-expect-error there is no such column
c('order_totl')

// Arithmetic: decimals win over int64, int64 over int32; null spreads.
expectTypeOf(c('items').add(2)).toEqualTypeOf<Expr<number>>()
expectTypeOf(c('views').add(c('items'))).toEqualTypeOf<Expr<bigint>>()
expectTypeOf(c('items').mul(c('order_total'))).toEqualTypeOf<Expr<string>>()
expectTypeOf(c('order_total').add(c('tip'))).toEqualTypeOf<Expr<string | null>>()
expectTypeOf(c('order_total').mul(1.5)).toEqualTypeOf<Expr<string>>()
expectTypeOf(c('score').neg()).toEqualTypeOf<Expr<number | null>>()
// @ts-expect-error a bool is no number
c('items').add(true)

// Comparison and logic.
expectTypeOf(c('order_total').gt(10)).toEqualTypeOf<Expr<boolean>>()
expectTypeOf(c('score').between(0, 1)).toEqualTypeOf<Expr<boolean | null>>()
expectTypeOf(c('paid').and(c('score').gt(1))).toEqualTypeOf<Expr<boolean | null>>()
expectTypeOf(c('paid').and(c('items').gt(1))).toEqualTypeOf<Expr<boolean>>()
expectTypeOf(c('tip').isNull()).toEqualTypeOf<Expr<boolean>>()
expectTypeOf(c('order_id').in(['a', 'b'])).toEqualTypeOf<Expr<boolean>>()
// @ts-expect-error text does not compare with a bool
c('order_id').eq(true)
// @ts-expect-error a number is no condition
c('items').and(true)

// Functions of one kind of value exist on that kind only.
expectTypeOf(c('order_id').upper().length()).toEqualTypeOf<Expr<number>>()
expectTypeOf(c('event_time').truncate('hour', 'Europe/Berlin')).toEqualTypeOf<Expr<number>>()
expectTypeOf(c('event_time').since(c('event_time'))).toEqualTypeOf<Expr<bigint>>()
expectTypeOf(c('event_time').addMicros(5)).toEqualTypeOf<Expr<number>>()
// @ts-expect-error a number has no letters
c('items').upper()
// @ts-expect-error a text is no time
c('order_id').toDate()

// Casts, choices, nested values.
expectTypeOf(c('items').cast(int64())).toEqualTypeOf<Expr<bigint>>()
expectTypeOf(c('order_id').tryCast(int32())).toEqualTypeOf<Expr<number | null>>()
expectTypeOf(coalesce(c('score'), 0)).toEqualTypeOf<Expr<number>>()
expectTypeOf(caseWhen([[c('paid'), 'yes']], 'no')).toEqualTypeOf<Expr<string>>()
expectTypeOf(caseWhen([[c('paid'), c('items')]])).toEqualTypeOf<Expr<number | null>>()
expectTypeOf(concat(c('order_id'), '-')).toEqualTypeOf<Expr<string>>()
expectTypeOf(c('tags').element(0)).toEqualTypeOf<Expr<string | null>>()
expectTypeOf(c('tags').listLength()).toEqualTypeOf<Expr<number>>()
expectTypeOf(c('place').field('city')).toEqualTypeOf<Expr<string | null>>()
// @ts-expect-error there is no such field
c('place').field('street')

// Literals widen; a type can be given.
expectTypeOf(lit(5)).toEqualTypeOf<Expr<number>>()
expectTypeOf(lit('1.10', decimal(3, 2))).toEqualTypeOf<Expr<string>>()
expectTypeOf(lit(null, string())).toEqualTypeOf<Expr<string | null>>()
expectTypeOf(decimalLiteral('1.1')).toEqualTypeOf<Expr<string>>()

// A bare `col` is untyped: the schema checks it when the expression is bound.
expectTypeOf(col('a')).toEqualTypeOf<Expr<unknown>>()
expectTypeOf(col('a').mul(col('b'))).toEqualTypeOf<Expr<unknown>>()
expectTypeOf(col('a').gt(10)).toEqualTypeOf<Expr<boolean | null>>()
expectTypeOf(col('a').upper().eq('X').and(col('b').lt(2))).toEqualTypeOf<Expr<boolean | null>>()
expectTypeOf(col('place').field('city')).toEqualTypeOf<Expr<unknown>>()

// The row of a map.
const shape = { total: c('order_total').mul(c('items')), late: c('items').gt(3), id: c('order_id') }
expectTypeOf<RowOfExpressions<typeof shape>>().toEqualTypeOf<{
  readonly total: string
  readonly late: boolean
  readonly id: string
}>()
