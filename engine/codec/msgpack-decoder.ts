// msgpackDecoder: records of a topic that are MessagePack maps, into columns. Keys are field names,
// in any order; of a repeated key the last counts. The policies, and the codes and words of
// rejection, are those of JSON. Nothing is lost: each record becomes a row or a rejected record.
import type { Dictionary } from '../batch/index.ts'
import type { RecordDecoder, RejectedRecord, SourceRecords } from '../connector.ts'
import { assert, ConfigError } from '../errors.ts'
import { ColumnBuffer, type DecodePolicies, missingReason, namesOf } from '../json/index.ts'
import { BATCH_RECORDS_MAX, NESTING_DEPTH_MAX, RECORD_BYTES_MAX } from '../limits.ts'
import { columnIndex, fieldAt, type Schema, typeName } from '../schema/index.ts'
import { Broken, MsgpackReader } from './msgpack-reader.ts'
import { keyText, MsgpackValues } from './msgpack-values.ts'

/** Unknown keys that a reason names. */
const UNKNOWN_NAMED_MAX = 5

/**
 * A decoder of MessagePack records for a schema; what each column takes stands in
 * msgpack-values.ts.
 * @throws ConfigError COLUMN_UNKNOWN or COLUMN_TYPE when `rawColumn` is no bytes column
 */
export function msgpackDecoder(
  schema: Schema<unknown>,
  policies: DecodePolicies = {},
): RecordDecoder {
  return new MsgpackDecoder(schema, policies)
}

class MsgpackDecoder implements RecordDecoder {
  readonly schema: Schema<unknown>
  readonly #policies: DecodePolicies
  readonly #columns: readonly ColumnBuffer[]
  readonly #names: Dictionary
  /** Index of the column that takes the whole record, or -1. */
  readonly #raw: number
  /** Where each column's value stands in the record, -1 where it has none. */
  readonly #starts: Int32Array
  readonly #reader = new MsgpackReader()
  readonly #values: MsgpackValues
  #unknown: number[] = []

  constructor(schema: Schema<unknown>, policies: DecodePolicies) {
    this.schema = schema
    this.#policies = policies
    this.#columns = schema.fields.map((field) => new ColumnBuffer(field))
    this.#names = namesOf(schema.fields)
    this.#starts = new Int32Array(schema.fields.length)
    this.#raw = rawIndex(schema, policies.rawColumn)
    this.#values = new MsgpackValues(this.#reader, policies)
  }

  decodeLines(): never {
    throw new ConfigError({
      code: 'MSGPACK_LINES',
      message: 'MessagePack records are not lines',
      expected: 'a source of separate records, such as a topic',
      found: 'a file of lines',
      remedy: 'Read the file as JSON lines, or append the records to a topic.',
    })
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
    for (const column of this.#columns) column.begin(count)
    this.#reader.reset(bytes)
    let row = 0
    for (let i = 0; i < count; i++) {
      const start = starts[i]!
      const end = ends[i]!
      if (!this.#record(start, end, row)) {
        for (const column of this.#columns) column.clearFrom(row)
        const raw = new Uint8Array(bytes.subarray(start, end))
        rejected.push({ offset: offsets[i]!, ...this.#values.fault, raw })
        continue
      }
      if (times !== undefined && appendTimes !== undefined) times[row] = appendTimes[i]!
      kept[row++] = offsets[i]!
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

  /** Decodes one record into row `row`; false, with the fault in `#values`, when it is rejected. */
  #record(start: number, end: number, row: number): boolean {
    if (end - start > RECORD_BYTES_MAX) {
      const reason = `the record has ${end - start} bytes; at most ${RECORD_BYTES_MAX} are taken`
      return this.#values.fail('RECORD_TOO_LARGE', reason)
    }
    return this.#locate(start, end) && this.#checkFields() && this.#store(start, end, row)
  }

  /** Checks the grammar of the whole record and finds where each column's value stands. */
  #locate(start: number, end: number): boolean {
    const reader = this.#reader
    const { bytes } = reader
    this.#starts.fill(-1)
    this.#unknown = []
    const stop = reader.end(start, end)
    if (stop === Broken.depth) {
      return this.#values.fail('DEPTH', `the record nests deeper than ${NESTING_DEPTH_MAX} levels`)
    }
    if (stop !== end) {
      const reason =
        stop < 0 ? 'the record is not MessagePack' : `${end - stop} bytes follow the record`
      return this.#values.fail('MSGPACK_SYNTAX', reason)
    }
    const kind = reader.kind(start)
    if (kind !== 'map') {
      return this.#values.fail('RECORD_TYPE', `the record is a value of kind ${kind}, not a map`)
    }
    const count = reader.size
    let at = reader.payload
    for (let i = 0; i < count; i++) {
      const key = at
      at = reader.end(key, end)
      const isName = reader.kind(key) === 'string'
      const { payload } = reader
      const index = isName ? this.#names.find(bytes, payload, payload + reader.size) : -1
      if (index >= 0 && index !== this.#raw) this.#starts[index] = at
      else this.#unknown.push(key)
      at = reader.end(at, end)
    }
    return true
  }

  #checkFields(): boolean {
    const { missingFields, unknownFields } = this.#policies
    for (let i = 0; i < this.#columns.length; i++) {
      if (this.#starts[i]! >= 0 || i === this.#raw) continue
      const field = fieldAt(this.schema, i)
      if (field.nullable && missingFields !== 'reject') continue
      const reason = missingReason(field.name, this.#unknownNames())
      return this.#values.fail('FIELD_MISSING', reason)
    }
    if (unknownFields !== 'reject' || this.#unknown.length === 0) return true
    const names = this.#unknownNames().map((name) => `"${name}"`)
    return this.#values.fail('FIELD_UNKNOWN', `the schema has no field ${names.join(', ')}`)
  }

  #store(start: number, end: number, row: number): boolean {
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i]
      assert(column !== undefined, `column ${i}`)
      const at = this.#starts[i]!
      if (i === this.#raw) column.setBytes(row, this.#reader.bytes, start, end)
      else if (at < 0) column.setNull(row)
      else if (!this.#values.read(column, at, row, column.field.name)) return false
    }
    return true
  }

  #unknownNames(): string[] {
    const keys = this.#unknown.slice(0, UNKNOWN_NAMED_MAX)
    return keys.map((key) => keyText(this.#reader, key))
  }
}

function rawIndex(schema: Schema<unknown>, name: string | undefined): number {
  if (name === undefined) return -1
  const index = columnIndex(schema, name)
  const { type } = fieldAt(schema, index)
  if (type.kind === 'bytes') return index
  throw new ConfigError({
    code: 'COLUMN_TYPE',
    message: `column "${name}" can not take whole MessagePack records`,
    expected: 'bytes',
    found: typeName(type),
    remedy: 'Declare the raw column as bytes().',
  })
}
