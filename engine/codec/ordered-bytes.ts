// Single values as bytes whose unsigned comparison is the comparison of the values.
//
//   type           bytes                                                     order
//   bool           1: 0 or 1                                                 false, true
//   int32, date    4, big-endian, sign flipped                               by value
//   int64          8, big-endian, sign flipped                               by value
//   timestamp      8, as int64                                               by time
//   decimal        8 up to precision 18, else 16; as int64, scaled           by value
//   float64        8: sign flipped, negatives inverted; -0 is written as 0   -∞ … 0 … ∞, NaN last
//   string, bytes  0x00 → 0x00 0xFF, then 0x00 0x00 as the end               UTF-8 = code points
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  formatDecimal,
  type IntegerColumn,
} from '../batch/index.ts'
import { assert, StateCorruptError } from '../errors.ts'
import { type DataType, typeName } from '../schema/index.ts'

/** Decimals of more digits take 16 bytes. */
const DECIMAL_DIGITS_NARROW = 18

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const double = new Float64Array(1)
const doubleWords = new Uint32Array(double.buffer)

/** Writes the value of a row that is not null. */
export function writeOrdered(
  column: Column,
  type: DataType,
  row: number,
  writer: ByteWriter,
): void {
  switch (column.kind) {
    case 'bool':
      writer.uint8(column.values[row]!)
      return
    case 'int32':
      writer.uint32Ordered((column.values[row]! ^ 0x80000000) >>> 0)
      return
    case 'float64':
      if (type.kind === 'timestamp') writer.integerOrdered(column.values[row]!)
      else writeFloat64(column.values[row]!, writer)
      return
    case 'integer':
      writeInteger(column, isWideType(type), row, writer)
      return
    case 'dictionary': {
      const id = column.ids[row]!
      const { bytes, offsets } = column.dictionary
      writeEscaped(bytes, offsets[id]!, offsets[id + 1]!, writer)
      return
    }
    case 'plain':
      writeEscaped(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, writer)
      return
    default:
      assert(false, `a key column of kind ${column.kind}`)
  }
}

/** Writes the bytes of a text as they are: the only column of a key needs no end. */
export function writeText(column: Column, row: number, writer: ByteWriter): void {
  if (column.kind === 'dictionary') {
    const id = column.ids[row]!
    const { bytes, offsets } = column.dictionary
    copy(bytes, offsets[id]!, offsets[id + 1]!, writer)
    return
  }
  assert(column.kind === 'plain', `a text column of kind ${column.kind}`)
  copy(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, writer)
}

function copy(source: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  writer.reserve(end - start)
  const { bytes } = writer
  let at = writer.length
  for (let i = start; i < end; i++) bytes[at++] = source[i]!
  writer.length = at
}

function writeEscaped(source: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  writer.reserve(2 * (end - start) + 2)
  const { bytes } = writer
  let at = writer.length
  for (let i = start; i < end; i++) {
    const byte = source[i]!
    bytes[at++] = byte
    if (byte === 0) bytes[at++] = 0xff
  }
  bytes[at++] = 0
  bytes[at++] = 0
  writer.length = at
}

function writeFloat64(value: number, writer: ByteWriter): void {
  // Adding 0 turns -0 into 0; all NaN become the one above infinity.
  double[0] = Number.isNaN(value) ? Number.NaN : value + 0
  const high = doubleWords[1]!
  const isNegative = high >= 0x80000000
  writer.uint32Ordered((isNegative ? ~high : high ^ 0x80000000) >>> 0)
  writer.uint32Ordered((isNegative ? ~doubleWords[0]! : doubleWords[0]!) >>> 0)
}

function isWideType(type: DataType): boolean {
  return type.kind === 'decimal' && type.precision > DECIMAL_DIGITS_NARROW
}

