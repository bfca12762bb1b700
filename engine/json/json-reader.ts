// jsonDecoder: JSON records, as lines or as values of a topic, into columns. Each record is tried
// on the layouts learned so far (record-layout.ts) and read exactly (record-reader.ts) when none
// fits. Both give the same answer; JSON.parse decides what is JSON. Nothing is lost: every line
// that is not empty becomes a row or a rejected record.

import type { RecordDecoder, RejectedRecord, SourceRecords } from '../connector.ts'
import { assert, ConfigError } from '../errors.ts'
import { BATCH_RECORDS_MAX, RECORD_BYTES_MAX } from '../limits.ts'
import { columnIndex, fieldAt, type Schema, typeName } from '../schema/index.ts'
import { ColumnBuffer } from './column-buffer.ts'
import type { DecodePolicies } from './decode-policies.ts'
import { RecordLayout } from './record-layout.ts'
import { RecordReader } from './record-reader.ts'
import { ValueReader } from './value-reader.ts'

/** Layouts that a decoder tries; topics with more shapes than that use the exact path more. */
const LAYOUTS_MAX = 8
/** Bytes of a record that a layout is learned from: bounds what its literals keep. */
const LAYOUT_RECORD_BYTES_MAX = 64 * 1024
/** Bytes that must follow a record so that the scanner never reads past the buffer. */
const SLACK_BYTES = 8

/**
 * A decoder of JSON records for a schema. A field of the schema is looked up by its name; keys that
 * repeat count once, the last; a byte order mark before a record is passed over; lone surrogates
 * (`"\ud800"`) become U+FFFD; bytes that are not UTF-8 reject the record, as JSON_SYNTAX.
 * @throws ConfigError COLUMN_UNKNOWN or COLUMN_TYPE when `rawColumn` is no string or bytes column
 */
export function jsonDecoder(schema: Schema<unknown>, policies: DecodePolicies = {}): RecordDecoder {
  return new JsonDecoder(schema, policies)
}

class JsonDecoder implements RecordDecoder {
  readonly schema: Schema<unknown>
  readonly #columns: readonly ColumnBuffer[]
  readonly #raw: ColumnBuffer | undefined
  readonly #values: ValueReader
  readonly #reader: RecordReader
  readonly #layouts: RecordLayout[] = []
  #current: RecordLayout | undefined
  #nextLayout = 0
  /**
   * Records to read exactly before the next layout is learned; doubles, so that learning is rare.
   */
  #patience = 0
  #patienceNext = 1
  #viewed: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #scratch = new Uint8Array(256)

  constructor(schema: Schema<unknown>, policies: DecodePolicies) {
    this.schema = schema
    this.#columns = schema.fields.map((field) => new ColumnBuffer(field))
    this.#raw = rawColumn(schema, this.#columns, policies.rawColumn)
    this.#values = new ValueReader(policies)
    this.#reader = new RecordReader(schema, this.#columns, policies, this.#values)
  }

  decodeLines(
    bytes: Uint8Array,
    start: number,
    end: number,
    firstOffset: number,
    isLast: boolean,
  ): { readonly records: SourceRecords; readonly consumed: number } {
    const capacity = Math.max(1, Math.min(BATCH_RECORDS_MAX, Math.ceil((end - start) / 3)))
    const offsets = new Float64Array(capacity)
    const rejected: RejectedRecord[] = []
    this.#begin(capacity)
    const limit = end > start ? bytes.lastIndexOf(10, end - 1) : -1
    let at = start
    let offset = firstOffset
    let row = 0
    while (at < end && row + rejected.length < BATCH_RECORDS_MAX) {
      const next = at < limit ? this.#fastLine(bytes, at, limit, row) : -1
      if (next >= 0) {
        if (this.#raw !== undefined) this.#raw.setBytes(row, bytes, at, lineEnd(bytes, at, next))
        offsets[row++] = offset++
        at = next + 1
        continue
      }
      const newline = at <= limit ? bytes.indexOf(10, at) : -1
      if (newline < 0 && !isLast) break
      const stop = newline < 0 ? end : newline
      const to = newline < 0 ? stop : lineEnd(bytes, at, stop)
      if (to > at) {
        const fault = this.#exact(bytes, at, to, row, offset)
        if (fault === undefined) offsets[row++] = offset
        else rejected.push(fault)
      }
      offset++
      at = newline < 0 ? end : newline + 1
    }
    return {
      records: {
        columns: this.#columns.map((column) => column.finish(row)),
        length: row,
        offsets: row === capacity ? offsets : offsets.subarray(0, row),
        appendTimes: undefined,
        rejected,
        nextOffset: offset,
      },
      consumed: at - start,
    }
  }

  decodeRecords(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    offsets: Float64Array,
    appendTimes: Float64Array | undefined,
  ): SourceRecords {
    const count = starts.length
    assert(count > 0 && count <= BATCH_RECORDS_MAX, `${count} records to decode at once`)
    const kept = new Float64Array(count)
    const times = appendTimes && new Float64Array(count)
    const rejected: RejectedRecord[] = []
    this.#begin(count)
    let row = 0
    for (let i = 0; i < count; i++) {
      const from = starts[i]!
      const to = ends[i]!
      const offset = offsets[i]!
      if (!this.#fastRecord(bytes, from, to, row)) {
        const fault = this.#exact(bytes, from, to, row, offset)
        if (fault !== undefined) {
          rejected.push(fault)
          continue
        }
      } else if (this.#raw !== undefined) {
        this.#raw.setBytes(row, bytes, from, to)
      }
      if (times !== undefined && appendTimes !== undefined) times[row] = appendTimes[i]!
      kept[row++] = offset
    }
    return {
      columns: this.#columns.map((column) => column.finish(row)),
      length: row,
      offsets: kept.subarray(0, row),
      appendTimes: times?.subarray(0, row),
      rejected,
      nextOffset: offsets[count - 1]! + 1,
    }
  }

  #begin(capacity: number): void {
    for (const column of this.#columns) column.begin(capacity)
  }

  /** The position of the line's newline when a layout took the line, or -1. */
  #fastLine(bytes: Uint8Array, start: number, limit: number, row: number): number {
    const current = this.#current
    if (current === undefined) return -1
    const view = this.#viewOf(bytes)
    const next = lineAfter(current, bytes, view, start, limit, row)
    if (next >= 0) return next
    for (const layout of this.#layouts) {
      if (layout === current || !layout.begins(bytes, start, limit)) continue
      this.#clear(row)
      const other = lineAfter(layout, bytes, view, start, limit, row)
      if (other < 0) continue
      this.#current = layout
      return other
    }
    return -1
  }

