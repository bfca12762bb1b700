// OnlineSink: the newest row per entity, written in the deciding transaction of an epoch. Which row
// is newest is decided by the job; the store only refuses to go backwards: never an older writer
// (term, epoch, seq), never an older window. Deletes leave tombstones, which a later term removes.
// Rows stand in buckets (bucket.ts); the cost of an epoch is in the buckets that it touches.
//
// Generations keep histories apart: a new lineage fills its own, and `promoteView` shows it.
import {
  Change,
  type Column,
  columnAt,
  isNull,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import type { Clock } from '../../engine/clock.ts'
import { keyCodec } from '../../engine/codec/index.ts'
import type { DecisionSink, DecisionWriter, SinkPromise } from '../../engine/connector.ts'
import { ConfigError } from '../../engine/errors.ts'
import { columnIndex, fieldAt, type Schema, typeName } from '../../engine/schema/index.ts'
import { Buckets } from './buckets.ts'
import { EntityIds } from './entity-ids.ts'
import { EpochRows } from './epoch-rows.ts'
import { viewNameBytes } from './online-key.ts'
import { ValueKind } from './online-value.ts'
import { RowWriter } from './row-writer.ts'
import {
  admitWriter,
  readViewRecord,
  storeViewRecord,
  type ViewDefinition,
  type ViewMode,
  withBuckets,
} from './view-record.ts'

export interface OnlineSinkOptions {
  /** Name of the view. */
  readonly view: string
  readonly schema: Schema<unknown>
  /** Columns by which rows are looked up. */
  readonly key: readonly string[]
  /** Column that says which row is newest, e.g. `window_end`: a number, date or timestamp. */
  readonly order: string
  readonly ttlMicros: number
  readonly mode: ViewMode
  readonly job: string
  readonly lineage: string
  /** Lineages that this one goes on from after rescales: their generation is written on. */
  readonly continues?: readonly string[]
  readonly clock: Clock
  /**
   * The last finite watermark, epoch microseconds: the read clock of a bounded run. Default: the
   * greatest one that came with the rows, or their greatest order.
   */
  readonly watermark?: () => number
}

export class OnlineSink implements DecisionSink {
  static readonly promise: SinkPromise = {
    delivery: 'exactly-once',
    remark: 'part of the deciding transaction; the newest row per key',
  }
  readonly #options: OnlineSinkOptions
  readonly #definition: ViewDefinition
  readonly #keyColumns: readonly number[]
  readonly #orderColumn: number
  readonly #entities: EntityIds
  readonly #rowWriter: RowWriter
  readonly #rows: EpochRows
  readonly #buckets = new Buckets()
  #watermark = Number.NEGATIVE_INFINITY
  #greatestOrder = Number.NEGATIVE_INFINITY
  /** The bucket where the search for old tombstones goes on. */
  #cleanFrom = 0

  /** @throws ConfigError COLUMN_UNKNOWN, KEY_TYPE, VIEW_NAME, VIEW_ORDER */
  constructor(options: OnlineSinkOptions) {
    const { schema, key, order, ttlMicros, mode } = options
    viewNameBytes(options.view)
    this.#options = options
    this.#keyColumns = key.map((name) => columnIndex(schema, name))
    this.#orderColumn = columnIndex(schema, order)
    checkOrder(schema, this.#orderColumn)
    const keyFields = this.#keyColumns.map((index) => fieldAt(schema, index))
    this.#entities = new EntityIds(keyCodec(keyFields))
    this.#rows = new EpochRows(this.#entities)
    this.#rowWriter = new RowWriter(schema)
    this.#definition = { key: keyFields, fields: schema.fields, order, ttlMicros, mode }
  }

  write(batch: RecordBatch): void {
    const { changes, eventTimes, length } = batch
    const order = columnAt(batch, this.#orderColumn)
    const ids = this.#entities.resolve(batch, this.#keyColumns)
    const rows = this.#rows
    for (let row = 0; row < length; row++) {
      const change = changes === undefined ? Change.insert : changes[row]!
      if (change === Change.updateBefore) continue
      const value = orderAt(order, row)
      if (value > this.#greatestOrder) this.#greatestOrder = value
      const kind = change === Change.delete ? ValueKind.tombstone : ValueKind.row
      const writer = rows.begin(ids[row]!, kind, value, eventTimes[row]!)
      if (writer === undefined) continue
      if (kind === ValueKind.row) this.#rowWriter.write(batch, row, writer)
      rows.end()
    }
    this.#noteWatermark(batch)
  }

  ready(): undefined {}

  async flush(decision: DecisionWriter): Promise<void> {
    const { view } = this.#options
    const rows = this.#rows
    const knownTime = this.#options.clock.nowMicros()
    const stamp = { term: decision.term, epoch: decision.epoch, knownTime }
    const clockMicros = this.#readClock()
    decision.during((stores) => {
      const known = readViewRecord(stores, view)
      const continues = this.#options.continues ?? []
      const definition = this.#definition
      const { job, lineage } = this.#options
      const writer = { name: view, job, lineage, continues, definition, clockMicros }
      const { record, generation } = admitWriter(known, writer)
      const place = { view, generation: generation.generation, buckets: generation.buckets }
      rows.stamp(stamp)
      const buckets = this.#buckets.put(stores, place, rows)
      storeViewRecord(stores, known, withBuckets(record, place.generation, buckets))
      rows.clear()
      if (decision.slot !== 0 || this.#cleanFrom >= buckets) return
      const from = this.#cleanFrom
      this.#cleanFrom = this.#buckets.clean(stores, { ...place, buckets }, from, decision.term)
    })
  }

  async recover(): Promise<void> {}

  async close(): Promise<void> {}

  #noteWatermark({ watermarksBefore }: RecordBatch): void {
    for (let i = watermarksBefore.length - 1; i >= 0; i--) {
      const time = watermarksBefore[i]!
      if (time === Number.POSITIVE_INFINITY) continue
      if (time > this.#watermark) this.#watermark = time
      return
    }
  }

  #readClock(): number | undefined {
    const { mode, watermark } = this.#options
    if (mode === 'live') return undefined
    const own = Number.isFinite(this.#watermark) ? this.#watermark : this.#greatestOrder
    const time = watermark === undefined ? own : watermark()
    return Number.isFinite(time) ? time : undefined
  }
}

function orderAt(column: Column, row: number): number {
  if (isNull(column, row)) return Number.NEGATIVE_INFINITY
  if (column.kind === 'float64' || column.kind === 'int32' || column.kind === 'integer') {
    return column.values[row]!
  }
  return Number.NEGATIVE_INFINITY
}

function checkOrder(schema: Schema<unknown>, index: number): void {
  const { name, type } = fieldAt(schema, index)
  if (['timestamp', 'date', 'int32', 'int64', 'float64', 'decimal'].includes(type.kind)) return
  throw new ConfigError({
    code: 'VIEW_ORDER',
    message: `column "${name}" can not say which row is newest`,
    expected: 'a timestamp, date or number',
    found: typeName(type),
    remedy: 'Name another column as order.',
  })
}