function writeInteger(
  column: IntegerColumn,
  isWide: boolean,
  row: number,
  writer: ByteWriter,
): void {
  const exact = column.wide?.[row]
  const value = column.values[row]!
  if (isWide) {
    const high = exact === undefined ? (value < 0 ? -1 : 0) : exact >> 64n
    if (typeof high === 'number') writer.integerOrdered(high)
    else writeBigInt(high, true, writer)
  }
  if (exact !== undefined) {
    writeBigInt(exact, !isWide, writer)
  } else if (isWide) {
    const high = Math.floor(value / 4294967296)
    writer.uint32Ordered(high >>> 0)
    writer.uint32Ordered(value - high * 4294967296)
  } else {
    writer.integerOrdered(value)
  }
}

/** The low 64 bits, big-endian. */
function writeBigInt(value: bigint, isFlipped: boolean, writer: ByteWriter): void {
  const high = Number(BigInt.asUintN(32, value >> 32n))
  writer.uint32Ordered((isFlipped ? high ^ 0x80000000 : high) >>> 0)
  writer.uint32Ordered(Number(BigInt.asUintN(32, value)))
}

/**
 * Reads a value in the form rows have it.
 * @throws StateCorruptError BYTES_SHORT, KEY_CORRUPT
 */
export function readOrdered(type: DataType, reader: ByteReader): unknown {
  switch (type.kind) {
    case 'bool': {
      const value = reader.uint8()
      if (value > 1) throw keyCorrupt('0 or 1', `${value}`)
      return value === 1
    }
    case 'int32':
    case 'date':
      return (reader.uint32Ordered() ^ 0x80000000) | 0
    case 'timestamp':
      return reader.integerOrdered()
    case 'int64':
      return readBigInt(reader)
    case 'decimal': {
      const first = readBigInt(reader)
      if (!isWideType(type)) return formatDecimal(first, type.scale)
      const low = (BigInt(reader.uint32Ordered()) << 32n) | BigInt(reader.uint32Ordered())
      return formatDecimal((first << 64n) | low, type.scale)
    }
    case 'float64':
      return readFloat64(reader)
    case 'string':
    case 'bytes':
      return readText(type, readEscaped(reader))
    default:
      throw keyCorrupt('a type that keys can have', typeName(type))
  }
}

function readBigInt(reader: ByteReader): bigint {
  const high = (reader.uint32Ordered() ^ 0x80000000) | 0
  return (BigInt(high) << 32n) | BigInt(reader.uint32Ordered())
}

function readFloat64(reader: ByteReader): number {
  const high = reader.uint32Ordered()
  const low = reader.uint32Ordered()
  const isNegative = high < 0x80000000
  doubleWords[1] = isNegative ? ~high : high ^ 0x80000000
  doubleWords[0] = isNegative ? ~low : low
  return double[0]!
}

function readEscaped(reader: ByteReader): Uint8Array {
  const { bytes, position, end } = reader
  const value = new Uint8Array(Math.max(0, bytes.indexOf(0, position) - position))
  let at = position
  let length = 0
  let copied = value
  while (at + 1 < end) {
    const byte = bytes[at]!
    const next = bytes[at + 1]!
    if (byte === 0 && next === 0) {
      reader.position = at + 2
      return copied.subarray(0, length)
    }
    if (byte === 0 && next !== 0xff) break
    if (length === copied.length) copied = grown(copied)
    copied[length++] = byte
    at += byte === 0 ? 2 : 1
  }
  throw keyCorrupt('a text with its end', `${end - position} bytes without one`)
}

function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2 + 16)
  larger.set(bytes)
  return larger
}

/** A string or bytes value from its bytes; bytes are copied. */
export function readText(type: DataType, value: Uint8Array): string | Uint8Array {
  if (type.kind === 'bytes') return new Uint8Array(value)
  try {
    return decoder.decode(value)
  } catch {
    throw keyCorrupt('UTF-8', `${value.length} other bytes`)
  }
}

export function keyCorrupt(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'KEY_CORRUPT',
    message: 'an encoded key is damaged',
    expected,
    found,
    remedy: 'Read it with the key columns that it was written with.',
  })
}
