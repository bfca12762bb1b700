// RowWriter: rows of a batch as bytes of the row codec, straight from columns. Lists and structs go
// by way of row objects; the layout is the codec's (engine/codec/row-codec.ts), which reads it.
import {
  type ByteWriter,
  type Column,
  columnAt,
  exactInteger,
  isNull,
  type RecordBatch,
  rowAt,
} from '../../engine/batch/index.ts'
import { type RowCodec, rowCodec } from '../../engine/codec/index.ts'
import { assert } from '../../engine/errors.ts'
import type { Field, Schema } from '../../engine/schema/index.ts'

const VERSION = 1

export class RowWriter {
  readonly #fields: readonly Field[]
  readonly #codec: RowCodec
  readonly #isFlat: boolean
  readonly #bitBytes: number

  constructor(schema: Schema<unknown>) {
    this.#fields = schema.fields
    this.#codec = rowCodec(schema)
    this.#isFlat = schema.fields.every(({ type }) => type.kind !== 'list' && type.kind !== 'struct')
    this.#bitBytes = (schema.fields.filter((field) => field.nullable).length + 7) >> 3
  }

  /** Appends one row. */
  write(batch: RecordBatch, row: number, writer: ByteWriter): void {
    if (!this.#isFlat) {
      this.#codec.encode(rowAt(batch, row), writer)
      return
    }
    writer.uint8(VERSION)
    const bits = writer.length
    for (let i = 0; i < this.#bitBytes; i++) writer.uint8(0)
    const fields = this.#fields
    let bit = 0
    for (let i = 0; i < fields.length; i++) {
      const column = columnAt(batch, i)
      const isMissing = isNull(column, row)
      if (fields[i]?.nullable === true) {
        if (isMissing) writer.bytes[bits + (bit >> 3)]! |= 1 << (bit & 7)
        bit++
      }
      if (!isMissing) writeValue(column, row, writer)
    }
  }
}

function writeValue(column: Column, row: number, writer: ByteWriter): void {
  switch (column.kind) {
    case 'bool':
      writer.uint8(column.values[row]!)
      break
    case 'int32':
      writer.signedVarint(column.values[row]!)
      break
    case 'float64':
      writer.float64(column.values[row]!)
      break
    case 'integer':
      if (column.wide === undefined) writeNarrow(column.values[row]!, writer)
      else writeWide(exactInteger(column, row), writer)
      break
    case 'dictionary': {
      const { bytes, offsets } = column.dictionary
      const id = column.ids[row]!
      writeText(bytes, offsets[id]!, offsets[id + 1]!, writer)
      break
    }
    case 'plain':
      writeText(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, writer)
      break
    default:
      assert(false, `a ${column.kind} column of a flat row`)
  }
}

function writeText(bytes: Uint8Array, start: number, end: number, writer: ByteWriter): void {
  writer.varint(end - start)
  writer.raw(bytes, start, end)
}

/** Two's complement in as few bytes as keep the sign, their number first. */
function writeNarrow(value: number, writer: ByteWriter): void {
  const at = writer.length
  writer.uint8(0)
  let rest = value
  let top = 0
  while (rest !== 0 && rest !== -1) {
    const next = Math.floor(rest / 256)
    top = rest - next * 256
    writer.uint8(top)
    rest = next
  }
  const isNegative = rest === -1
  if (top >= 128 !== isNegative) writer.uint8(isNegative ? 0xff : 0)
  writer.bytes[at] = writer.length - at - 1
}

function writeWide(value: bigint, writer: ByteWriter): void {
  const at = writer.length
  writer.uint8(0)
  let rest = value
  let top = 0
  while (rest !== 0n && rest !== -1n) {
    top = Number(BigInt.asUintN(8, rest))
    writer.uint8(top)
    rest >>= 8n
  }
  const isNegative = rest === -1n
  if (top >= 128 !== isNegative) writer.uint8(isNegative ? 0xff : 0)
  writer.bytes[at] = writer.length - at - 1
}