  /** True when a layout took the record. */
  #fastRecord(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const current = this.#current
    if (current === undefined || end - start > RECORD_BYTES_MAX) return false
    let from = start
    let source = bytes
    if (end + SLACK_BYTES > bytes.length) {
      // The last record of a buffer: the scanner wants bytes after it.
      const length = end - start
      if (this.#scratch.length < length + SLACK_BYTES) this.#scratch = new Uint8Array(length * 2)
      source = this.#scratch
      source.set(bytes.subarray(start, end))
      source.fill(10, length, length + SLACK_BYTES)
      from = 0
    }
    const view = this.#viewOf(source)
    const to = from + end - start
    if (current.scan(source, view, from, to + 1, row) === to) return true
    for (const layout of this.#layouts) {
      if (layout === current || !layout.begins(source, from, to)) continue
      this.#clear(row)
      if (layout.scan(source, view, from, to + 1, row) !== to) continue
      this.#current = layout
      return true
    }
    return false
  }

  #viewOf(bytes: Uint8Array): DataView {
    const known = this.#view
    if (this.#viewed === bytes) return known
    this.#viewed = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#view
  }

  #clear(row: number): void {
    for (const column of this.#columns) column.clearFrom(row)
  }

  /** Reads a record exactly; what it gives is why the record was rejected. */
  #exact(
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
    offset: number,
  ): RejectedRecord | undefined {
    if (end - start > RECORD_BYTES_MAX) {
      this.#clear(row)
      const reason = `the record has ${end - start} bytes; at most ${RECORD_BYTES_MAX} are taken`
      return { offset, code: 'RECORD_TOO_LARGE', reason, raw: bytes.slice(start, end) }
    }
    if (this.#reader.read(bytes, start, end, row)) {
      this.#learn(bytes, start, end)
      return undefined
    }
    const { code, reason } = this.#reader.fault
    return { offset, code, reason, raw: bytes.slice(start, end) }
  }

  #learn(bytes: Uint8Array, start: number, end: number): void {
    if (this.#patience-- > 0) return
    this.#patience = this.#patienceNext
    this.#patienceNext = Math.min(this.#patienceNext * 2, 1 << 20)
    const { order } = this.#reader
    if (!order.isRegular || end - start > LAYOUT_RECORD_BYTES_MAX) return
    // Literals with newlines would let `decodeLines` read over the end of a line.
    if (bytes.subarray(start, end).includes(10)) return
    const columns = this.#columns
    const layout = new RecordLayout(bytes, start, end, order, columns, this.#raw, this.#values)
    this.#layouts[this.#nextLayout] = layout
    this.#nextLayout = (this.#nextLayout + 1) % LAYOUTS_MAX
    this.#current = layout
  }
}

/** The position of the newline after a record that the layout took as a whole line, or -1. */
function lineAfter(
  layout: RecordLayout,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  limit: number,
  row: number,
): number {
  const end = layout.needsEnd ? bytes.indexOf(10, start) : limit
  const next = layout.scan(bytes, view, start, end + 1, row)
  if (next - start > RECORD_BYTES_MAX) return -1
  if (next < 0 || bytes[next] === 10) return next
  return bytes[next] === 13 && bytes[next + 1] === 10 ? next + 1 : -1
}

/** The end of a line without the carriage return before its newline. */
function lineEnd(bytes: Uint8Array, start: number, newline: number): number {
  return newline > start && bytes[newline - 1] === 13 ? newline - 1 : newline
}

function rawColumn(
  schema: Schema<unknown>,
  columns: readonly ColumnBuffer[],
  name: string | undefined,
): ColumnBuffer | undefined {
  if (name === undefined) return undefined
  const index = columnIndex(schema, name)
  const { type } = fieldAt(schema, index)
  if (type.kind === 'string' || type.kind === 'bytes') return columns[index]
  throw new ConfigError({
    code: 'COLUMN_TYPE',
    message: `the raw column "${name}" can not hold a record`,
    expected: 'string or bytes',
    found: typeName(type),
    remedy: 'Declare it as string() or bytes().',
  })
}
