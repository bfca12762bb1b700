// JsonWriter: rows of a batch as JSON text, straight into bytes. Columns stand in declared order;
// decimals are numbers with all digits of their scale, int64 has all its digits, float64 is the
// shortest text that reads back the same (NaN and infinities in quotes, -0 kept), timestamps and
// dates are ISO 8601 in UTC, bytes are base64, null is written. `jsonDecoder` reads back every
// value.
import {
  ByteWriter,
  Change,
  type Column,
  columnAt,
  type DictionaryColumn,
  formatDecimal,
  isNull,
  type ListColumn,
  type PlainColumn,
  type RecordBatch,
  type StructColumn,
} from '../batch/index.ts'
import { assert } from '../errors.ts'
import type { DataType, Field, Schema } from '../schema/index.ts'
import { encodeBase64 } from './base64.ts'
import { writeDate, writeTimestamp } from './date-time.ts'
import { writeAscii, writeDecimal, writeFloat64, writeInteger } from './number-writer.ts'

const encoder = new TextEncoder()
const OPS: readonly Uint8Array[] = ['+I', '-U', '+U', '-D'].map((op) =>
  encoder.encode(`{"op":"${op}"`),
)

export interface JsonWriterOptions {
  /** Begin each row with `"op"`: `+I`, `-U`, `+U` or `-D`; for lines of a changelog. */
  readonly op?: boolean
}

/** A field with the bytes that stand before its value. */
interface NamedField {
  readonly type: DataType
  readonly first: Uint8Array
  readonly next: Uint8Array
  readonly fields: readonly NamedField[]
  readonly time: LastTime
}

/** The time that a column wrote last, as text: rows of one window repeat its start and end. */
class LastTime {
  #micros = Number.NaN
  readonly #text = new Uint8Array(32)
  #length = 0

