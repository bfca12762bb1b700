// Types of rows as schemas infer them; checked by tsc alone.
import { expectTypeOf } from 'vitest'
import * as s from '../../../engine/schema/index.ts'

const orders = s.schema({
  order_id: s.string(),
  paid: s.bool(),
  items: s.int32(),
  points: s.int64(),
  rating: s.float64().nullable(),
  total: s.decimal(10, 2),
  photo: s.bytes(),
  at: s.timestamp({ unit: 'ms' }),
  day: s.date().nullable(),
  tags: s.list(s.string()),
  notes: s.list(s.string().nullable()).nullable(),
  place: s.struct({ lat: s.float64(), street: s.string().nullable() }),
})

type Order = s.RowOf<typeof orders>

expectTypeOf<Order>().toEqualTypeOf<{
  readonly order_id: string
  readonly paid: boolean
  readonly items: number
  readonly points: bigint
  readonly rating: number | null
  readonly total: string
  readonly photo: Uint8Array
  readonly at: number
  readonly day: number | null
  readonly tags: readonly string[]
  readonly notes: readonly (string | null)[] | null
  readonly place: { readonly lat: number; readonly street: string | null }
}>()

// A schema is taken where nobody cares for its rows.
expectTypeOf(orders).toExtend<s.Schema<unknown>>()
expectTypeOf(s.columnIndex).toBeCallableWith(orders, 'total')

// Rows of a schema made of plain fields are not known.
expectTypeOf<s.RowOf<s.Schema>>().toEqualTypeOf<Record<string, unknown>>()
expectTypeOf(s.schemaOf<{ a: number }>([])).toEqualTypeOf<s.Schema<{ a: number }>>()

// nullable() adds null once.
expectTypeOf(s.int32().nullable().nullable()).toEqualTypeOf<s.ColumnSpec<number | null>>()

// @ts-expect-error a unit is one of three
s.timestamp({ unit: 'ns' })
// @ts-expect-error a column is declared with a builder
s.schema({ a: 'string' })
