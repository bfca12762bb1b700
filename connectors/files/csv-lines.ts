// csvLines: rows as CSV. A header with the names of the columns, then a line a row, ended by a
// newline; fields with a comma, a quote or an end of line are quoted as RFC 4180 says. Values are
// written as in JSON rows, without the quotes of JSON; lists and structs are JSON. Null is an empty
// field and an empty string a quoted one, so that our CSV source reads back what was written. Rows of
// a changelog begin with the column `op`.
import { ByteWriter, Change, columnAt, isNull, type RecordBatch } from '../../engine/batch/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { JsonWriter } from '../../engine/json/index.ts'
import type { Schema } from '../../engine/schema/index.ts'
import type { LineFormat } from './line-format.ts'

const QUOTE = 34
const COMMA = 44
const NEWLINE = 10
const CARRIAGE_RETURN = 13
const OP = 'op'
const OPS: readonly Uint8Array[] = ['+I,', '-U,', '+U,', '-D,'].map((op) => Buffer.from(op))
const NO_BYTES = new Uint8Array(0)

/** @throws ConfigError CSV_COLUMNS where lines could not be told apart or read back */
export function csvLines(schema: Schema<unknown>, isChangelog: boolean): LineFormat {
  checkColumns(schema, isChangelog)
  return new CsvLines(schema, isChangelog)
}

class CsvLines implements LineFormat {
  readonly header: Uint8Array
  readonly #isChangelog: boolean
  readonly #isText: readonly boolean[]
  readonly #values = new ByteWriter(4096)
  readonly #json: JsonWriter

  constructor(schema: Schema<unknown>, isChangelog: boolean) {
    this.header = headerOf(schema, isChangelog)
    this.#isChangelog = isChangelog
    this.#isText = schema.fields.map(({ type }) => type.kind === 'string')
    this.#json = new JsonWriter(schema, this.#values)
  }

  add(batch: RecordBatch, row: number, out: ByteWriter): void {
    if (this.#isChangelog) {
      const change = batch.changes === undefined ? Change.insert : batch.changes[row]!
      out.raw(OPS[change] ?? NO_BYTES)
    }
    for (let i = 0; i < this.#isText.length; i++) {
      if (i > 0) out.uint8(COMMA)
      if (this.#isText[i] === true) writeTextOf(batch, i, row, out)
      else this.#writeValue(batch, i, row, out)
    }
    out.uint8(NEWLINE)
  }

  /** What JSON puts in quotes holds nothing that JSON escapes, but for the strings in lists. */
  #writeValue(batch: RecordBatch, index: number, row: number, out: ByteWriter): void {
    if (isNull(columnAt(batch, index), row)) return
    const values = this.#values
    values.clear()
    this.#json.writeColumn(batch, index, row)
    const isQuoted = values.bytes[0] === QUOTE
    if (isQuoted) writeField(values.bytes, 1, values.length - 1, out)
    else writeField(values.bytes, 0, values.length, out)
  }
}

/** The bytes of a string as they are. */
function writeTextOf(batch: RecordBatch, index: number, row: number, out: ByteWriter): void {
  const column = columnAt(batch, index)
  if (isNull(column, row)) return
  if (column.kind === 'plain') {
    writeField(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, out)
  } else if (column.kind === 'dictionary') {
    const { bytes, offsets } = column.dictionary
    const id = column.ids[row]!
    writeField(bytes, offsets[id]!, offsets[id + 1]!, out)
  }
}

function writeField(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void {
  if (!needsQuotes(bytes, start, end)) {
    out.raw(bytes, start, end)
    return
  }
  out.reserve((end - start) * 2 + 2)
  out.uint8(QUOTE)
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE) out.uint8(QUOTE)
    out.uint8(byte)
  }
  out.uint8(QUOTE)
}

function needsQuotes(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === COMMA || byte === QUOTE || byte === NEWLINE || byte === CARRIAGE_RETURN)
      return true
  }
  return start === end
}

function headerOf(schema: Schema<unknown>, isChangelog: boolean): Uint8Array {
  const out = new ByteWriter(256)
  const names = schema.fields.map((field) => field.name)
  for (const [i, name] of (isChangelog ? [OP, ...names] : names).entries()) {
    if (i > 0) out.uint8(COMMA)
    const bytes = Buffer.from(name)
    writeField(bytes, 0, bytes.length, out)
  }
  out.uint8(NEWLINE)
  return out.toBytes()
}

function checkColumns({ fields }: Schema<unknown>, isChangelog: boolean): void {
  const [first] = fields
  if (isChangelog && fields.some((field) => field.name === OP)) {
    throw unfit('no column called "op": a changelog has its own', 'one')
  }
  if (!isChangelog && fields.length === 1 && first?.nullable === true) {
    throw unfit('a second column: an empty line would be no row', `only "${first.name}", nullable`)
  }
  if (first?.name.startsWith('\ufeff') === true) {
    throw unfit('a first column whose name does not begin with a byte order mark', first.name)
  }
}

function unfit(expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'CSV_COLUMNS',
    message: 'these rows can not be written as CSV',
    expected,
    found,
    remedy: 'Write JSON lines (a file that does not end in .csv), or change the columns.',
  })
}
