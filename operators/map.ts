// map: gives each row other columns, by expressions over columns or by a function of rows. Event
// time and position stay those of the row.
import type { AnyExpr, RowOfExpressions } from '../engine/expression/index.ts'
import type { Stream } from '../engine/graph/index.ts'
import type { Schema } from '../engine/schema/index.ts'
import { rowsOperator } from './flat-map.ts'
import { project } from './project.ts'
import type { Expressions } from './stateless.ts'

/**
 * The columns of the new row, each by an expression. A row that one can not be computed for is a
 * dead letter.
 * @example map({ user_id: col('user_id'), cents: col('order_total').mul(100) })
 * @throws ConfigError COLUMN_UNKNOWN, EXPRESSION_TYPE
 */
export function map<const Shape extends Readonly<Record<string, AnyExpr>>>(
  expressions: Shape,
): (stream: Stream<unknown>) => Stream<RowOfExpressions<Shape>>
/**
 * The new row by a function. A row on which it throws, or that the schema can not hold, is a dead
 * letter.
 * @example map(shortSchema, (order) => ({ id: order.order_id.slice(0, 8) }))
 * @throws ConfigError CHANGELOG_INPUT
 */
export function map<Out, Row>(
  schema: Schema<Out>,
  run: (row: Row) => Out,
): (stream: Stream<Row>) => Stream<Out>
export function map<Out, Row>(
  what: Schema<Out> | Expressions,
  run?: (row: Row) => Out,
): (stream: Stream<Row>) => Stream<Out> {
  return (stream) => {
    if (run !== undefined && isSchema(what)) {
      return rowsOperator('map', stream, what, (row: Row) => [run(row)])
    }
    return project('map', stream, isSchema(what) ? {} : what)
  }
}

function isSchema<Out>(what: Schema<Out> | Expressions): what is Schema<Out> {
  return Array.isArray(what.fields)
}
