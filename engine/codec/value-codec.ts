// Row values as bytes, under their types. Values are in the form rows have them; what a type can
// not hold is refused when written, and counts are checked against the bytes that remain when read.
//
//   struct            one bit a nullable field, 1 = null, low first, padded │ other values
//   bool              1 byte                      float64, timestamp  8 bytes
//   int32, date       zigzag varint               string, bytes       varint length │ bytes
//   int64, decimal    uint8 n │ n bytes of the (scaled) integer in two's complement, low first
//   list              varint count │ one bit an item where items are nullable, padded │ items
import { type ByteReader, type ByteWriter, formatDecimal, parseDecimal } from '../batch/index.ts'
import { BadRecordError, StateCorruptError } from '../errors.ts'
import { type Field, typeName } from '../schema/index.ts'

const NUMBER_MAX = BigInt(Number.MAX_SAFE_INTEGER)
const NUMBER_MIN = -NUMBER_MAX

export type Row = Record<string, unknown>

/** How values of one type are written and read; made once for a schema. */
export interface ValueCodec<T = unknown> {
  /** @throws BadRecordError VALUE_TYPE */
  write(value: unknown, writer: ByteWriter): void
  /** @throws StateCorruptError BYTES_SHORT, VALUE_CORRUPT */
  read(reader: ByteReader): T
}

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}

export function structCodec(owner: string, fields: readonly Field[]): ValueCodec<Row> {
  const columns = fields.map((field) => ({ ...field, codec: valueCodec(field) }))
  const bitBytes = (fields.filter((field) => field.nullable).length + 7) >> 3
  return {
    write(row, writer) {
      if (!isRow(row)) throw valueError(owner, 'an object', row)
      const bits = writer.length
      for (let i = 0; i < bitBytes; i++) writer.uint8(0)
      let bit = 0
      for (const { name, nullable, codec } of columns) {
        const value = Object.hasOwn(row, name) ? (row[name] ?? null) : null
        if (nullable) {
          if (value === null) writer.bytes[bits + (bit >> 3)]! |= 1 << (bit & 7)
          bit++
          if (value === null) continue
        }
        codec.write(value, writer)
      }
    },
    read(reader) {
      const bits = reader.raw(bitBytes)
      const row: Row = {}
      let bit = 0
      for (const { name, nullable, codec } of columns) {
        const isMissing = nullable && ((bits[bit >> 3]! >> (bit & 7)) & 1) === 1
        if (nullable) bit++
        setOwn(row, name, isMissing ? null : codec.read(reader))
      }
      return row
    },
  }
}

/** Plain assignment would set the prototype for a column of that name. */
function setOwn(row: Row, name: string, value: unknown): void {
  if (name !== '__proto__') row[name] = value
  else Object.defineProperty(row, name, { value, enumerable: true, writable: true })
}

export function valueCodec(field: Field): ValueCodec {
  switch (field.type.kind) {
    case 'string':
    case 'bytes':
      return textCodec(field)
    case 'int64':
      return int64Codec(field)
    case 'decimal':
      return decimalCodec(field, field.type.precision, field.type.scale)
    case 'list':
      return listCodec(field, field.type.item)
    case 'struct':
      return structCodec(field.name, field.type.fields)
    default:
      return numberCodec(field)
  }
}

function numberCodec(field: Field): ValueCodec {
  const { kind } = field.type
  switch (kind) {
    case 'bool':
      return {
        write(value, writer) {
          if (typeof value !== 'boolean') throw fieldError(field, value)
          writer.uint8(value ? 1 : 0)
        },
        read: (reader) => reader.uint8() === 1,
      }
    case 'float64':
    case 'timestamp':
      return {
        write(value, writer) {
          const fits = typeof value === 'number' && (kind === 'float64' || isInstant(value))
          if (!fits) throw fieldError(field, value)
          writer.float64(value)
        },
        read: (reader) => reader.float64(),
      }
    default:
      return {
        write(value, writer) {
          if (typeof value !== 'number' || (value | 0) !== value) throw fieldError(field, value)
          writer.signedVarint(value)
        },
        read: (reader) => reader.signedVarint() | 0,
      }
  }
}

function isInstant(value: number): boolean {
  return Number.isSafeInteger(value)
}

function int64Codec(field: Field): ValueCodec<bigint> {
  return {
    write(value, writer) {
      const exact = typeof value === 'number' && isInstant(value) ? BigInt(value) : value
      if (typeof exact !== 'bigint' || BigInt.asIntN(64, exact) !== exact) {
        throw fieldError(field, value)
      }
      writeInteger(exact, writer)
    },
    read: (reader) => readInteger(8, reader),
  }
}

function decimalCodec(field: Field, precision: number, scale: number): ValueCodec<string> {
  return {
    write(value, writer) {
      if (typeof value !== 'string') throw fieldError(field, value)
      const short = shortDecimal(value, scale)
      if (Math.abs(short) < 10 ** precision) writeNumber(short, writer)
      else writeInteger(parseDecimal(value, precision, scale), writer)
    },
    read: (reader) => formatDecimal(readInteger(16, reader), scale),
  }
}

