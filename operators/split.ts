// split: sends each row to the first of several named outputs whose condition is true, or to
// `rest`.
import { gatherBatch, type RecordBatch } from '../engine/batch/index.ts'
import { ConfigError } from '../engine/errors.ts'
import { describeExpression } from '../engine/expression/index.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import { type Condition, checkCondition, type RowCondition, rowCondition } from './row-condition.ts'
import { outputLike, requireInserts } from './stateless.ts'

const REST = 'rest'

/** The outputs by name, and `rest` for the rows that no condition took. */
export type SplitStreams<Name extends string, Row> = {
  readonly [K in Name | 'rest']: Stream<Row>
}

/**
 * @example const { fraud, rest } = split({ fraud: col('score').gt(0.9) })(scored)
 * @throws ConfigError SPLIT_NAMES, COLUMN_UNKNOWN, EXPRESSION_TYPE, CHANGELOG_INPUT
 */
export function split<Name extends string, Row>(
  conditions: Readonly<Record<Name, Condition<Row>>>,
) {
  return (stream: Stream<Row>): SplitStreams<Name, Row> => {
    const { schema, output } = stream
    requireInserts(stream, 'split')
    const entries = Object.entries<Condition<Row>>(conditions)
    const names = [...entries.map(([name]) => name), REST]
    if (names.length < 2 || names.indexOf(REST) < names.length - 1) throw wrongNames(names)
    for (const [, condition] of entries) checkCondition(condition, schema)
    const operator = logicalOperator({
      kind: 'split',
      options: Object.fromEntries(
        entries.map(([name, c]) => [
          name,
          typeof c === 'function' ? c : describeExpression(c.node),
        ]),
      ),
      inputs: [stream.reference],
      outputs: names.map((name) => ({ ...outputLike(output, schema, (key) => key), name })),
      preserves: 'all',
      instantiate: () => new Split(entries.map(([, condition]) => rowCondition(condition, schema))),
    })
    return streamsOf(names, (port) => new Stream<Row>({ operator, port }))
  }
}

class Split implements Operator {
  readonly #conditions: readonly RowCondition[]
  #context: OperatorContext | undefined

  constructor(conditions: readonly RowCondition[]) {
    this.#conditions = conditions
  }

  open(context: OperatorContext): void {
    this.#context = context
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    let left = batch
    for (const [port, condition] of this.#conditions.entries()) {
      if (left.length === 0) return
      const failed = new Set<number>()
      const rows = new Int32Array(left.length)
      const count = condition.select(left, rows, this.#noting(failed))
      if (count === left.length) {
        out.emit(left, port)
        return
      }
      if (count > 0) out.emit(gatherBatch(left, rows, count), port)
      left = others(left, rows, count, failed)
    }
    if (left.length > 0) out.emit(left, this.#conditions.length)
  }

  /** Passes dead letters on and notes their rows: such a row goes nowhere else. */
  #noting(failed: Set<number>): OperatorContext | undefined {
    const context = this.#context
    return (
      context && {
        ...context,
        deadLetter: (batch, row, error) => {
          failed.add(row)
          context.deadLetter(batch, row, error)
        },
      }
    )
  }
}

/** The rows that are neither among `rows[0 .. count)` nor failed. */
function others(
  batch: RecordBatch,
  rows: Int32Array,
  count: number,
  failed: ReadonlySet<number>,
): RecordBatch {
  const left = new Int32Array(batch.length)
  let kept = 0
  for (let row = 0, at = 0; row < batch.length; row++) {
    if (at < count && rows[at] === row) at++
    else if (!failed.has(row)) left[kept++] = row
  }
  return kept === batch.length ? batch : gatherBatch(batch, left, kept)
}

// The names are those of the type: conditions give them all but `rest`, which is added.
function streamsOf<Name extends string, Row>(
  names: readonly string[],
  streamAt: (port: number) => Stream<Row>,
): SplitStreams<Name, Row> {
  const entries: (readonly unknown[])[] = names.map((name, port) => [name, streamAt(port)])
  return Object.fromEntries(entries)
}

function wrongNames(names: readonly string[]): ConfigError {
  return new ConfigError({
    code: 'SPLIT_NAMES',
    message: 'the outputs of a split can not be told apart',
    expected: 'one or more names, none of them "rest"',
    found: names.join(', '),
    remedy: 'Rename the output.',
  })
}
