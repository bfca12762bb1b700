// union: the rows of several streams of one shape in one stream. Columns meet by name; rows of one
// input keep their order, between inputs there is none.
import { type RecordBatch, selectColumns } from '../engine/batch/index.ts'
import { ConfigError } from '../engine/errors.ts'
import { insertOutput, logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, Output } from '../engine/operator.ts'
import {
  columnIndex,
  type Field,
  fieldAt,
  type Schema,
  sameType,
  schemaOf,
  typeName,
} from '../engine/schema/index.ts'
import { requireInserts } from './stateless.ts'

/**
 * Unites a stream with others that have the same columns; a column is nullable where one of them
 * is.
 * @example from(web).pipe(union(from(phone), from(partners)))
 * @throws ConfigError UNION_COLUMNS, CHANGELOG_INPUT
 */
export function union<Row>(...others: readonly Stream<NoInfer<Row>>[]) {
  return (stream: Stream<Row>): Stream<Row> => {
    const streams = [stream, ...others]
    for (const each of streams) requireInserts(each, 'union')
    const schema = schemaOf<Row>(unitedFields(streams.map((each) => each.schema)))
    const positions = streams.map((each) =>
      schema.fields.map((field) => columnIndex(each.schema, field.name)),
    )
    const operator = logicalOperator({
      kind: 'union',
      inputs: streams.map((each) => each.reference),
      outputs: [insertOutput(schema)],
      preserves: 'all',
      instantiate: () => new Union(schema, positions),
    })
    return new Stream<Row>({ operator, port: 0 })
  }
}

class Union implements Operator {
  readonly #schema: Schema<unknown>
  readonly #positions: readonly (readonly number[])[]

  constructor(schema: Schema<unknown>, positions: readonly (readonly number[])[]) {
    this.#schema = schema
    this.#positions = positions
  }

  onBatch(batch: RecordBatch, input: number, out: Output): void {
    out.emit(selectColumns(batch, this.#positions[input] ?? [], this.#schema))
  }
}

function unitedFields(schemas: readonly Schema<unknown>[]): Field[] {
  const [first, ...others] = schemas
  if (first === undefined) return []
  for (const other of others) {
    if (other.fields.length !== first.fields.length) throw differentColumns(first, other)
  }
  return first.fields.map((field) => {
    const twins = others.map((other) => {
      const twin = other.fields.find((each) => each.name === field.name)
      if (twin === undefined || !sameType(twin.type, field.type))
        throw differentColumns(first, other)
      return fieldAt(other, columnIndex(other, field.name))
    })
    return { ...field, nullable: field.nullable || twins.some((twin) => twin.nullable) }
  })
}

function differentColumns(a: Schema<unknown>, b: Schema<unknown>): ConfigError {
  const columns = (of: Schema<unknown>) =>
    of.fields.map((field) => `${field.name} ${typeName(field.type)}`).join(', ')
  return new ConfigError({
    code: 'UNION_COLUMNS',
    message: 'streams of different columns can not be united',
    expected: columns(a),
    found: columns(b),
    remedy: 'Bring them to the same columns with map, select or rename first.',
  })
}
