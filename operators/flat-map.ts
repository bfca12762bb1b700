// flatMap: a function turns each row into none, one or several rows of another schema, which take
// the time and the position of the row they are made of.

import type { RecordBatch } from '../engine/batch/index.ts'
import { UserCodeError } from '../engine/errors.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import type { Schema } from '../engine/schema/index.ts'
import { GivenRows } from './row-batches.ts'
import { callWithRow } from './row-condition.ts'
import { requireInserts } from './stateless.ts'

/**
 * A row on which the function throws, or of which it makes a row that the schema can not hold, is a
 * dead letter; of that row nothing else leaves.
 * @example flatMap(itemSchema, (order) => order.items)
 * @throws ConfigError CHANGELOG_INPUT
 */
export function flatMap<Out, Row>(schema: Schema<Out>, run: (row: Row) => Iterable<Out>) {
  return (stream: Stream<Row>): Stream<Out> => rowsOperator('flat-map', stream, schema, run)
}

/** The operator behind `flatMap`, `map` with a function, and `rx`. */
export function rowsOperator<Out, Row>(
  kind: string,
  stream: Stream<Row>,
  schema: Schema<Out>,
  run: (row: Row) => Iterable<Out>,
): Stream<Out> {
  requireInserts(stream, kind)
  const operator = logicalOperator({
    kind,
    options: { function: run },
    inputs: [stream.reference],
    outputs: [{ name: 'main', schema, isChangelog: false, mustBeUsed: false }],
    instantiate: () => new RowsOperator(schema, run),
  })
  return new Stream<Out>({ operator, port: 0 })
}

class RowsOperator implements Operator {
  readonly #schema: Schema<unknown>
  readonly #run: (row: never) => Iterable<unknown>
  readonly #given = new GivenRows()
  #context: OperatorContext | undefined

  constructor(schema: Schema<unknown>, run: (row: never) => Iterable<unknown>) {
    this.#schema = schema
    this.#run = run
  }

  open(context: OperatorContext): void {
    this.#context = context
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const rows: (readonly unknown[])[] = []
    for (let row = 0; row < batch.length; row++) {
      rows.push(this.#rowsOf(batch, row))
      this.#add(batch, row, rows[row] ?? [])
    }
    const failed = new Map<number, unknown>()
    let batches = this.#given.take(this.#schema, batch.source, (row, error) => {
      if (!failed.has(row)) failed.set(row, error)
    })
    if (failed.size > 0) {
      for (const [row, error] of failed) this.#context?.deadLetter(batch, row, error)
      rows.forEach((given, row) => {
        if (!failed.has(row)) this.#add(batch, row, given)
      })
      batches = this.#given.take(this.#schema, batch.source, () => undefined)
    }
    for (const each of batches) out.emit(each)
  }

  #rowsOf(batch: RecordBatch, row: number): readonly unknown[] {
    try {
      return [...callWithRow(this.#run, batch, row)]
    } catch (error) {
      // Says that the function itself can not be used, whatever the row.
      if (error instanceof UserCodeError) throw error
      this.#context?.deadLetter(batch, row, error)
      return []
    }
  }

  #add(batch: RecordBatch, row: number, given: readonly unknown[]): void {
    const { eventTimes, watermarksBefore } = batch
    for (const each of given) this.#given.add(each, eventTimes[row]!, watermarksBefore[row]!, row)
  }
}
