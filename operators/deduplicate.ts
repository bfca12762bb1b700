// deduplicate: of rows with the same values in some columns, the first within a horizon of event
// time leaves. First means: first in the order of the partition, or of event time where several
// channels meet (order 'total').
//
//   duplicate   |time - time of the row kept| < within, and the row's own channel had not passed
//               the kept row by `within` just before it
//   state       a key: event time of the latest row kept; forgotten once the watermark passed it so
import { gatherBatch, type RecordBatch } from '../engine/batch/index.ts'
import { WATERMARK_MIN, type Watermark } from '../engine/element.ts'
import { insertOutput, KeyedStream, logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import { columnIndex, fieldAt, type Schema } from '../engine/schema/index.ts'
import { KeyIndex } from '../engine/state/index.ts'
import { type Duration, durationMicros } from '../engine/time/index.ts'
import { KeyExpiry } from './key-expiry.ts'
import { SlotTable } from './slot-table.ts'
import { requireInserts } from './stateless.ts'

export interface DeduplicateOptions<Column extends string> {
  /** Horizon of event time. */
  readonly within: Duration
  /** Columns that make rows equal. Default: the keys of a keyed stream, otherwise all columns. */
  readonly by?: readonly Column[]
  /** Stable id of the operator's state. */
  readonly name?: string
}

/**
 * Drops repeated rows; how many is counted as `duplicates`. On a keyed stream rows are equal only
 * under the same key.
 * @example deduplicate({ within: '10m', by: ['order_id'] })
 * @throws ConfigError COLUMN_UNKNOWN, KEY_TYPE, CHANGELOG_INPUT, DURATION_INVALID
 */
export function deduplicate<const Column extends string>(options: DeduplicateOptions<Column>) {
  const within = durationMicros(options.within)
  return <Row>(input: Stream<Row> | KeyedStream<string, Row>): Stream<Row> => {
    const stream = input instanceof KeyedStream ? input.stream : input
    const { schema } = stream
    requireInserts(stream, 'deduplicate')
    const keys = input instanceof KeyedStream ? input.keys : []
    const all = keys.length > 0 ? [] : schema.fields.map((field) => field.name)
    const by = [...new Set([...keys, ...(options.by ?? all)])]
    const columns = by.map((column) => columnIndex(schema, column))
    new KeyIndex(columns.map((index) => fieldAt(schema, index)))
    const operator = logicalOperator({
      kind: 'deduplicate',
      name: options.name,
      options: { within, by },
      inputs: [stream.reference],
      outputs: [insertOutput(schema)],
      keys: keys.length > 0 ? keys : by,
      order: 'total',
      isStateful: true,
      preserves: 'all',
      instantiate: () => new Deduplicate(schema, columns, within),
    })
    return new Stream<Row>({ operator, port: 0 })
  }
}

class Deduplicate implements Operator {
  readonly #columns: readonly number[]
  readonly #keys: KeyIndex
  readonly #table: SlotTable
  readonly #expiry: KeyExpiry
  #context: OperatorContext | undefined
  #watermark = WATERMARK_MIN
  #slots = new Int32Array(64)

  constructor(schema: Schema<unknown>, columns: readonly number[], within: number) {
    this.#columns = columns
    this.#keys = new KeyIndex(columns.map((index) => fieldAt(schema, index)))
    this.#table = new SlotTable(this.#keys, { name: 'kept', numbers: ['time'] })
    this.#expiry = new KeyExpiry(this.#keys, within, (slot) => this.#table.forget(slot))
  }

  open(context: OperatorContext): void {
    this.#context = context
    context.addTable(this.#keys)
    context.addTable(this.#table)
  }

  restored(): void {
    this.#table.attach()
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const { length, eventTimes, watermarksBefore } = batch
    if (length > this.#slots.length) this.#slots = new Int32Array(length)
    this.#keys.resolve(batch, this.#columns, this.#slots)
    this.#table.ensureSlots(this.#keys.slotCount)
    const kept = this.#table.lane(0)
    const within = this.#expiry.lifeMicros
    const rows = new Int32Array(length)
    let count = 0
    for (let row = 0; row < length; row++) {
      const slot = this.#slots[row]!
      const time = eventTimes[row]!
      const before = kept[slot]!
      // NaN, for a key without a row, makes every comparison false.
      const isNear = time < before + within && time > before - within
      if (isNear && before + within > watermarksBefore[row]!) continue
      if (!(before > time)) {
        kept[slot] = time
        this.#table.mark(slot)
      }
      rows[count++] = row
    }
    if (count < length) this.#context?.meters.count('duplicates', length - count)
    if (count === length) out.emit(batch)
    else if (count > 0) out.emit(gatherBatch(batch, rows, count))
  }

  onWatermark(watermark: Watermark, out: Output): void {
    this.#watermark = watermark.time
    out.watermark(watermark.time)
  }

  onBarrier(): void {
    this.#expiry.sweep(this.#watermark, this.#table.lane(0))
  }
}
