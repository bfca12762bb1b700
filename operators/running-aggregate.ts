// runningAggregate: aggregates over all rows of a key so far, as a changelog. Each row changes its
// key's result once: +I the first time, then -U with the result before and +U with the result after
// it.
//
//   state a key: event time of its last row, and a partial of each aggregate; cost: a batch is
//   worked off in rounds in which each key comes once, so one hot key costs a round a row
//
// With a ttl a key is forgotten once the watermark of a row's own channel has passed its last row
// by the ttl: its next row begins anew with +I, and what was sent before stands until then.
import {
  Change,
  type Column,
  concatColumns,
  gatherBatch,
  gatherColumn,
  type RecordBatch,
  recordBatch,
} from '../engine/batch/index.ts'
import { WATERMARK_MIN, type Watermark } from '../engine/element.ts'
import { ConfigError } from '../engine/errors.ts'
import { type KeyedStream, logicalOperator, Stream } from '../engine/graph/index.ts'
import { BATCH_RECORDS_MAX } from '../engine/limits.ts'
import type { Operator, OperatorContext, Output } from '../engine/operator.ts'
import { columnIndex, type Field, fieldAt, type Schema, schemaOf } from '../engine/schema/index.ts'
import { KeyIndex } from '../engine/state/index.ts'
import { type Duration, durationMicros } from '../engine/time/index.ts'
import {
  type Accumulators,
  type AggregateDescriptors,
  type AggregateResults,
  aggregateField,
  instantiateAggregate,
} from './aggregates/index.ts'
import { KeyExpiry } from './key-expiry.ts'
import { SlotTable } from './slot-table.ts'
import { requireInserts } from './stateless.ts'

export interface RunningAggregateOptions {
  /** Event time without rows after which a key is forgotten. Default: never. */
  readonly ttl?: Duration
  /** Stable id of the operator's state. */
  readonly name?: string
}

/** The key columns, then the aggregates. */
export type RunningRow<Key extends string, Row, A extends AggregateDescriptors> = {
  readonly [K in Key & keyof Row]: Row[K]
} & AggregateResults<Row, A>

/**
 * Aggregates per key that never end.
 * @example runningAggregate({ orders: count(), spend: sum('order_total') })
 * @throws ConfigError AGGREGATE_TYPE, AGGREGATE_COLUMNS, COLUMN_UNKNOWN, CHANGELOG_INPUT
 */
export function runningAggregate<const A extends AggregateDescriptors>(
  aggregates: A,
  options: RunningAggregateOptions = {},
) {
  const ttl = options.ttl === undefined ? undefined : durationMicros(options.ttl)
  return <Key extends string, Row>(
    keyed: KeyedStream<Key, Row>,
  ): Stream<RunningRow<Key, Row, A>> => {
    requireInserts(keyed.stream, 'runningAggregate')
    const input = keyed.schema
    const schema = outputSchema(input, keyed.keys, aggregates)
    const keyColumns = keyed.keys.map((key) => columnIndex(input, key))
    const operator = logicalOperator({
      kind: 'running-aggregate',
      name: options.name,
      options: { aggregates, ttl },
      inputs: [keyed.stream.reference],
      outputs: [{ name: 'main', schema, isChangelog: true, mustBeUsed: false, keys: keyed.keys }],
      keys: keyed.keys,
      order: 'total',
      isStateful: true,
      preserves: keyed.keys,
      instantiate: () => new RunningAggregate({ input, schema, keyColumns, aggregates, ttl }),
    })
    return new Stream<RunningRow<Key, Row, A>>({ operator, port: 0 })
  }
}

interface Parts {
  readonly input: Schema<unknown>
  readonly schema: Schema<unknown>
  readonly keyColumns: readonly number[]
  readonly aggregates: AggregateDescriptors
  readonly ttl: number | undefined
}

class RunningAggregate implements Operator {
  readonly #schema: Schema<unknown>
  readonly #keyColumns: readonly number[]
  readonly #partials: readonly Accumulators[]
  readonly #keys: KeyIndex
  readonly #table: SlotTable
  readonly #expiry: KeyExpiry
  #watermark = WATERMARK_MIN

