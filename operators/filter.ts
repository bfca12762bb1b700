// filter: keeps the rows for which a condition is true; null is not true. In a changelog a row that
// fails the condition after an update leaves as a delete, so that a table of the results stays
// right.
import { Change, gatherBatch, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import { describeExpression } from '../engine/expression/index.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import type { Schema } from '../engine/schema/index.ts'
import { type Condition, checkCondition, type RowCondition, rowCondition } from './row-condition.ts'
import { outputLike } from './stateless.ts'

/**
 * Keeps rows. A row on which the condition throws or can not be computed is a dead letter.
 * @example filter(col('order_total').gt(10)), filter((order) => order.note !== null)
 * @throws ConfigError COLUMN_UNKNOWN, EXPRESSION_TYPE
 */
export function filter<Row>(condition: Condition<Row>) {
  return (stream: Stream<Row>): Stream<Row> => {
    const { schema, output } = stream
    checkCondition(condition, schema)
    const shown = typeof condition === 'function' ? condition : describeExpression(condition.node)
    const operator = logicalOperator({
      kind: 'filter',
      options: { condition: shown },
      inputs: [stream.reference],
      takesChangelog: true,
      outputs: [outputLike(output, schema, (column) => column)],
      preserves: 'all',
      instantiate: () => new Filter(condition, schema),
    })
    return new Stream<Row>({ operator, port: 0 })
  }
}

class Filter implements Operator {
  readonly #condition: RowCondition
  #context: OperatorContext | undefined
  #rows = new Int32Array(64)

  constructor(condition: Condition<never>, schema: Schema<unknown>) {
    this.#condition = rowCondition(condition, schema)
  }

  open(context: OperatorContext): void {
    this.#context = context
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    if (batch.length > this.#rows.length) this.#rows = new Int32Array(batch.length)
    const count = this.#condition.select(batch, this.#rows, this.#context)
    if (count === batch.length) out.emit(batch)
    else if (batch.changes !== undefined) this.#changes(batch, batch.changes, count, out)
    else if (count > 0) out.emit(gatherBatch(batch, this.#rows, count))
  }

  /** Rows after an update that fail leave as deletes; so do deletes, whatever their values say. */
  #changes(batch: RecordBatch, changes: Uint8Array, count: number, out: Output): void {
    const rows = new Int32Array(batch.length)
    const kinds = new Uint8Array(batch.length)
    let kept = 0
    for (let row = 0, at = 0; row < batch.length; row++) {
      const holds = at < count && this.#rows[at] === row
      if (holds) at++
      const change = changes[row]!
      if (!holds && (change === Change.insert || change === Change.updateBefore)) continue
      kinds[kept] = holds ? change : Change.delete
      rows[kept++] = row
    }
    if (kept === 0) return
    out.emit(recordBatch({ ...gatherBatch(batch, rows, kept), changes: kinds.subarray(0, kept) }))
  }
}
