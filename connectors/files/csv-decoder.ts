// csvDecoder: CSV records as the records of a topic. Each record becomes a JSON object with the
// header's names, which the topic's own decoder reads: so types, missing and unknown fields follow
// the same policies and give the same codes as in JSON. An empty unquoted field is null. The header
// is the record with offset 0; the offset of a record is its ordinal.
import { ByteWriter } from '../../engine/batch/index.ts'
import type { RecordDecoder, RejectedRecord, SourceRecords } from '../../engine/connector.ts'
import { ConfigError } from '../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { DataType } from '../../engine/schema/index.ts'
import { CsvScanner } from './csv-scanner.ts'

const QUOTE = 34
const BACKSLASH = 92
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Names of the header's fields. @throws ConfigError CSV_HEADER */
export function readHeader(bytes: Uint8Array, end: number, delimiter: number): string[] {
  const scanner = new CsvScanner(delimiter)
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const scan = scanner.scan(bytes, hasMark ? 3 : 0, end, true)
  const names = Array.from({ length: scanner.count }, (_, i) => textOf(scanner, bytes, i))
  if (scan === 'record' && new Set(names).size === names.length && !names.includes('')) {
    return names
  }
  throw new ConfigError({
    code: 'CSV_HEADER',
    message: 'the first line is no header',
    expected: 'different names, separated by the delimiter',
    found: Buffer.from(bytes.subarray(0, Math.min(end, 200))).toString(),
    remedy: 'Give the file a first line with the names of its columns.',
  })
}

/**
 * @param decoder the topic's JSON decoder
 * @param header names of the columns, or undefined to take them from the record with offset 0
 */
export function csvDecoder(
  decoder: RecordDecoder,
  header: readonly string[] | undefined,
  delimiter: number,
): RecordDecoder {
  return new CsvDecoder(decoder, header, delimiter)
}

class CsvDecoder implements RecordDecoder {
  readonly schema: RecordDecoder['schema']
  readonly #decoder: RecordDecoder
  readonly #delimiter: number
  readonly #scanner: CsvScanner
  readonly #json = new ByteWriter(64 * 1024)
  #columns: readonly CsvColumn[] | undefined

  constructor(decoder: RecordDecoder, header: readonly string[] | undefined, delimiter: number) {
    this.schema = decoder.schema
    this.#decoder = decoder
    this.#delimiter = delimiter
    this.#scanner = new CsvScanner(delimiter)
    this.#columns = header && this.#columnsOf(header)
  }

  decodeLines(
    bytes: Uint8Array,
    start: number,
    end: number,
    firstOffset: number,
    isLast: boolean,
  ): { records: SourceRecords; consumed: number } {
    const lines = new CsvLines()
    let at = start
    let offset = firstOffset
    this.#json.clear()
    while (at < end && lines.count + lines.rejected.length < BATCH_RECORDS_MAX) {
      const scan = this.#scanner.scan(bytes, at, end, isLast)
      if (scan === 'unfinished') break
      const { next } = this.#scanner
      this.#record(bytes, { from: at, to: next, offset, isBad: scan === 'bad-quote' }, lines)
      at = next
      offset++
    }
    const records = this.#decode(lines)
    return { records: { ...records, nextOffset: offset }, consumed: at - start }
  }

  decodeRecords(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    offsets: Float64Array,
    appendTimes: Float64Array | undefined,
  ): SourceRecords {
    return this.#decoder.decodeRecords(bytes, starts, ends, offsets, appendTimes)
  }

  #record(bytes: Uint8Array, line: CsvLine, lines: CsvLines): void {
    const { from, to, offset } = line
    const scanner = this.#scanner
    if (offset === 0) {
      this.#columns ??= this.#columnsOf(
        readHeader(bytes.subarray(from, to), to - from, this.#delimiter),
      )
      return
    }
    const columns = this.#columns ?? []
    const raw = () => withoutNewline(bytes.slice(from, to))
    if (line.isBad) {
      const reason = 'a quote is open, or something follows a closing quote'
      lines.rejected.push({ offset, code: 'CSV_QUOTE', reason, raw: raw() })
    } else if (scanner.count === 1 && isEmpty(scanner)) {
      return // An empty line.
    } else if (scanner.count !== columns.length) {
      const reason = `expected ${columns.length} fields, found ${scanner.count}`
      lines.rejected.push({ offset, code: 'CSV_FIELDS', reason, raw: raw() })
    } else {
      const start = this.#json.length
      this.#writeJson(bytes, columns)
      lines.add(start, this.#json.length, offset, from, to, bytes)
    }
  }

