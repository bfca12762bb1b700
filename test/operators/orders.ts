// A stream of orders for the tests of stateless operators, and what arrives when a step runs over
// it.
import { expect } from 'vitest'
import { errorCode } from '../../engine/errors.ts'
import type { Stream } from '../../engine/graph/index.ts'
import { decimal, int32, schema, schemaOf, string, timestamp } from '../../engine/schema/index.ts'
import { everyWay, type Input, type Row, rows, run, streamOf } from './rows.ts'

export const orders = schema({
  id: string(),
  user: string().nullable(),
  count: int32(),
  total: decimal(10, 2),
  at: timestamp(),
})

export const order = (
  id: string,
  count: number,
  total = '1.00',
  user: string | null = 'u',
): Row => ({
  id,
  user,
  count,
  total,
  at: count * 10,
})

export const batch = (...data: readonly Row[]): Input => ({
  batch: rows(orders, data, { time: 'at', partition: 3, firstOffset: 100 }),
})

export const stream = streamOf(orders)
export const three = [batch(order('a', 1), order('b', 2), order('c', 3))]

/** What arrives when a step runs over the inputs, in every way of cutting. */
export function results(result: Stream<unknown>, inputs: readonly Input[], port = 0): Row[] {
  const ways: { rows: Row[]; dead: unknown[] }[] = []
  everyWay(result, inputs, (harness) => {
    const dead = harness.deadLetters.map(({ row, error }) => [row.id, errorCode(error)])
    ways.push({ rows: harness.rows(port), dead })
  })
  for (const way of ways) expect(way).toEqual(ways[0])
  return ways[0]?.rows ?? []
}

/** Ids and codes of the dead letters. */
export function deadLetters(result: Stream<unknown>, inputs: readonly Input[]): unknown[] {
  return run(result, inputs).deadLetters.map(({ row, error }) => [row.id, errorCode(error)])
}

/** Its type has a column that it has not: what JavaScript, or a cast, may bring along. */
export const claimed = schemaOf<{ readonly a: number; readonly c: number }>(
  schema({ a: int32(), b: int32() }).fields,
)

export const ids = (found: readonly Row[]) => found.map((row) => row.id)
