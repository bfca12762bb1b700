// min: the least value of a column, null without any. The order is that of `extremes.ts`.
import type { AggregateDescriptor } from './aggregate.ts'
import { extremeKind } from './extremes.ts'

/** The least value of a column: `min('order_total')`. */
export function min<const C extends string>(column: C): AggregateDescriptor<'min', C> {
  return { kind: 'min', column }
}

export const minKind = extremeKind('min', -1)
