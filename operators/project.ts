// Project: columns computed by expressions; the operator behind `map` and `withColumns`. Each
// output column is an input column as it is, or an expression that is evaluated on the whole batch.
import { columnAt, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import {
  type CompiledExpression,
  compileExpression,
  describeExpression,
  expressionType,
  RowFailures,
} from '../engine/expression/index.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import { type Field, type Schema, schemaOf } from '../engine/schema/index.ts'
import { type Expressions, outputLike, reportFailures, withoutFailures } from './stateless.ts'

/** Type rule: a field for each expression. @throws ConfigError COLUMN_UNKNOWN, EXPRESSION_TYPE */
export function expressionFields(expressions: Expressions, input: Schema<unknown>): Field[] {
  return Object.entries(expressions).map(([name, { node }]) => ({
    name,
    ...expressionType(node, input),
  }))
}

/** A stream whose columns are the expressions, in their order. */
export function project<Out>(
  kind: string,
  stream: Stream<unknown>,
  expressions: Expressions,
): Stream<Out> {
  const { schema: input, output } = stream
  const schema = schemaOf<Out>(expressionFields(expressions, input))
  const entries = Object.entries(expressions)
  const nameOf = (column: string) =>
    entries.find(([, { node }]) => node.kind === 'column' && node.name === column)?.[0]
  const isKept = ([name, { node }]: (typeof entries)[number]) =>
    node.kind === 'column' && node.name === name
  const operator = logicalOperator({
    kind,
    options: Object.fromEntries(entries.map(([name, e]) => [name, describeExpression(e.node)])),
    inputs: [stream.reference],
    takesChangelog: true,
    outputs: [outputLike(output, schema, nameOf)],
    preserves: entries.filter(isKept).map(([name]) => name),
    instantiate: () => new Project(expressions, input, schema),
  })
  return new Stream<Out>({ operator, port: 0 })
}

class Project implements Operator {
  readonly #compiled: readonly CompiledExpression[]
  readonly #schema: Schema<unknown>
  readonly #failures = new RowFailures()
  #context: OperatorContext | undefined

  constructor(expressions: Expressions, input: Schema<unknown>, schema: Schema<unknown>) {
    this.#compiled = Object.values(expressions).map(({ node }) => compileExpression(node, input))
    this.#schema = schema
  }

  open(context: OperatorContext): void {
    this.#context = context
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const failures = this.#failures
    failures.clear()
    const columns = this.#compiled.map((expression) => expression.evaluate(batch, failures))
    const isWhole = failures.count === 0
    reportFailures(batch, failures, this.#context)
    const projected = recordBatch({ ...batch, schema: this.#schema, columns })
    out.emit(isWhole ? projected : this.#cleaned(withoutFailures(projected, failures)))
  }

  /** Failed rows were null; without them a column that takes no null must not carry flags of it. */
  #cleaned(batch: RecordBatch): RecordBatch {
    const columns = batch.schema.fields.map((field, i) => {
      const column = columnAt(batch, i)
      return field.nullable || column.nulls === undefined ? column : { ...column, nulls: undefined }
    })
    return recordBatch({ ...batch, columns })
  }
}
