// max: the greatest value of a column, null without any. The order is that of `extremes.ts`.
import type { AggregateDescriptor } from './aggregate.ts'
import { extremeKind } from './extremes.ts'

/** The greatest value of a column: `max('order_total')`. */
export function max<const C extends string>(column: C): AggregateDescriptor<'max', C> {
  return { kind: 'max', column }
}

export const maxKind = extremeKind('max', 1)
