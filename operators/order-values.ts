// The values of an order column as float64, for comparing. Null and NaN come before everything.
import type { Column } from '../engine/batch/index.ts'
import { assert, ConfigError } from '../engine/errors.ts'

/** @throws ConfigError ORDER_RANGE for an int64 beyond 2^53, which float64 does not order. */
export function orderValues(column: Column, length: number): Float64Array {
  if (column.kind === 'float64') return withoutNaN(column.values, column.nulls)
  assert(column.kind === 'integer' || column.kind === 'int32', `an order column of ${column.kind}`)
  if (column.kind === 'integer' && column.wide !== undefined) throw beyondRange()
  const { values, nulls } = column
  const orders = new Float64Array(length)
  for (let row = 0; row < length; row++) orders[row] = values[row]!
  if (nulls !== undefined) hideNulls(orders, nulls)
  return orders
}

function withoutNaN(values: Float64Array, nulls: Uint8Array | undefined): Float64Array {
  let isOrdered = nulls === undefined
  for (let row = 0; row < values.length && isOrdered; row++) {
    isOrdered = !Number.isNaN(values[row]!)
  }
  if (isOrdered) return values
  const orders = values.slice()
  if (nulls !== undefined) hideNulls(orders, nulls)
  for (let row = 0; row < orders.length; row++) {
    if (Number.isNaN(orders[row]!)) orders[row] = Number.NEGATIVE_INFINITY
  }
  return orders
}

function hideNulls(orders: Float64Array, nulls: Uint8Array): void {
  for (let row = 0; row < orders.length; row++) {
    if (nulls[row] === 1) orders[row] = Number.NEGATIVE_INFINITY
  }
}

function beyondRange(): ConfigError {
  return new ConfigError({
    code: 'ORDER_RANGE',
    message: 'an order column holds an integer that can not be ordered exactly',
    expected: 'integers within ± (2^53 - 1)',
    found: 'a larger one',
    remedy: 'Order by a timestamp, or by a smaller number.',
  })
}
