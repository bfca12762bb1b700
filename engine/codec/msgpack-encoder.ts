// Rows of a batch as MessagePack maps: names in declared order, null written, int64 with all
// digits, decimals as strings with their scale ("12.50"), timestamps as integer microseconds, dates
// as days, bytes native. Numbers take the shortest form. What it writes, msgpackDecoder reads.
import {
  type ByteWriter,
  type Column,
  columnAt,
  exactInteger,
  formatDecimal,
  type IntegerColumn,
  isNull,
  type RecordBatch,
} from '../batch/index.ts'
import { assert } from '../errors.ts'
import type { DataType, Field } from '../schema/index.ts'

const encoder = new TextEncoder()
const double = new Float64Array(1)
const doubleWords = new Uint32Array(double.buffer)
const names = new WeakMap<readonly Field[], readonly Uint8Array[]>()

/** Appends one row. */
export function encodeMsgpackRow(batch: RecordBatch, row: number, writer: ByteWriter): void {
  const { fields } = batch.schema
  const keys = namesOf(fields)
  writeHead(fields.length, 0x80, 16, 0xde, writer)
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]
    const key = keys[i]
    assert(field !== undefined && key !== undefined, `field ${i}`)
    copy(key, 0, key.length, writer)
    writeValue(columnAt(batch, i), field.type, row, writer)
  }
}

/** Names as MessagePack strings, made once for a list of fields. */
function namesOf(fields: readonly Field[]): readonly Uint8Array[] {
  let known = names.get(fields)
  if (known === undefined) {
    known = fields.map((field) => {
      const text = encoder.encode(field.name)
      const key = new Uint8Array(text.length + 5)
      const head = textHead(text.length, key)
      key.set(text, head)
      return key.subarray(0, head + text.length)
    })
    names.set(fields, known)
  }
  return known
}

function textHead(length: number, into: Uint8Array): number {
  if (length < 32) {
    into[0] = 0xa0 | length
    return 1
  }
  into[0] = 0xdb
  new DataView(into.buffer).setUint32(1, length)
  return 5
}

function writeValue(column: Column, type: DataType, row: number, writer: ByteWriter): void {
  if (isNull(column, row)) {
    writer.uint8(0xc0)
    return
  }
  switch (column.kind) {
    case 'bool':
      writer.uint8(column.values[row] === 1 ? 0xc3 : 0xc2)
      return
    case 'int32':
      writeInteger(column.values[row]!, writer)
      return
    case 'float64':
      if (type.kind === 'timestamp') writeInteger(column.values[row]!, writer)
      else writeFloat(column.values[row]!, writer)
      return
    case 'integer':
      if (type.kind === 'decimal') {
        writeDecimal(column, row, type.scale, writer)
      } else if (column.wide === undefined) {
        writeInteger(column.values[row]!, writer)
      } else {
        writeWide(exactInteger(column, row), writer)
      }
      return
    case 'dictionary': {
      const { bytes, offsets } = column.dictionary
      const id = column.ids[row]!
      writeText(bytes, offsets[id]!, offsets[id + 1]!, type.kind === 'string', writer)
      return
    }
    case 'plain': {
      const { bytes, offsets } = column
      writeText(bytes, offsets[row]!, offsets[row + 1]!, type.kind === 'string', writer)
      return
    }
    case 'list': {
      assert(type.kind === 'list', `a list column under ${type.kind}`)
      const from = column.offsets[row]!
      const to = column.offsets[row + 1]!
      writeHead(to - from, 0x90, 16, 0xdc, writer)
      for (let i = from; i < to; i++) writeValue(column.items, type.item.type, i, writer)
      return
    }
    case 'struct': {
      assert(type.kind === 'struct', `a struct column under ${type.kind}`)
      const keys = namesOf(type.fields)
      writeHead(keys.length, 0x80, 16, 0xde, writer)
      for (const [i, field] of type.fields.entries()) {
        const child = column.fields[i]
        const key = keys[i]
        assert(child !== undefined && key !== undefined, `struct field ${i}`)
        copy(key, 0, key.length, writer)
        writeValue(child, field.type, row, writer)
      }
    }
  }
}