function textCodec(field: Field): ValueCodec {
  if (field.type.kind === 'string') {
    return {
      write(value, writer) {
        if (typeof value !== 'string') throw fieldError(field, value)
        writer.text(value)
      },
      read: (reader) => reader.text(),
    }
  }
  return {
    write(value, writer) {
      if (!(value instanceof Uint8Array)) throw fieldError(field, value)
      writer.block(value)
    },
    read: (reader) => new Uint8Array(reader.block()),
  }
}

function listCodec(field: Field, item: Field): ValueCodec<unknown[]> {
  const codec = valueCodec(item)
  return {
    write(value, writer) {
      if (!Array.isArray(value)) throw fieldError(field, value)
      const items: readonly unknown[] = value
      writer.varint(items.length)
      const bits = writer.length
      if (item.nullable) for (let i = 0; i < items.length; i += 8) writer.uint8(0)
      for (const [i, one] of items.entries()) {
        const isMissing = item.nullable && (one === null || one === undefined)
        if (isMissing) writer.bytes[bits + (i >> 3)]! |= 1 << (i & 7)
        else codec.write(one, writer)
      }
    },
    read(reader) {
      const count = reader.varint()
      // Each item takes a byte, or a bit where it may be null.
      const most = item.nullable ? 8 * reader.remaining : reader.remaining
      if (count > most) throw corrupt(`at most ${most} items`, `${count}`)
      const bits = item.nullable ? reader.raw((count + 7) >> 3) : undefined
      return Array.from({ length: count }, (_, i) => {
        const isMissing = bits !== undefined && ((bits[i >> 3]! >> (i & 7)) & 1) === 1
        return isMissing ? null : codec.read(reader)
      })
    },
  }
}

/**
 * The scaled integer of a text like "-12.50" with at most 15 digits; NaN for any other, which the
 * exact way then judges.
 */
function shortDecimal(text: string, scale: number): number {
  const isNegative = text.charCodeAt(0) === 45
  const first = isNegative ? 1 : 0
  let value = 0
  let point = -1
  for (let i = first; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (digit === -2 && point < 0 && i > first) point = i
    else return Number.NaN
  }
  const decimals = point < 0 ? 0 : text.length - point - 1
  const isPlain = text.length > first && (point < 0 || decimals > 0)
  if (!isPlain || decimals > scale || text.length + scale - decimals > 15) return Number.NaN
  for (let i = decimals; i < scale; i++) value *= 10
  return isNegative ? 0 - value : value
}

/** As `writeInteger`, the same bytes, for integers within ± 2^53. */
function writeNumber(value: number, writer: ByteWriter): void {
  const at = writer.length
  const sign = value < 0 ? -1 : 0
  writer.uint8(0)
  let rest = value
  while (rest !== sign) {
    const next = Math.floor(rest / 256)
    writer.uint8(rest - next * 256)
    rest = next
  }
  endInteger(at, sign === -1, writer)
}

function writeInteger(value: bigint, writer: ByteWriter): void {
  if (value >= NUMBER_MIN && value <= NUMBER_MAX) {
    writeNumber(Number(value), writer)
    return
  }
  const at = writer.length
  writer.uint8(0)
  let rest = value
  while (rest !== 0n && rest !== -1n) {
    writer.uint8(Number(BigInt.asUintN(8, rest)))
    rest >>= 8n
  }
  endInteger(at, rest === -1n, writer)
}

/** The top bit of the last byte is the sign: one more byte where it would be read wrongly. */
function endInteger(at: number, isNegative: boolean, writer: ByteWriter): void {
  const count = writer.length - at - 1
  const top = count === 0 ? 0 : writer.bytes[writer.length - 1]! >> 7
  if (top !== (isNegative ? 1 : 0)) writer.uint8(isNegative ? 0xff : 0)
  writer.bytes[at] = writer.length - at - 1
}

function readInteger(bytesMax: number, reader: ByteReader): bigint {
  const count = reader.uint8()
  if (count > bytesMax) throw corrupt(`an integer of at most ${bytesMax} bytes`, `${count}`)
  const bytes = reader.raw(count)
  if (count <= 6) return BigInt(readNumber(bytes))
  let value = 0n
  for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return BigInt.asIntN(8 * count, value)
}

/** Two's complement of up to 6 bytes. */
function readNumber(bytes: Uint8Array): number {
  let value = 0
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i]!
  const isNegative = bytes.length > 0 && bytes[bytes.length - 1]! >= 0x80
  return isNegative ? value - 256 ** bytes.length : value
}

function fieldError(field: Field, value: unknown): BadRecordError {
  return valueError(field.name, `${typeName(field.type)}${field.nullable ? ' or null' : ''}`, value)
}

function valueError(name: string, expected: string, value: unknown): BadRecordError {
  return new BadRecordError({
    code: 'VALUE_TYPE',
    message: `column "${name}" can not hold this value`,
    expected,
    found: value === null ? 'null' : `${typeof value} ${String(value).slice(0, 60)}`,
  })
}

function corrupt(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'VALUE_CORRUPT',
    message: 'an encoded value is damaged',
    expected,
    found,
    remedy: 'Read it with the schema that it was written with.',
  })
}
