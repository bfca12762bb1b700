// One column as bytes, under its field: what the batch codec repeats for every column.
//
//   uint8 form (below) + 128 where nulls follow │ nulls as flags │ body
//
//   form │ types                     body (numbers and flags: see array-codec.ts)
//   1    │ bool                      flags
//   2    │ int32 date timestamp      numbers
//        │ int64 decimal             numbers, all within ± (2^53 - 1)
//   3    │ float64                   rows × float64
//   4    │ int64; decimal            rows × int64; rows × 128-bit two's complement, low word first
//   5    │ string bytes              lengths │ bytes
//   6    │ string bytes              varint values │ their lengths │ their bytes │ ids as numbers
//   7    │ list                      lengths │ column of all items
//   8    │ struct                    columns
//
// A dictionary column is written with only the values it uses; when nearly every row has a value of
// its own it is written plain, which is smaller and faster to read.
import {
  type ByteReader,
  type ByteWriter,
  type Column,
  Dictionary,
  type DictionaryColumn,
  type IntegerColumn,
  integerColumn,
  type PlainColumn,
  sliceColumn,
  toPlain,
} from '../batch/index.ts'
import { assert } from '../errors.ts'
import { type Field, typeName } from '../schema/index.ts'
import {
  corrupt,
  readDoubles,
  readFlags,
  readInt32s,
  readNumbers,
  readOffsets,
  writeDoubles,
  writeFlags,
  writeLengths,
  writeNumbers,
} from './array-codec.ts'

const NULLS = 128

/** Writes a column; `isItems` where the reader does not know a bound of its length. */
export function writeColumn(
  column: Column,
  field: Field,
  isItems: boolean,
  writer: ByteWriter,
): void {
  switch (column.kind) {
    case 'bool':
      head(1, column, writer)
      writeFlags(column.values, writer)
      return
    case 'int32':
      head(2, column, writer)
      writeNumbers(column.values, isItems, writer)
      return
    case 'float64':
      if (field.type.kind === 'timestamp') {
        head(2, column, writer)
        writeNumbers(column.values, isItems, writer)
      } else {
        head(3, column, writer)
        writeDoubles(column.values, column.values.length, writer)
      }
      return
    case 'integer':
      if (column.wide === undefined) {
        head(2, column, writer)
        writeNumbers(column.values, isItems, writer)
      } else {
        head(4, column, writer)
        writeWide(column, column.wide, field, writer)
      }
      return
    case 'dictionary':
      writeDictionary(column, isItems, writer)
      return
    case 'plain':
      writePlain(column, isItems, writer)
      return
    case 'list': {
      assert(field.type.kind === 'list', `a list column under ${field.type.kind}`)
      const { offsets, items } = column
      head(7, column, writer)
      writeLengths(offsets, isItems, writer)
      const all = sliceColumn(items, offsets[0]!, offsets[offsets.length - 1]!)
      writeColumn(all, field.type.item, true, writer)
      return
    }
    case 'struct': {
      assert(field.type.kind === 'struct', `a struct column under ${field.type.kind}`)
      head(8, column, writer)
      for (const [i, own] of field.type.fields.entries()) {
        const child = column.fields[i]
        assert(child !== undefined, `struct field ${i} of ${column.fields.length}`)
        writeColumn(child, own, isItems, writer)
      }
    }
  }
}

function head(form: number, column: Column, writer: ByteWriter): void {
  const { nulls } = column
  writer.uint8(nulls === undefined ? form : form | NULLS)
  if (nulls !== undefined) writeFlags(nulls, writer)
}

function writeWide(
  column: IntegerColumn,
  wide: readonly bigint[],
  field: Field,
  writer: ByteWriter,
): void {
  const isDecimal = field.type.kind === 'decimal'
  writer.reserve(wide.length * (isDecimal ? 16 : 8))
  assert(wide.length === column.values.length, 'as many wide values as values')
  for (const value of wide) {
    writer.bigInt64(BigInt.asIntN(64, value))
    if (isDecimal) writer.bigInt64(value >> 64n)
  }
}

function writePlain(column: PlainColumn, isItems: boolean, writer: ByteWriter): void {
  const { offsets, bytes } = column
  head(5, column, writer)
  writeLengths(offsets, isItems, writer)
  writer.raw(bytes, offsets[0]!, offsets[offsets.length - 1]!)
}

/** Local id + 1 of each dictionary id, 0 where unused; cleared after each column. */
let locals = new Int32Array(1024)

function writeDictionary(column: DictionaryColumn, isItems: boolean, writer: ByteWriter): void {
  const { ids, dictionary } = column
  if (dictionary.size > locals.length) locals = new Int32Array(dictionary.size * 2)
  const used = new Int32Array(ids.length)
  const mapped = new Int32Array(ids.length)
  let count = 0
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (id < 0) continue
    let local = locals[id]!
    if (local === 0) {
      used[count++] = id
      local = count
      locals[id] = local
    }
    mapped[i] = local - 1
  }
  for (let i = 0; i < count; i++) locals[used[i]!] = 0
  if (count * 4 > ids.length * 3) {
    writePlain(toPlain(column), isItems, writer)
    return
  }
  head(6, column, writer)
  const values = used.subarray(0, count)
  const plain = toPlain({ kind: 'dictionary', ids: values, dictionary, nulls: undefined })
  writer.varint(count)
  writeLengths(plain.offsets, true, writer)
  writer.raw(plain.bytes)
  writeNumbers(mapped, isItems, writer)
}

