// The bytes of a key inside the engine: one part a key column, type-tagged, so that equal keys have
// equal bytes and the columns can be made again from them. It's not the key codec of topics and it
// keeps no order: rows of keyed tables are ordered by the key's sequence number.
//
//   part:  0                                  null
//          1 + 8 bytes (integer, big-endian)  int32, date, timestamp, int64, decimal, bool
//          2 + 16 bytes (two's complement)    int64 and decimal beyond ± (2^53 - 1)
//          3 + 8 bytes (IEEE 754)             float64; -0 counts as 0, all NaN are one key
//          4 + varint length + bytes          string, bytes
import {
  type ByteWriter,
  type Column,
  exactInteger,
  integerColumn,
  type PlainColumn,
} from '../batch/index.ts'
import { assert, assertNever, ConfigError, StateCorruptError } from '../errors.ts'
import { type DataType, type Field, typeName } from '../schema/index.ts'

const TAG_NULL = 0
const TAG_INTEGER = 1
const TAG_WIDE = 2
const TAG_FLOAT = 3
const TAG_TEXT = 4

/** @throws ConfigError KEY_TYPE for a column that can't be part of a key. */
export function checkKeyFields(fields: readonly Field[]): void {
  for (const { name, type } of fields) {
    if (type.kind !== 'list' && type.kind !== 'struct') continue
    throw new ConfigError({
      code: 'KEY_TYPE',
      message: `column "${name}" can not be part of a key`,
      expected: 'a column that is neither a list nor a struct',
      found: typeName(type),
      remedy: 'Key by the columns inside of it.',
    })
  }
}

/** True when a key of this one type is looked up as a number instead of as bytes. */
export function isIntegerKey(type: DataType): boolean {
  switch (type.kind) {
    case 'int32':
    case 'int64':
    case 'date':
    case 'timestamp':
    case 'decimal':
      return true
    default:
      return false
  }
}

/** Appends the part of one column of one row. */
export function encodeKeyPart(column: Column, field: Field, row: number, into: ByteWriter): void {
  if (column.nulls !== undefined && column.nulls[row] === 1) {
    into.uint8(TAG_NULL)
    return
  }
  switch (column.kind) {
    case 'bool':
    case 'int32':
      encodeIntegerPart(column.values[row]!, into)
      return
    case 'float64':
      if (field.type.kind === 'timestamp') encodeIntegerPart(column.values[row]!, into)
      else encodeFloatPart(column.values[row]!, into)
      return
    case 'integer': {
      const value = column.values[row]!
      if (column.wide === undefined || Number.isSafeInteger(value)) encodeIntegerPart(value, into)
      else encodeWidePart(exactInteger(column, row), into)
      return
    }
    case 'dictionary': {
      const id = column.ids[row]!
      const { bytes, offsets } = column.dictionary
      encodeTextPart(bytes, offsets[id]!, offsets[id + 1]!, into)
      return
    }
    case 'plain':
      encodeTextPart(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, into)
      return
    case 'list':
    case 'struct':
      assert(false, `a key column of kind ${column.kind}`)
      return
    default:
      assertNever(column)
  }
}

export function encodeNullPart(into: ByteWriter): void {
  into.uint8(TAG_NULL)
}

export function encodeIntegerPart(value: number, into: ByteWriter): void {
  into.uint8(TAG_INTEGER)
  into.integerOrdered(value)
}

export function encodeWidePart(value: bigint, into: ByteWriter): void {
  into.uint8(TAG_WIDE)
  into.bigInt64(BigInt.asIntN(64, value >> 64n))
  into.bigInt64(BigInt.asIntN(64, value))
}

export function encodeTextPart(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: ByteWriter,
): void {
  const length = end - start
  into.reserve(length + 9)
  into.uint8(TAG_TEXT)
  into.varint(length)
  const target = into.bytes
  let at = into.length
  for (let i = start; i < end; i++) target[at++] = bytes[i]!
  into.length = at
}

/** Places in stored keys: key i goes on at `bytes[at[i]]`. `view` is over the same bytes. */
export interface KeyCursors {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly at: Int32Array
}

/** Reads the part of one column from every key and moves each cursor behind it. */
export function decodeKeyColumn(field: Field, from: KeyCursors): Column {
  const nulls = new Uint8Array(from.at.length)
  const column = decodeValues(field.type, from, nulls)
  return nulls.includes(1) ? { ...column, nulls } : column
}

/** Checks that bytes which come from outside are one whole key. @throws StateCorruptError KEY_BYTES */
export function checkKey(fields: readonly Field[], bytes: Uint8Array): void {
  let at = 0
  for (const field of fields) {
    const tag = bytes[at++]
    if (tag === TAG_NULL) continue
    if (tag === undefined || !isTagOf(tag, field.type)) {
      throw damaged(`tag ${tag} for "${field.name}" (${typeName(field.type)})`)
    }
    if (tag === TAG_WIDE) at += 16
    else if (tag !== TAG_TEXT) at += 8
    else {
      let byte = bytes[at++] ?? 0
      let length = byte & 0x7f
      for (let factor = 128; byte >= 0x80; factor *= 128) {
        byte = bytes[at++] ?? 0
        length += (byte & 0x7f) * factor
      }
      at += length
    }
  }
  if (at !== bytes.length) throw damaged(`${bytes.length} bytes for a key of ${at}`)
}