  constructor({ input, schema, keyColumns, aggregates, ttl }: Parts) {
    this.#schema = schema
    this.#keyColumns = keyColumns
    const bound = Object.entries(aggregates).map(([name, descriptor]) =>
      instantiateAggregate(name, descriptor, input),
    )
    const partials = bound.map((aggregate) => aggregate.create())
    this.#partials = partials
    this.#keys = new KeyIndex(keyColumns.map((index) => fieldAt(input, index)))
    this.#table = new SlotTable(this.#keys, {
      name: 'running',
      numbers: ['time'],
      rest: {
        layout: bound.map((aggregate) => aggregate.layout).join(','),
        write: (slot, into) => {
          for (const each of partials) each.encode(slot, into)
        },
        read: (slot, from) => {
          for (const each of partials) each.decode(slot, from)
        },
        ensureSlots: (count) => {
          for (const each of partials) each.ensureRows(count)
        },
        get sizeBytes() {
          return partials.reduce((sum, each) => sum + each.sizeBytes, 0)
        },
      },
    })
    this.#expiry = new KeyExpiry(this.#keys, ttl, (slot) => this.#forget(slot))
  }

  open(context: OperatorContext): void {
    context.addTable(this.#keys)
    context.addTable(this.#table)
  }

  restored(): void {
    this.#table.attach()
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const slots = new Int32Array(batch.length)
    this.#keys.resolve(batch, this.#keyColumns, slots)
    this.#table.ensureSlots(this.#keys.slotCount)
    const pieces: Column[][] = []
    // Where the rows of each round stand: its rows before, then its rows after.
    const beforeAt = new Int32Array(batch.length).fill(-1)
    const afterAt = new Int32Array(batch.length)
    let total = 0
    for (const rows of rounds(slots)) {
      const known = this.#begin(batch, slots, rows)
      const own = Int32Array.from(rows, (row) => slots[row]!)
      const old = known.map((row) => slots[row]!)
      pieces.push(this.#results(old))
      known.forEach((row, i) => {
        beforeAt[row] = total + i
      })
      total += known.length
      const part = rows.length === batch.length ? batch : gatherBatch(batch, rows)
      for (const each of this.#partials) each.add(own, part, 0, rows.length)
      pieces.push(this.#results(own))
      rows.forEach((row, i) => {
        afterAt[row] = total + i
      })
      total += rows.length
    }
    this.#emit(batch, pieces, beforeAt, afterAt, out)
  }

  onWatermark(watermark: Watermark, out: Output): void {
    this.#watermark = watermark.time
    out.watermark(watermark.time)
  }

  onBarrier(): void {
    this.#expiry.sweep(this.#watermark, this.#table.lane(0))
  }

  /** Marks the keys of a round; returns the rows whose key had a result before. */
  #begin(batch: RecordBatch, slots: Int32Array, rows: Int32Array): Int32Array {
    const { eventTimes, watermarksBefore } = batch
    const times = this.#table.lane(0)
    const known = new Int32Array(rows.length)
    let count = 0
    for (const row of rows) {
      const slot = slots[row]!
      const before = times[slot]!
      if (before + this.#expiry.lifeMicros <= watermarksBefore[row]!) this.#clear(slot)
      else if (this.#table.isKnown(slot)) known[count++] = row
      this.#table.mark(slot)
      const time = eventTimes[row]!
      if (!(times[slot]! > time)) times[slot] = time
    }
    return known.subarray(0, count)
  }

  /** Key columns, then results, of keys. */
  #results(slots: Int32Array): Column[] {
    const count = slots.length
    return [
      ...this.#keys.keyColumns(slots, count),
      ...this.#partials.map((each) => each.result(slots, count)),
    ]
  }

  /** Rows in the order of the records: before, after. */
  #emit(
    batch: RecordBatch,
    pieces: readonly Column[][],
    beforeAt: Int32Array,
    afterAt: Int32Array,
    out: Output,
  ): void {
    const columns = this.#schema.fields.map((_, i) =>
      concatColumns(pieces.flatMap((piece) => piece[i] ?? [])),
    )
    const half = BATCH_RECORDS_MAX / 2
    for (let from = 0; from < batch.length; from += half) {
      const to = Math.min(batch.length, from + half)
      const picked: number[] = []
      const records: number[] = []
      const changes: number[] = []
      for (let row = from; row < to; row++) {
        if (beforeAt[row]! >= 0) {
          picked.push(beforeAt[row]!)
          records.push(row)
          changes.push(Change.updateBefore)
        }
        picked.push(afterAt[row]!)
        records.push(row)
        changes.push(beforeAt[row]! >= 0 ? Change.updateAfter : Change.insert)
      }
      const rows = Int32Array.from(picked)
      out.emit(
        recordBatch({
          schema: this.#schema,
          columns: columns.map((column) => gatherColumn(column, rows)),
          eventTimes: Float64Array.from(records, (row) => batch.eventTimes[row]!),
          watermarksBefore: Float64Array.from(records, (row) => batch.watermarksBefore[row]!),
          changes: Uint8Array.from(changes),
        }),
      )
    }
  }

  #clear(slot: number): void {
    for (const each of this.#partials) each.clear(slot, slot + 1)
    this.#table.lane(0)[slot] = Number.NaN
  }

  #forget(slot: number): void {
    this.#clear(slot)
    this.#table.forget(slot)
  }
}

/** Rows in rounds in which each slot comes once; the rows of a slot keep their order. */
function rounds(slots: Int32Array): Int32Array[] {
  const seen = new Map<number, number>()
  const grouped: number[][] = []
  for (let row = 0; row < slots.length; row++) {
    const slot = slots[row]!
    const round = seen.get(slot) ?? 0
    seen.set(slot, round + 1)
    const rows = grouped[round] ?? []
    rows.push(row)
    grouped[round] = rows
  }
  return grouped.map((rows) => Int32Array.from(rows))
}

function outputSchema(
  input: Schema<unknown>,
  keys: readonly string[],
  aggregates: AggregateDescriptors,
): Schema<unknown> {
  const fields: Field[] = keys.map((key) => fieldAt(input, columnIndex(input, key)))
  for (const [name, descriptor] of Object.entries(aggregates)) {
    if (keys.includes(name)) throw sameName(name)
    fields.push(aggregateField(name, descriptor, input))
  }
  return schemaOf(fields)
}

function sameName(name: string): ConfigError {
  return new ConfigError({
    code: 'AGGREGATE_COLUMNS',
    message: `the aggregate "${name}" has the name of a key column`,
    expected: 'different names',
    found: `"${name}" twice`,
    remedy: 'Rename the aggregate.',
  })
}