  #writeJson(bytes: Uint8Array, columns: readonly CsvColumn[]): void {
    const json = this.#json
    const scanner = this.#scanner
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]
      if (column === undefined) continue
      json.raw(column.prefix)
      const start = scanner.starts[i]!
      const end = scanner.ends[i]!
      const quotes = scanner.quotes[i]!
      if (start === end && quotes === 0) json.raw(NULL)
      else if (column.isBare(bytes, start, end)) writeBare(json, bytes, start, end, quotes === 2)
      else writeString(json, bytes, start, end, quotes === 2)
    }
    json.uint8(125)
  }

  #decode(lines: CsvLines): SourceRecords {
    const { count } = lines
    if (count === 0) {
      const none = this.#decoder.decodeLines(NULL, 0, 0, 0, true).records
      return { ...none, rejected: lines.rejected }
    }
    const decoded = this.#decoder.decodeRecords(
      this.#json.bytes,
      lines.starts.subarray(0, count),
      lines.ends.subarray(0, count),
      lines.offsets.slice(0, count),
      undefined,
    )
    const refused = decoded.rejected.map((each) => ({ ...each, raw: lines.rawOf(each.offset) }))
    const rejected = [...lines.rejected, ...refused].sort((a, b) => a.offset - b.offset)
    return { ...decoded, rejected }
  }

  #columnsOf(header: readonly string[]): CsvColumn[] {
    return header.map((name, i) => {
      const type = this.schema.fields.find((field) => field.name === name)?.type
      const prefix = Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`)
      return { prefix, isBare: bareness(type) }
    })
  }
}

interface CsvColumn {
  /** What stands before the value: `,"name":`. */
  readonly prefix: Uint8Array
  /** The field goes into JSON as it is: a number, true, false, a list or an object. */
  isBare(bytes: Uint8Array, start: number, end: number): boolean
}

interface CsvLine {
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly isBad: boolean
}

/** The records of one call: where their JSON stands, and their CSV for dead letters. */
class CsvLines {
  count = 0
  readonly starts = new Int32Array(BATCH_RECORDS_MAX)
  readonly ends = new Int32Array(BATCH_RECORDS_MAX)
  readonly offsets = new Float64Array(BATCH_RECORDS_MAX)
  readonly rejected: RejectedRecord[] = []
  readonly #from = new Int32Array(BATCH_RECORDS_MAX)
  readonly #to = new Int32Array(BATCH_RECORDS_MAX)
  #bytes = NULL

  add(
    start: number,
    end: number,
    offset: number,
    from: number,
    to: number,
    bytes: Uint8Array,
  ): void {
    const i = this.count++
    this.starts[i] = start
    this.ends[i] = end
    this.offsets[i] = offset
    this.#from[i] = from
    this.#to[i] = to
    this.#bytes = bytes
  }

  rawOf(offset: number): Uint8Array {
    const i = this.offsets.indexOf(offset)
    return withoutNewline(this.#bytes.slice(this.#from[i], this.#to[i]))
  }
}

const NULL: Uint8Array = Buffer.from('null')

function bareness(type: DataType | undefined): CsvColumn['isBare'] {
  switch (type?.kind) {
    case 'int32':
    case 'int64':
    case 'float64':
    case 'decimal':
      return isNumber
    case 'timestamp':
      return type.unit === undefined ? () => false : isNumber
    case 'bool':
      return (bytes, start, end) => /^(?:true|false)$/.test(ascii(bytes, start, end))
    case 'list':
    case 'struct':
      return () => true
    default:
      return () => false
  }
}

function isNumber(bytes: Uint8Array, start: number, end: number): boolean {
  return NUMBER.test(ascii(bytes, start, end))
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

/** A field that is JSON already, its doubled quotes made one. */
function writeBare(
  json: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  hasDoubled: boolean,
): void {
  if (!hasDoubled) {
    json.raw(bytes, start, end)
    return
  }
  for (let i = start; i < end; i++) {
    json.uint8(bytes[i]!)
    if (bytes[i] === QUOTE) i++
  }
}

/** A JSON string of a field's bytes. */
function writeString(
  json: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  hasDoubled: boolean,
): void {
  json.uint8(QUOTE)
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE || byte === BACKSLASH) json.uint8(BACKSLASH)
    if (byte < 32) json.raw(Buffer.from(`\\u${byte.toString(16).padStart(4, '0')}`))
    else json.uint8(byte)
    if (hasDoubled && byte === QUOTE) i++
  }
  json.uint8(QUOTE)
}

function textOf(scanner: CsvScanner, bytes: Uint8Array, field: number): string {
  const text = Buffer.from(bytes.subarray(scanner.starts[field], scanner.ends[field])).toString()
  return scanner.quotes[field] === 2 ? text.replaceAll('""', '"') : text
}

function withoutNewline(line: Uint8Array): Uint8Array {
  let end = line.length
  if (end > 0 && line[end - 1] === 10) end--
  if (end > 0 && line[end - 1] === 13) end--
  return line.subarray(0, end)
}

/** The only field is empty and was not quoted: an empty line. */
function isEmpty(scanner: CsvScanner): boolean {
  return scanner.starts[0] === scanner.ends[0] && scanner.quotes[0] === 0
}
