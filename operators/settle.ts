// settle: turns a changelog into final rows. The last row of each key waits until the watermark has
// passed its event time by what the changelog needs to settle, and leaves then, once, as an insert;
// rows that were deleted never leave. Rows leave in the order (event time, arrival of the last
// change).
//
//   table: key = event time i64, chunk u64, both ordered · value = up to 256 rows, as a batch that
//   holds the rows that changed in one epoch; of a key's rows the one in the last chunk counts
import {
  ByteReader,
  ByteWriter,
  Change,
  gatherBatch,
  type RecordBatch,
  recordBatch,
  sliceBatch,
} from '../engine/batch/index.ts'
import { decodeBatch, encodeBatch } from '../engine/codec/index.ts'
import { ConfigError } from '../engine/errors.ts'
import {
  insertOutput,
  type LogicalOperator,
  logicalOperator,
  Stream,
  type StreamReference,
} from '../engine/graph/index.ts'
import type { Operator, OperatorContext, Output, Timer } from '../engine/operator.ts'
import { columnIndex, fieldAt, type Schema } from '../engine/schema/index.ts'
import {
  KeyIndex,
  readSequence,
  type SegmentWriter,
  type StateTable,
  type TableFormat,
  writeSequence,
} from '../engine/state/index.ts'
import { HeldRows, RowGroup } from './held-rows.ts'

const CHUNK_ROWS = 256

export interface SettleOptions {
  /** Stable id of the operator's state; needed when a job settles several streams. */
  readonly name?: string
}

/**
 * Gives each row once, when nothing can change it any more. A stream of inserts is given back as it
 * is.
 * @throws ConfigError SETTLE_NEVER for a changelog without an end (running aggregates)
 */
export function settle(options: SettleOptions = {}) {
  return <Row>(stream: Stream<Row>): Stream<Row> => {
    const { schema, output } = stream
    if (!output.isChangelog) return stream
    const { keys, settledAfterMicros } = output
    if (keys === undefined || settledAfterMicros === undefined) throw neverSettles(output.name)
    const keyColumns = keys.map((key) => columnIndex(schema, key))
    const { operator: above, port } = stream.reference
    const known = options.name === undefined ? settledOutputs.get(above)?.get(port) : undefined
    if (known !== undefined) return new Stream<Row>(known)
    const operator = logicalOperator({
      kind: 'settle',
      name: options.name ?? `settle-${above.name ?? above.kind}`,
      options: { keys, settledAfterMicros },
      inputs: [stream.reference],
      takesChangelog: true,
      outputs: [{ ...insertOutput(schema), keys }],
      isStateful: true,
      preserves: 'all',
      instantiate: () => new Settle(schema, keyColumns, settledAfterMicros),
    })
    const reference = { operator, port: 0 }
    if (options.name === undefined) {
      const ports = settledOutputs.get(above) ?? new Map<number, StreamReference>()
      settledOutputs.set(above, ports.set(port, reference))
    }
    return new Stream<Row>(reference)
  }
}

/** Settled outputs by operator and port: several final-only sinks of one stream share one. */
const settledOutputs = new WeakMap<LogicalOperator, Map<number, StreamReference>>()

class Settle implements Operator, StateTable {
  readonly name = 'waiting'
  readonly format: TableFormat
  readonly #schema: Schema<unknown>
  readonly #keyColumns: readonly number[]
  readonly #settledAfter: number
  readonly #keys: KeyIndex
  readonly #held = new HeldRows()
  readonly #groups = new Map<number, RowGroup>()
  #context: OperatorContext | undefined
  /** Event times whose rows changed since the last snapshot, that are stored, that must go. */
  readonly #changed = new Set<number>()
  readonly #stored = new Set<number>()
  readonly #left: number[] = []
  #isRestored = false
  #storedPosition = 0
  #nextChunk = 0

  constructor(schema: Schema<unknown>, keyColumns: readonly number[], settledAfter: number) {
    this.#schema = schema
    this.#keyColumns = keyColumns
    this.#settledAfter = settledAfter
    // Keys are not a table of their own: they are found again from the rows.
    this.#keys = new KeyIndex(keyColumns.map((index) => fieldAt(schema, index)))
    this.format = { version: 1, layout: JSON.stringify(schema.fields) }
  }

  get rows(): number {
    return this.#held.live
  }

  get sizeBytes(): number {
    const perRow = 64 + this.#schema.fields.length * 16
    return this.#keys.sizeBytes + this.#held.sizeBytes + this.#held.live * perRow
  }

  open(context: OperatorContext): void {
    this.#context = context
    context.addTable(this)
  }