/** The number that a key of one integer column holds; NaN where it is null or wide. */
export function integerOfKey(key: Uint8Array): number {
  if (key.length !== 9 || key[0] !== TAG_INTEGER) return Number.NaN
  return integerAt(new DataView(key.buffer, key.byteOffset, key.byteLength), 1)
}

/** Where the text of a key of one text column begins, up to the key's end; -1 where it is null. */
export function textOfKey(bytes: Uint8Array, start: number): number {
  let at = start
  if (bytes[at++] === TAG_NULL) return -1
  while (bytes[at++]! >= 0x80);
  return at
}

function decodeValues(type: DataType, from: KeyCursors, nulls: Uint8Array): Column {
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool', values: Uint8Array.from(numbers(from, nulls)), nulls: undefined }
    case 'int32':
    case 'date':
      return { kind: 'int32', values: Int32Array.from(numbers(from, nulls)), nulls: undefined }
    case 'timestamp':
    case 'float64':
      return { kind: 'float64', values: numbers(from, nulls), nulls: undefined }
    case 'int64':
    case 'decimal':
      return exactIntegers(from, nulls)
    case 'string':
    case 'bytes':
      return texts(from, nulls)
    default:
      throw damaged(`a key column of type ${typeName(type)}`)
  }
}

function numbers({ bytes, view, at }: KeyCursors, nulls: Uint8Array): Float64Array {
  const values = new Float64Array(at.length)
  for (let i = 0; i < at.length; i++) {
    const start = at[i]!
    const tag = bytes[start]!
    if (tag === TAG_NULL) {
      nulls[i] = 1
      at[i] = start + 1
    } else {
      values[i] = tag === TAG_FLOAT ? view.getFloat64(start + 1, true) : integerAt(view, start + 1)
      at[i] = start + 9
    }
  }
  return values
}

function exactIntegers({ bytes, view, at }: KeyCursors, nulls: Uint8Array): Column {
  const values = new Float64Array(at.length)
  const wide = new Map<number, bigint>()
  for (let i = 0; i < at.length; i++) {
    const start = at[i]!
    const tag = bytes[start]!
    if (tag === TAG_NULL) {
      nulls[i] = 1
      at[i] = start + 1
    } else if (tag === TAG_INTEGER) {
      values[i] = integerAt(view, start + 1)
      at[i] = start + 9
    } else {
      const low = view.getBigInt64(start + 9, true)
      wide.set(i, (view.getBigInt64(start + 1, true) << 64n) | BigInt.asUintN(64, low))
      at[i] = start + 17
    }
  }
  if (wide.size === 0) return { kind: 'integer', values, wide: undefined, nulls: undefined }
  return integerColumn(
    Array.from(values, (value, i) => wide.get(i) ?? BigInt(value)),
    undefined,
  )
}

function texts({ bytes, at }: KeyCursors, nulls: Uint8Array): PlainColumn {
  const count = at.length
  const offsets = new Int32Array(count + 1)
  const starts = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    let start = at[i]!
    let length = 0
    if (bytes[start++] === TAG_NULL) nulls[i] = 1
    else {
      let byte = bytes[start++]!
      length = byte & 0x7f
      for (let factor = 128; byte >= 0x80; factor *= 128) {
        byte = bytes[start++]!
        length += (byte & 0x7f) * factor
      }
    }
    starts[i] = start
    at[i] = start + length
    offsets[i + 1] = offsets[i]! + length
  }
  const text = new Uint8Array(offsets[count]!)
  for (let i = 0, to = 0; i < count; i++) {
    const end = at[i]!
    for (let b = starts[i]!; b < end; b++) text[to++] = bytes[b]!
  }
  return { kind: 'plain', offsets, bytes: text, nulls: undefined }
}

function integerAt(view: DataView, at: number): number {
  const high = (view.getUint32(at) ^ 0x80000000) | 0
  return high * 4294967296 + view.getUint32(at + 4)
}

function encodeFloatPart(value: number, into: ByteWriter): void {
  into.uint8(TAG_FLOAT)
  into.float64(Number.isNaN(value) ? Number.NaN : value + 0)
}

function isTagOf(tag: number, type: DataType): boolean {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return tag === TAG_TEXT
    case 'float64':
      return tag === TAG_FLOAT
    case 'int64':
    case 'decimal':
      return tag === TAG_INTEGER || tag === TAG_WIDE
    default:
      return tag === TAG_INTEGER
  }
}

function damaged(found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'KEY_BYTES',
    message: 'the bytes of a stored key can not be read',
    found,
    remedy: 'Restore a savepoint.',
  })
}
