// latestBy: of each key the newest row, by an order column and, among equals, by arrival. Of the
// rows of one epoch only a key's last one leaves, at the barrier; a row that is older than what its
// key had never leaves. It stands before online views: the store sees one row per key and epoch.
//
//   state a key: order and event time of its newest row · table: key sequence → order, event time
//
// With a ttl a key is forgotten once the watermark has left its newest row that far behind; rows
// that old are dropped and counted when they come. Not for input of windows: rows leave after their
// time.
import { Change, columnAt, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import type { Watermark } from '../engine/element.ts'
import { WATERMARK_MIN } from '../engine/element.ts'
import { ConfigError } from '../engine/errors.ts'
import { logicalOperator, Stream } from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import { columnIndex, type Field, fieldAt, type Schema, typeName } from '../engine/schema/index.ts'
import { KeyIndex } from '../engine/state/index.ts'
import { HeldRows, type LastRows, RowGroup } from './held-rows.ts'
import { KeyExpiry } from './key-expiry.ts'
import { orderValues } from './order-values.ts'
import { SlotTable } from './slot-table.ts'

export interface LatestByOptions<Column extends string> {
  /** Columns of the key. */
  readonly by: readonly Column[]
  /** Column that says which row is newest; null and NaN are older than everything. */
  readonly order: Column
  /** Stable id of the operator's state. */
  readonly name?: string
  /** Event time after which a key without newer rows is forgotten. Default: never. */
  readonly ttlMicros?: number
}

/** Numbers of a key's newest row. */
const ORDER = 0
const TIME = 1

/**
 * Keeps the newest row per key. Rows leave as inserts (first of their key) and updates.
 * @throws ConfigError COLUMN_UNKNOWN, KEY_TYPE, ORDER_TYPE
 */
export function latestBy<Column extends string>(options: LatestByOptions<Column>) {
  return <Row>(stream: Stream<Row>): Stream<Row> => {
    const { by, order, ttlMicros, name } = options
    const { schema, output } = stream
    const keyColumns = by.map((key) => columnIndex(schema, key))
    const orderColumn = columnIndex(schema, order)
    checkOrder(fieldAt(schema, orderColumn))
    const operator = logicalOperator({
      kind: 'latest-by',
      name,
      options: { by, order, ttlMicros },
      inputs: [stream.reference],
      takesChangelog: true,
      outputs: [{ name: 'main', schema, isChangelog: true, mustBeUsed: false, keys: by }],
      keys: by,
      // Rows that an operator made under keys come from one task, in its order. Of others, equal
      // ones of several channels need an order that does not depend on how the channels interleave.
      order: output.keys === undefined ? 'total' : 'input',
      isStateful: true,
      preserves: 'all',
      instantiate: () => new LatestBy(schema, keyColumns, orderColumn, ttlMicros),
    })
    return new Stream<Row>({ operator, port: 0 })
  }
}

class LatestBy implements Operator {
  readonly #keyColumns: readonly number[]
  readonly #orderColumn: number
  readonly #keys: KeyIndex
  readonly #newest: SlotTable
  readonly #expiry: KeyExpiry
  readonly #held = new HeldRows()
  readonly #group = new RowGroup()
  #context: OperatorContext | undefined
  #watermark = WATERMARK_MIN

  constructor(
    schema: Schema<unknown>,
    keyColumns: readonly number[],
    orderColumn: number,
    ttlMicros: number | undefined,
  ) {
    this.#keyColumns = keyColumns
    this.#orderColumn = orderColumn
    this.#keys = new KeyIndex(keyColumns.map((index) => fieldAt(schema, index)))
    this.#newest = new SlotTable(this.#keys, { name: 'newest', numbers: ['order', 'time'] })
    this.#expiry = new KeyExpiry(this.#keys, ttlMicros, (slot) => this.#newest.forget(slot))
  }

  open(context: OperatorContext): void {
    this.#context = context
    context.addTable(this.#keys)
    context.addTable(this.#newest)
  }

  restored(): void {
    this.#newest.attach()
  }

  onBatch(batch: RecordBatch): void {
    const { length, changes } = batch
    const slots = new Int32Array(length)
    this.#keys.resolve(batch, this.#keyColumns, slots)
    this.#newest.ensureSlots(this.#keys.slotCount)
    const orders = orderValues(columnAt(batch, this.#orderColumn), length)
    const expired = this.#offer(batch, orders, slots, changes)
    if (expired > 0) this.#context?.meters.count('expired', expired)
    this.#held.hold(this.#group, batch, slots, this.#keys.slotCount)
  }

  onWatermark(watermark: Watermark, out: Output): void {
    this.#watermark = watermark.time
    out.watermark(watermark.time)
  }

  onBarrier(_barrier: unknown, out: Output): void {
    this.#emit(out)
    this.#expiry.sweep(this.#watermark, this.#newest.lane(TIME))
  }

  onEnd(out: Output): void {
    this.#emit(out)
  }

  /** Marks the rows that are not the newest of their key with slot -1. Returns the expired ones. */
  #offer(
    batch: RecordBatch,
    orders: Float64Array,
    slots: Int32Array,
    changes: Uint8Array | undefined,
  ): number {
    const { eventTimes, watermarksBefore, length } = batch
    const orderOf = this.#newest.lane(ORDER)
    const timeOf = this.#newest.lane(TIME)
    const ttl = this.#expiry.lifeMicros
    let expired = 0
    for (let row = 0; row < length; row++) {
      const slot = slots[row]!
      const isExpired = eventTimes[row]! <= watermarksBefore[row]! - ttl
      // The newest order of a new key is NaN: nothing is older than that.
      if (isExpired || orders[row]! < orderOf[slot]!) {
        slots[row] = -1
        if (isExpired) expired++
      } else if (changes === undefined || changes[row] !== Change.updateBefore) {
        orderOf[slot] = orders[row]!
        timeOf[slot] = eventTimes[row]!
      } else {
        slots[row] = -1
      }
    }
    return expired
  }

  #emit(out: Output): void {
    for (const rows of this.#held.take(this.#group)) out.emit(this.#changed(rows))
  }

  #changed({ batch, slots }: LastRows): RecordBatch {
    const isDelete = batch.changes
    const changes = new Uint8Array(slots.length)
    for (let i = 0; i < slots.length; i++) {
      const isKnown = this.#newest.mark(slots[i]!)
      changes[i] = isKnown ? Change.updateAfter : Change.insert
      if (isDelete !== undefined && isDelete[i] === Change.delete) changes[i] = Change.delete
    }
    return recordBatch({ ...batch, changes })
  }
}

function checkOrder(field: Field): void {
  const { type } = field
  const isExact = type.kind !== 'decimal' || type.precision <= 15
  if (['timestamp', 'date', 'int32', 'int64', 'float64', 'decimal'].includes(type.kind) && isExact)
    return
  throw new ConfigError({
    code: 'ORDER_TYPE',
    message: `column "${field.name}" can not say which row is newest`,
    expected: 'timestamp, date, int32, int64, float64 or a decimal of at most 15 digits',
    found: typeName(type),
    remedy: 'Order by a time or a number.',
  })
}