  restored(): void {
    this.#isRestored = true
    this.#storedPosition = this.#held.position
    for (const time of this.#changed) this.#stored.add(time)
    this.#changed.clear()
  }

  onBatch(batch: RecordBatch): void {
    const { eventTimes, length } = batch
    for (let from = 0; from < length; ) {
      const time = eventTimes[from]!
      let to = from + 1
      while (to < length && eventTimes[to] === time) to++
      this.#hold(time, sliceBatch(batch, from, to))
      from = to
    }
  }

  onTimer(timer: Timer, out: Output): void {
    const time = timer.time - this.#settledAfter
    const group = this.#groups.get(time)
    if (group === undefined) return
    for (const { batch, slots } of this.#held.take(group)) {
      for (const slot of slots) this.#keys.release(slot)
      const final = withoutDeletes(batch)
      out.emit(recordBatch({ ...final, changes: undefined }))
    }
    this.#groups.delete(time)
    this.#changed.delete(time)
    if (this.#stored.delete(time)) this.#left.push(time)
  }

  snapshot(segment: SegmentWriter): void {
    const to = new Uint8Array(16)
    for (const time of this.#left.splice(0).sort((a, b) => a - b)) {
      const from = chunkKey(time, 0)
      to.set(from)
      to.fill(0xff, 8)
      segment.deleteRange(from, to)
    }
    for (const time of [...this.#changed].sort((a, b) => a - b)) {
      const group = this.#groups.get(time)
      if (group === undefined) continue
      this.#stored.add(time)
      for (const { batch } of this.#held.since(group, this.#storedPosition)) {
        for (let row = 0; row < batch.length; row += CHUNK_ROWS) {
          segment.beginKey()
          segment.bytes.raw(chunkKey(time, this.#nextChunk++))
          segment.beginValue()
          const end = Math.min(batch.length, row + CHUNK_ROWS)
          encodeBatch(sliceBatch(batch, row, end), segment.bytes)
          segment.end()
        }
      }
    }
    this.#changed.clear()
    this.#storedPosition = this.#held.position
    // The keys are not stored, but their index keeps a list of new ones until it was asked for
    // them.
    this.#keys.snapshot(discard)
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const reader = new ByteReader(key)
    const time = reader.integerOrdered()
    this.#nextChunk = Math.max(this.#nextChunk, readSequence(reader) + 1)
    this.#hold(time, decodeBatch(value, this.#schema))
  }

  /** Rows of one event time. */
  #hold(time: number, rows: RecordBatch): void {
    const batch = withoutRetractions(rows)
    if (batch.length === 0) return
    const slots = new Int32Array(batch.length)
    this.#keys.resolve(batch, this.#keyColumns, slots)
    let group = this.#groups.get(time)
    if (group === undefined) {
      group = new RowGroup()
      this.#groups.set(time, group)
      // Restored rows have restored timers.
      if (this.#isRestored) this.#context?.timers.schedule(time + this.#settledAfter)
    }
    this.#held.hold(group, batch, slots, this.#keys.slotCount)
    this.#changed.add(time)
  }
}

const discard: SegmentWriter = {
  bytes: new ByteWriter(),
  beginKey: () => undefined,
  beginValue: () => undefined,
  end: () => discard.bytes.clear(),
  delete: () => undefined,
  deleteRange: () => undefined,
}

/** What a row was before an update says nothing new: the row after it replaces it. */
function withoutRetractions(batch: RecordBatch): RecordBatch {
  return without(batch, Change.updateBefore)
}

function withoutDeletes(batch: RecordBatch): RecordBatch {
  return without(batch, Change.delete)
}

function without(batch: RecordBatch, change: number): RecordBatch {
  const { changes } = batch
  if (changes === undefined || !changes.includes(change)) return batch
  const rows = new Int32Array(batch.length)
  let count = 0
  for (let row = 0; row < batch.length; row++) if (changes[row] !== change) rows[count++] = row
  return gatherBatch(batch, rows, count)
}

function chunkKey(time: number, chunk: number): Uint8Array {
  const writer = new ByteWriter(16)
  writer.integerOrdered(time)
  writeSequence(chunk, writer)
  return writer.toBytes()
}

function neverSettles(output: string): ConfigError {
  return new ConfigError({
    code: 'SETTLE_NEVER',
    message: `the rows of "${output}" may change forever`,
    expected: 'a changelog whose rows become final, e.g. of windows',
    found: 'a running changelog',
    remedy: 'Send it to a sink that takes updates, or aggregate in windows.',
  })
}
