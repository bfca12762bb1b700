// The TypeScript type of each aggregate's result, from its descriptor and the row type of the
// input. Checked by tsc in type tests; nothing here exists at run time.
import type { AggregateDescriptor, AggregateDescriptors } from './aggregate.ts'
import type { UserDescriptor } from './user-defined.ts'

/** The row value of one aggregate. An int32 sum is an int64, so a `number` sums to either. */
export type AggregateResult<Row, D> =
  D extends UserDescriptor<infer Result>
    ? Result
    : D extends AggregateDescriptor<'count' | 'count-distinct', string | undefined>
      ? bigint
      : D extends AggregateDescriptor<infer Kind, infer C>
        ? C extends keyof Row
          ? ColumnResult<Kind, Row[C]>
          : never
        : never

type ColumnResult<Kind, Value> = Kind extends 'min' | 'max'
  ? Value
  : Kind extends 'sum'
    ? Sum<NonNullable<Value>> | Extract<Value, null>
    : Kind extends 'mean'
      ? Mean<NonNullable<Value>> | Extract<Value, null>
      : never

type Sum<Value> = Value extends number ? number | bigint : Value

type Mean<Value> = Value extends bigint ? number : Value

/** The aggregate columns of an output row. */
export type AggregateResults<Row, A extends AggregateDescriptors> = {
  readonly [Name in keyof A]: AggregateResult<Row, A[Name]>
}
