// Question: what does an expression cost per row on batches of 1,024 records, against the same
// computation as a lambda over row objects (built once, outside of the clock, so that only the
// lambda counts) and as a lambda that makes its rows from the batch, as a job's lambda must?
// Shapes: `filter` is total > 50.00 and a user prefix; `arithmetic` is total * items - tip,
// decimals; `case` is three ranges to a text; `division` is exact decimal division; `local day`
// truncates to Berlin's days. It should not win by much where every row needs more than float64
// (`wide`). Usage: node <compiled>/bench/expression.js [small|large]
import { Dictionary, type RecordBatch, recordBatch, rowsOf } from '../engine/batch/index.ts'
import { seededRandom } from '../engine/clock.ts'
import {
  caseWhen,
  columns,
  compileExpression,
  type Expr,
  RowFailures,
} from '../engine/expression/index.ts'
import {
  decimal,
  int32,
  int64,
  type RowOf,
  schema,
  string,
  timestamp,
} from '../engine/schema/index.ts'
import { isProgram } from './support/command-line.ts'

export const small = { batches: 4, rounds: 1 }
export const large = { batches: 400, rounds: 7 }

/** Rows per second of each way; `hash` covers how many rows were kept or what they sum up to. */
export interface ExpressionResult {
  readonly shape: string
  readonly expression: { readonly first: number; readonly median: number }
  readonly lambda: number
  readonly lambdaWithRows: number
  readonly hash: number
}

const orders = schema({
  user_id: string(),
  order_total: decimal(10, 2),
  tip: decimal(6, 2),
  items: int32(),
  wide: int64(),
  event_time: timestamp(),
})
type Order = RowOf<typeof orders>
type Lambda = (row: Readonly<Record<string, unknown>>) => unknown

interface Shape {
  readonly name: string
  readonly expression: Expr<unknown> | Expr<boolean> | Expr<string> | Expr<bigint> | Expr<number>
  readonly lambda: Lambda
}

const c = columns<Order>()
const berlinDay = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' })

const shapes: readonly Shape[] = [
  {
    name: 'filter',
    expression: c('order_total').gt(50).and(c('user_id').startsWith('u1')),
    lambda: (row) => Number(row.order_total) > 50 && String(row.user_id).startsWith('u1'),
  },
  {
    name: 'arithmetic',
    expression: c('order_total').mul(c('items')).sub(c('tip')),
    lambda: (row) => Number(row.order_total) * Number(row.items) - Number(row.tip),
  },
  {
    name: 'case',
    expression: caseWhen(
      [
        [c('order_total').gt(80), 'high'],
        [c('order_total').gt(30), 'middle'],
      ],
      'low',
    ),
    lambda: (row) => {
      const total = Number(row.order_total)
      return total > 80 ? 'high' : total > 30 ? 'middle' : 'low'
    },
  },
  {
    name: 'division',
    expression: c('order_total').div(c('items')),
    lambda: (row) => Number(row.order_total) / Number(row.items),
  },
  {
    name: 'local day',
    expression: c('event_time').truncate('day', 'Europe/Berlin'),
    lambda: (row) => berlinDay.format(Number(row.event_time) / 1000),
  },
  {
    name: 'wide',
    expression: c('wide').add(1n),
    lambda: (row) => (typeof row.wide === 'bigint' ? row.wide + 1n : 0n),
  },
]

export function run(size: typeof small): ExpressionResult[] {
  const batches = batchesOf(size.batches)
  return shapes.map((shape) => measure(shape, batches, size.rounds))
}

function measure(shape: Shape, batches: readonly RecordBatch[], rounds: number): ExpressionResult {
  const compiled = compileExpression(shape.expression.node, orders)
  const failures = new RowFailures()
  const rowsOut = new Int32Array(1024)
  const isFilter = compiled.type.kind === 'bool'
  const speeds: number[] = []
  let hash = 0
  const count = batches.length * 1024
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    hash = 0
    for (const batch of batches) {
      failures.clear()
      if (isFilter) hash += compiled.evaluateFilter(batch, rowsOut, failures)
      else hash = (hash * 31 + sampleOf(compiled.evaluate(batch, failures))) % 1e9
    }
    speeds.push(perSecond(count, began))
  }
  const rows = batches.slice(0, 40).map(rowsOf)
  const [first = 0] = speeds
  return {
    shape: shape.name,
    expression: { first, median: median(speeds) },
    lambda: median(repeat(rounds, () => lambdaSpeed(rows, shape.lambda))),
    lambdaWithRows: median(
      repeat(rounds, () => {
        const began = performance.now()
        for (const batch of batches.slice(0, 40)) applied(rowsOf(batch), shape.lambda)
        return perSecond(Math.min(40, batches.length) * 1024, began)
      }),
    ),
    hash,
  }
}

function lambdaSpeed(rows: readonly Readonly<Record<string, unknown>>[][], lambda: Lambda): number {
  const began = performance.now()
  for (const batch of rows) applied(batch, lambda)
  return perSecond(rows.length * 1024, began)
}

function applied(rows: readonly Readonly<Record<string, unknown>>[], lambda: Lambda): unknown[] {
  const results: unknown[] = []
  for (const row of rows) results.push(lambda(row))
  return results
}

function sampleOf(column: ReturnType<ReturnType<typeof compileExpression>['evaluate']>): number {
  if (column.kind === 'dictionary') return column.ids[7]!
  if (column.kind === 'integer' || column.kind === 'float64') return column.values[7]! % 999_983
  return 0
}

function batchesOf(count: number): RecordBatch[] {
  const random = seededRandom(7)
  const dictionary = new Dictionary()
  return Array.from({ length: count }, (_, index) => {
    const ids = Int32Array.from({ length: 1024 }, () =>
      dictionary.internString(`u${Math.floor(random() * 100_000)}`),
    )
    const between = (low: number, high: number) =>
      Float64Array.from({ length: 1024 }, () => low + Math.floor(random() * (high - low)))
    const times = between(0, 5_000_000).map((at, i) => 1.7e15 + (index * 1024 + i) * 1000 + at)
    const wide = Array.from({ length: 1024 }, (_, i) => 2n ** 60n + BigInt(i))
    const values = Float64Array.from(wide, Number)
    const nulls = undefined
    return recordBatch({
      schema: orders,
      columns: [
        { kind: 'dictionary', ids, dictionary, nulls },
        { kind: 'integer', values: between(500, 10_000), wide: undefined, nulls },
        { kind: 'integer', values: between(0, 999), wide: undefined, nulls },
        { kind: 'int32', values: Int32Array.from(between(1, 9)), nulls },
        { kind: 'integer', values, wide, nulls },
        { kind: 'float64', values: times, nulls },
      ],
      eventTimes: times,
      watermarksBefore: new Float64Array(1024),
    })
  })
}

function repeat(times: number, speed: () => number): number[] {
  return Array.from({ length: times }, speed)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function perSecond(records: number, began: number): number {
  return Math.round((records / (performance.now() - began)) * 1000)
}

if (isProgram(import.meta.url)) {
  const size = process.argv[2] === 'small' ? small : large
  for (const result of run(size)) console.log(JSON.stringify(result))
}
