// select: keeps some columns, in the order named. Nothing is copied.
import { type RecordBatch, selectColumns } from '../engine/batch/index.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, Output } from '../engine/operator.ts'
import { columnIndex, fieldAt, type Schema, schemaOf } from '../engine/schema/index.ts'
import { outputLike } from './stateless.ts'

/** @throws ConfigError COLUMN_UNKNOWN */
export function select<const Name extends string>(...names: readonly [Name, ...Name[]]) {
  return <Row extends { readonly [K in Name]: unknown }>(
    stream: Stream<Row>,
  ): Stream<Pick<Row, Name>> => {
    const columns = names.map((name) => ({ from: name, to: name }))
    return new Stream<Pick<Row, Name>>(pickColumns('select', stream, columns))
  }
}

interface Picked {
  readonly from: string
  readonly to: string
}

/** The operator behind `select` and `rename`. */
export function pickColumns(kind: string, stream: Stream<unknown>, columns: readonly Picked[]) {
  const { schema: input, output } = stream
  const indexes = columns.map(({ from }) => columnIndex(input, from))
  const schema = schemaOf(
    columns.map(({ to }, i) => ({ ...fieldAt(input, indexes[i] ?? -1), name: to })),
  )
  const operator = logicalOperator({
    kind,
    options: { columns },
    inputs: [stream.reference],
    takesChangelog: true,
    outputs: [outputLike(output, schema, (name) => columns.find((c) => c.from === name)?.to)],
    preserves: columns.filter(({ from, to }) => from === to).map(({ to }) => to),
    instantiate: () => new PickColumns(indexes, schema),
  })
  return { operator, port: 0 }
}

class PickColumns implements Operator {
  readonly #indexes: readonly number[]
  readonly #schema: Schema<unknown>

  constructor(indexes: readonly number[], schema: Schema<unknown>) {
    this.#indexes = indexes
    this.#schema = schema
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    out.emit(selectColumns(batch, this.#indexes, this.#schema))
  }
}
