// keyBy: says by which columns state is kept. It moves nothing itself; the planner puts a
// repartition topic before the first operator with state when the key is not the partition key.
import { KeyedStream, type Stream } from '../engine/graph/index.ts'

/** @throws ConfigError COLUMN_UNKNOWN */
export function keyBy<const Key extends string>(...keys: readonly [Key, ...Key[]]) {
  return <Row extends { readonly [K in Key]: unknown }>(
    stream: Stream<Row>,
  ): KeyedStream<Key, Row> => new KeyedStream(stream, keys)
}