/**
 * Reads a column of `rows` rows. Texts go into `dictionary` where one is given.
 * @throws StateCorruptError BATCH_CORRUPT when the bytes do not hold such a column.
 */
export function readColumn(
  field: Field,
  rows: number,
  isItems: boolean,
  reader: ByteReader,
  dictionary?: Dictionary,
): Column {
  const first = reader.uint8()
  const nulls = first >= NULLS ? readFlags(rows, reader) : undefined
  const form = first % NULLS
  const { type } = field
  switch (type.kind) {
    case 'bool':
      if (form === 1) return { kind: 'bool', values: readFlags(rows, reader), nulls }
      break
    case 'int32':
    case 'date':
      if (form === 2) return { kind: 'int32', values: readInt32s(rows, isItems, reader), nulls }
      break
    case 'timestamp':
      if (form === 2) return { kind: 'float64', values: readNumbers(rows, isItems, reader), nulls }
      break
    case 'float64':
      if (form === 3) return { kind: 'float64', values: readDoubles(rows, reader), nulls }
      break
    case 'int64':
    case 'decimal':
      if (form === 2) {
        return {
          kind: 'integer',
          values: readNumbers(rows, isItems, reader),
          wide: undefined,
          nulls,
        }
      }
      if (form === 4) return readWide(type.kind === 'decimal', rows, nulls, reader)
      break
    case 'string':
    case 'bytes':
      if (form === 5) return readPlain(rows, isItems, nulls, reader, dictionary)
      if (form === 6) return readDictionary(rows, isItems, nulls, reader, dictionary)
      break
    case 'list': {
      if (form !== 7) break
      const offsets = readOffsets(rows, isItems, 8 * reader.remaining, reader)
      const items = readColumn(type.item, offsets[rows]!, true, reader)
      return { kind: 'list', offsets, items, nulls }
    }
    case 'struct': {
      if (form !== 8) break
      const fields = type.fields.map((own) => readColumn(own, rows, isItems, reader))
      return { kind: 'struct', fields, length: rows, nulls }
    }
  }
  throw corrupt(`a form of ${typeName(type)} in column "${field.name}"`, `${form}`)
}

function readWide(
  isDecimal: boolean,
  rows: number,
  nulls: Uint8Array | undefined,
  reader: ByteReader,
): Column {
  const size = rows * (isDecimal ? 16 : 8)
  if (size > reader.remaining) throw corrupt(`${size} bytes`, `${reader.remaining}`)
  const exact = Array.from({ length: rows }, () => {
    const low = reader.bigInt64()
    return isDecimal ? (reader.bigInt64() << 64n) | BigInt.asUintN(64, low) : low
  })
  return integerColumn(exact, nulls)
}

function readPlain(
  rows: number,
  isItems: boolean,
  nulls: Uint8Array | undefined,
  reader: ByteReader,
  dictionary: Dictionary | undefined,
): Column {
  const offsets = readOffsets(rows, isItems, reader.remaining, reader)
  const source = reader.raw(offsets[rows]!)
  if (dictionary === undefined)
    return { kind: 'plain', offsets, bytes: new Uint8Array(source), nulls }
  const ids = new Int32Array(rows)
  for (let i = 0; i < rows; i++) {
    const isNull = nulls !== undefined && nulls[i] === 1
    ids[i] = isNull ? -1 : dictionary.intern(source, offsets[i]!, offsets[i + 1]!)
  }
  return { kind: 'dictionary', ids, dictionary, nulls }
}

function readDictionary(
  rows: number,
  isItems: boolean,
  nulls: Uint8Array | undefined,
  reader: ByteReader,
  dictionary: Dictionary = new Dictionary(),
): Column {
  const count = reader.varint()
  if (count > rows) throw corrupt(`at most ${rows} values`, `${count}`)
  const offsets = readOffsets(count, true, reader.remaining, reader)
  const source = reader.raw(offsets[count]!)
  const known = new Int32Array(count)
  for (let i = 0; i < count; i++) known[i] = dictionary.intern(source, offsets[i]!, offsets[i + 1]!)
  const ids = readInt32s(rows, isItems, reader)
  for (let i = 0; i < rows; i++) {
    if (nulls !== undefined && nulls[i] === 1) {
      ids[i] = -1
      continue
    }
    const local = ids[i]!
    if (!(local >= 0 && local < count)) throw corrupt(`an id below ${count}`, `${local}`)
    ids[i] = known[local]!
  }
  return { kind: 'dictionary', ids, dictionary, nulls }
}