  write(micros: number, out: ByteWriter): void {
    if (micros === this.#micros) {
      out.raw(this.#text, 0, this.#length)
      return
    }
    const from = out.length
    out.uint8(34)
    writeTimestamp(micros, out)
    out.uint8(34)
    this.#length = out.length - from
    this.#micros = this.#length <= this.#text.length ? micros : Number.NaN
    for (let i = 0; i < this.#length; i++) this.#text[i] = out.bytes[from + i]!
  }
}

export class JsonWriter {
  readonly out: ByteWriter
  readonly #fields: readonly NamedField[]
  readonly #op: boolean

  /** Writes to the end of `out`, which the caller may clear between rows. */
  constructor(schema: Schema<unknown>, out = new ByteWriter(), options: JsonWriterOptions = {}) {
    this.out = out
    this.#fields = schema.fields.map(namedField)
    this.#op = options.op === true
  }

  /** Writes all rows, each as a line that ends in a newline. */
  writeBatch(batch: RecordBatch): void {
    for (let row = 0; row < batch.length; row++) this.writeLine(batch, row)
  }

  /** Writes one row and a newline. */
  writeLine(batch: RecordBatch, row: number): void {
    this.writeRow(batch, row)
    this.out.uint8(10)
  }

  /** Writes one row as an object, without a newline. The batch must have the writer's schema. */
  writeRow(batch: RecordBatch, row: number): void {
    const { out } = this
    if (this.#op) this.#writeOp(batch, row)
    const fields = this.#fields
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      if (field === undefined) break
      out.raw(i === 0 && !this.#op ? field.first : field.next)
      writeValue(columnAt(batch, i), field, row, out)
    }
    out.uint8(125)
  }

  /** Writes the value of one column alone, for formats that hold JSON values. */
  writeColumn(batch: RecordBatch, index: number, row: number): void {
    const field = this.#fields[index]
    assert(field !== undefined, `column ${index} of ${this.#fields.length}`)
    writeValue(columnAt(batch, index), field, row, this.out)
  }

  #writeOp(batch: RecordBatch, row: number): void {
    const op = OPS[batch.changes === undefined ? Change.insert : batch.changes[row]!]
    assert(op !== undefined, `change ${batch.changes?.[row]} of row ${row}`)
    this.out.raw(op)
  }
}

function namedField(field: Field): NamedField {
  const { type, name } = field
  const inner = type.kind === 'struct' ? type.fields : type.kind === 'list' ? [type.item] : []
  const key = JSON.stringify(name)
  return {
    type,
    first: encoder.encode(`{${key}:`),
    next: encoder.encode(`,${key}:`),
    fields: inner.map(namedField),
    time: new LastTime(),
  }
}

function writeValue(column: Column, field: NamedField, row: number, out: ByteWriter): void {
  if (isNull(column, row)) {
    writeAscii('null', out)
    return
  }
  const { type } = field
  switch (column.kind) {
    case 'bool':
      writeAscii(column.values[row] === 1 ? 'true' : 'false', out)
      return
    case 'int32':
      if (type.kind === 'date') writeQuotedDate(column.values[row]!, out)
      else writeInteger(column.values[row]!, out)
      return
    case 'float64':
      if (type.kind === 'timestamp') field.time.write(column.values[row]!, out)
      else writeAnyFloat64(column.values[row]!, out)
      return
    case 'integer': {
      const scale = type.kind === 'decimal' ? type.scale : 0
      if (column.wide === undefined) writeDecimal(column.values[row]!, scale, out)
      else writeAscii(formatDecimal(column.wide[row] ?? 0n, scale), out)
      return
    }
    case 'dictionary':
    case 'plain':
      writeText(column, type.kind === 'bytes', row, out)
      return
    case 'list':
      writeList(column, field, row, out)
      return
    case 'struct':
      writeStruct(column, field, row, out)
  }
}

function writeQuotedDate(days: number, out: ByteWriter): void {
  out.uint8(34)
  writeDate(days, out)
  out.uint8(34)
}

function writeAnyFloat64(value: number, out: ByteWriter): void {
  if (Number.isFinite(value)) writeFloat64(value, out)
  else writeAscii(`"${value}"`, out)
}

function writeText(
  column: DictionaryColumn | PlainColumn,
  isBytes: boolean,
  row: number,
  out: ByteWriter,
): void {
  let source: Uint8Array
  let start: number
  let end: number
  if (column.kind === 'plain') {
    source = column.bytes
    start = column.offsets[row]!
    end = column.offsets[row + 1]!
  } else {
    const id = column.ids[row]!
    source = column.dictionary.bytes
    start = column.dictionary.offsets[id]!
    end = column.dictionary.offsets[id + 1]!
  }
  out.uint8(34)
  if (isBytes) encodeBase64(source, start, end, out)
  else writeEscaped(source, start, end, out)
  out.uint8(34)
}

/** Writes UTF-8 text as JSON.stringify does: quotes, backslashes and controls escaped. */
function writeEscaped(source: Uint8Array, start: number, end: number, out: ByteWriter): void {
  out.reserve((end - start) * 6)
  const { bytes } = out
  let at = out.length
  for (let i = start; i < end; i++) {
    const c = source[i]!
    if (c >= 32 && c !== 34 && c !== 92) {
      bytes[at++] = c
      continue
    }
    bytes[at++] = 92
    const short = shortEscape(c)
    bytes[at++] = short
    if (short !== 117) continue
    bytes[at++] = 48
    bytes[at++] = 48
    bytes[at++] = 48 + (c >> 4)
    bytes[at++] = (c & 15) < 10 ? 48 + (c & 15) : 87 + (c & 15)
  }
  out.length = at
}

/** The byte after the backslash; `u` where four hexadecimal digits follow. */
function shortEscape(c: number): number {
  switch (c) {
    case 8:
      return 98
    case 9:
      return 116
    case 10:
      return 110
    case 12:
      return 102
    case 13:
      return 114
    case 34:
    case 92:
      return c
    default:
      return 117
  }
}

function writeList(column: ListColumn, field: NamedField, row: number, out: ByteWriter): void {
  const [item] = field.fields
  assert(item !== undefined, `a list column under ${field.type.kind}`)
  out.uint8(91)
  const from = column.offsets[row]!
  for (let i = from; i < column.offsets[row + 1]!; i++) {
    if (i > from) out.uint8(44)
    writeValue(column.items, item, i, out)
  }
  out.uint8(93)
}

function writeStruct(column: StructColumn, field: NamedField, row: number, out: ByteWriter): void {
  if (field.fields.length === 0) out.uint8(123)
  field.fields.forEach((child, i) => {
    const values = column.fields[i]
    assert(values !== undefined, `struct field ${i}`)
    out.raw(i === 0 ? child.first : child.next)
    writeValue(values, child, row, out)
  })
  out.uint8(125)
}