/** The head of a map or array: in the head byte below `small`, else in 16 or 32 bits after it. */
function writeHead(count: number, fix: number, small: number, head: number, writer: ByteWriter) {
  if (count < small) {
    writer.uint8(fix | count)
  } else if (count < 65536) {
    writer.uint8(head)
    writeUint16(count, writer)
  } else {
    writer.uint8(head + 1)
    writer.uint32Ordered(count)
  }
}

function writeText(
  source: Uint8Array,
  start: number,
  end: number,
  isString: boolean,
  writer: ByteWriter,
): void {
  const length = end - start
  if (isString && length < 32) {
    writer.uint8(0xa0 | length)
  } else if (length < 256) {
    writer.uint8(isString ? 0xd9 : 0xc4)
    writer.uint8(length)
  } else {
    writeHead(length, 0, 0, isString ? 0xda : 0xc5, writer)
  }
  copy(source, start, end, writer)
}

function copy(source: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  writer.reserve(end - start)
  const { bytes } = writer
  let at = writer.length
  for (let i = start; i < end; i++) bytes[at++] = source[i]!
  writer.length = at
}

/** The digits of a decimal, last first; enough for 2^53 with its zeros and the point. */
const digits = new Uint8Array(64)

function writeDecimal(column: IntegerColumn, row: number, scale: number, writer: ByteWriter): void {
  if (column.wide !== undefined) {
    const text = encoder.encode(formatDecimal(exactInteger(column, row), scale))
    writeText(text, 0, text.length, true, writer)
    return
  }
  const value = column.values[row]!
  let rest = Math.abs(value)
  let at = digits.length
  for (let i = 0; rest > 0 || i <= scale; i++) {
    if (i === scale && scale > 0) digits[--at] = 46
    const next = Math.floor(rest / 10)
    digits[--at] = 48 + rest - next * 10
    rest = next
  }
  if (value < 0) digits[--at] = 45
  writeText(digits, at, digits.length, true, writer)
}

function writeUint16(value: number, writer: ByteWriter): void {
  writer.uint8(value >> 8)
  writer.uint8(value & 0xff)
}

function writeInteger(value: number, writer: ByteWriter): void {
  if (value >= 0) writePositive(value, writer)
  else writeNegative(value, writer)
}

function writePositive(value: number, writer: ByteWriter): void {
  if (value < 128) {
    writer.uint8(value)
  } else if (value < 256) {
    writer.uint8(0xcc)
    writer.uint8(value)
  } else if (value < 65536) {
    writer.uint8(0xcd)
    writeUint16(value, writer)
  } else if (value < 4294967296) {
    writer.uint8(0xce)
    writer.uint32Ordered(value)
  } else {
    writer.uint8(0xcf)
    writeWords(value, writer)
  }
}

function writeNegative(value: number, writer: ByteWriter): void {
  if (value >= -32) {
    writer.uint8(value & 0xff)
  } else if (value >= -128) {
    writer.uint8(0xd0)
    writer.uint8(value & 0xff)
  } else if (value >= -32768) {
    writer.uint8(0xd1)
    writeUint16(value & 0xffff, writer)
  } else if (value >= -2147483648) {
    writer.uint8(0xd2)
    writer.uint32Ordered(value >>> 0)
  } else {
    writer.uint8(0xd3)
    writeWords(value, writer)
  }
}

function writeWords(value: number, writer: ByteWriter): void {
  const high = Math.floor(value / 4294967296)
  writer.uint32Ordered(high >>> 0)
  writer.uint32Ordered(value - high * 4294967296)
}

function writeWide(value: bigint, writer: ByteWriter): void {
  const number = Number(value)
  if (Number.isSafeInteger(number)) {
    writeInteger(number, writer)
    return
  }
  writer.uint8(value < 0n ? 0xd3 : 0xcf)
  writer.uint32Ordered(Number(BigInt.asUintN(32, value >> 32n)))
  writer.uint32Ordered(Number(BigInt.asUintN(32, value)))
}

function writeFloat(value: number, writer: ByteWriter): void {
  double[0] = value
  writer.uint8(0xcb)
  writer.uint32Ordered(doubleWords[1]!)
  writer.uint32Ordered(doubleWords[0]!)
}
