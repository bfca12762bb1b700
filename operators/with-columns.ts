// withColumns: keeps the columns of each row and adds some by expressions; one with the name of a
// column that is there takes its place.
import { type AnyExpr, col, type RowOfExpressions } from '../engine/expression/index.ts'
import type { Stream } from '../engine/graph/index.ts'
import { project } from './project.ts'

/**
 * @example withColumns({ cents: col('order_total').mul(100) })
 * @throws ConfigError COLUMN_UNKNOWN, EXPRESSION_TYPE
 */
export function withColumns<const Shape extends Readonly<Record<string, AnyExpr>>>(
  expressions: Shape,
) {
  return <Row>(stream: Stream<Row>): Stream<Omit<Row, keyof Shape> & RowOfExpressions<Shape>> => {
    const kept = stream.schema.fields.map((field) => [field.name, col(field.name)] as const)
    return project('with-columns', stream, { ...Object.fromEntries(kept), ...expressions })
  }
}
