// Arrow tables back into columns of a schema, by column name. Wider and narrower forms that other
// writers choose are taken where every value fits (uint8 → int32, milliseconds, large offsets,
// Arrow dictionaries); anything else is refused with both types. Extra Arrow columns are ignored.
import * as arrow from 'apache-arrow'
import {
  type Column,
  columnBuilder,
  concatColumns,
  gatherColumn,
  integerColumn,
  sliceColumn,
} from '../../batch/index.ts'
import { assert, StateMismatchError } from '../../errors.ts'
import { type DataType, type Field, type Schema, typeName } from '../../schema/index.ts'
import {
  bits,
  float64Values,
  int128,
  microseconds,
  nullsOf,
  offsetsOf,
  words,
} from './arrow-values.ts'

/** Columns of one schema; not bounded by BATCH_RECORDS_MAX, the reader slices them into batches. */
export interface ArrowColumns {
  readonly columns: readonly Column[]
  readonly length: number
}

/**
 * All rows of a table as columns of `schema`. Memory is shared with the table where layouts agree.
 * @throws StateMismatchError ARROW_SCHEMA when a column is missing, null or of another type.
 */
export function fromArrow(table: arrow.Table, schema: Schema<unknown>): ArrowColumns {
  const parts = table.batches.map((batch) => columnsFromArrow(batch, schema))
  if (parts.length === 0) {
    return { columns: schema.fields.map((field) => columnBuilder(field).finish()), length: 0 }
  }
  const columns = schema.fields.map((_, i) =>
    concatColumns(
      parts.map((part) => {
        const column = part.columns[i]
        assert(column !== undefined, `column ${i} of an Arrow batch`)
        return column
      }),
    ),
  )
  return { columns, length: table.numRows }
}

/** The same for one Arrow batch, so that a large file is read piece by piece. */
export function columnsFromArrow(batch: arrow.RecordBatch, schema: Schema<unknown>): ArrowColumns {
  const names = batch.schema.fields.map((field) => field.name)
  const columns = schema.fields.map((field) => {
    const data = batch.data.children[names.indexOf(field.name)]
    return fieldColumn(field, data, batch.numRows)
  })
  return { columns, length: batch.numRows }
}

function fieldColumn(field: Field, data: arrow.Data | undefined, length: number): Column {
  if (data === undefined || arrow.DataType.isNull(data.type)) {
    if (!field.nullable && length > 0) throw mismatch(field, data === undefined ? 'none' : 'null')
    return nullColumn(field, length)
  }
  const nulls = nullsOf(data)
  if (nulls !== undefined && !field.nullable) throw mismatch(field, 'null values')
  return column(field, data, nulls)
}

function column(field: Field, data: arrow.Data, nulls: Uint8Array | undefined): Column {
  const { type } = data
  if (arrow.DataType.isDictionary(type)) return dictionaryColumn(field, data, nulls)
  switch (field.type.kind) {
    case 'bool':
      if (arrow.DataType.isBool(type)) return { kind: 'bool', values: bits(data, nulls), nulls }
      break
    case 'int32':
    case 'date':
      return { kind: 'int32', values: int32Values(field, data, nulls), nulls }
    case 'float64':
      if (!arrow.DataType.isFloat(type) || type.precision === arrow.Precision.HALF) break
      return { kind: 'float64', values: float64Values(data, nulls), nulls }
    case 'timestamp': {
      if (!arrow.DataType.isTimestamp(type)) break
      return { kind: 'float64', values: microseconds(words(data, nulls), type.unit), nulls }
    }
    case 'int64':
      return int64Column(field, data, nulls)
    case 'decimal':
      return decimalColumn(field, field.type, data, nulls)
    case 'string':
    case 'bytes':
      return textColumn(field, data, nulls)
    case 'list':
      return listColumn(field, field.type.item, data, nulls)
    case 'struct':
      return structColumn(field, field.type.fields, data, nulls)
  }
  throw mismatch(field, String(type))
}

function int32Values(field: Field, data: arrow.Data, nulls: Uint8Array | undefined): Int32Array {
  const { type } = data
  if (field.type.kind === 'date') {
    if (!arrow.DataType.isDate(type) || type.unit !== arrow.DateUnit.DAY) {
      throw mismatch(field, String(type))
    }
  } else {
    const fits = arrow.DataType.isInt(type) && (type.bitWidth < 32 || isInt32(type))
    if (!fits) throw mismatch(field, String(type))
  }
  const source: Int32Array = data.values
  const isSame = source instanceof Int32Array && nulls === undefined
  if (isSame) return source.subarray(0, data.length)
  const values = new Int32Array(data.length)
  for (let i = 0; i < values.length; i++) {
    if (nulls === undefined || nulls[i] === 0) values[i] = source[i]!
  }
  return values
}

function isInt32(type: arrow.Int): boolean {
  return type.bitWidth === 32 && type.isSigned
}

function int64Column(field: Field, data: arrow.Data, nulls: Uint8Array | undefined): Column {
  const { type } = data
  if (!arrow.DataType.isInt(type)) throw mismatch(field, String(type))
  if (type.bitWidth < 64) {
    return { kind: 'integer', values: float64Values(data, nulls), wide: undefined, nulls }
  }
  if (!type.isSigned) throw mismatch(field, String(type))
  const values = words(data, nulls)
  if (values.every(Number.isSafeInteger)) {
    return { kind: 'integer', values, wide: undefined, nulls }
  }
  const source: BigInt64Array = data.values
  const wide = Array.from(values, (_, i) => (nulls?.[i] === 1 ? 0n : source[i]!))
  return { kind: 'integer', values, wide, nulls }
}

function decimalColumn(
  field: Field,
  own: DataType & { kind: 'decimal' },
  data: arrow.Data,
  nulls: Uint8Array | undefined,
): Column {
  const { type } = data
  const fits =
    arrow.DataType.isDecimal(type) && type.scale === own.scale && type.precision <= own.precision
  if (!fits || type.bitWidth !== 128) throw mismatch(field, String(type))
  const parts: Uint32Array = data.values
  const values = new Float64Array(data.length)
  let isWide = false
  for (let i = 0; i < values.length; i++) {
    if (nulls !== undefined && nulls[i] === 1) continue
    const high = parts[4 * i + 1]! | 0
    values[i] = high * 4294967296 + parts[4 * i]!
    const sign = high < 0 ? 0xffffffff : 0
    const isNarrow = parts[4 * i + 2] === sign && parts[4 * i + 3] === sign
    if (!isNarrow || !Number.isSafeInteger(values[i])) isWide = true
  }
  if (!isWide) return { kind: 'integer', values, wide: undefined, nulls }
  const exact = Array.from(values, (_, i) => (nulls?.[i] === 1 ? 0n : int128(parts, i)))
  return integerColumn(exact, nulls)
}

function textColumn(field: Field, data: arrow.Data, nulls: Uint8Array | undefined): Column {
  const { type } = data
  const isText = arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type)
  const isBinary = arrow.DataType.isBinary(type) || arrow.DataType.isLargeBinary(type)
  if (field.type.kind === 'string' ? !isText : !isBinary) throw mismatch(field, String(type))
  const offsets = offsetsOf(data)
  return normalised({ kind: 'plain', offsets, bytes: data.values, nulls }, offsets, nulls)
}

function listColumn(
  field: Field,
  item: Field,
  data: arrow.Data,
  nulls: Uint8Array | undefined,
): Column {
  if (!arrow.DataType.isList(data.type)) throw mismatch(field, String(data.type))
  const [child] = data.children
  const items = fieldColumn(item, child, child?.length ?? 0)
  const offsets = offsetsOf(data)
  return normalised({ kind: 'list', offsets, items, nulls }, offsets, nulls)
}

function structColumn(
  field: Field,
  fields: readonly Field[],
  data: arrow.Data,
  nulls: Uint8Array | undefined,
): Column {
  if (!arrow.DataType.isStruct(data.type)) throw mismatch(field, String(data.type))
  const names = data.type.children.map((child) => child.name)
  const columns = fields.map((own) => {
    // Below a null struct every field is null, whatever the field allows.
    const open = { ...own, nullable: own.nullable || nulls !== undefined }
    return fieldColumn(open, data.children[names.indexOf(own.name)], data.length)
  })
  return { kind: 'struct', fields: columns, length: data.length, nulls }
}

function dictionaryColumn(field: Field, data: arrow.Data, nulls: Uint8Array | undefined): Column {
  const parts = data.dictionary?.data ?? []
  const values = parts.map((part) => fieldColumn({ ...field, nullable: true }, part, part.length))
  const rows = Int32Array.from({ length: data.length }, (_, i) => {
    return nulls?.[i] === 1 ? 0 : Number(data.values[i])
  })
  if (values.length === 0 || nulls?.every((isNull) => isNull === 1)) {
    return nullColumn(field, data.length)
  }
  const picked = gatherColumn(concatColumns(values), rows)
  if (nulls === undefined) return picked
  return normalisedText(picked, nulls)
}

function normalisedText(column: Column, nulls: Uint8Array): Column {
  assert(column.kind === 'plain', `a dictionary of ${column.kind}`)
  return normalised({ ...column, nulls }, column.offsets, nulls)
}

/** Arrow allows any range below a null; ours are empty. */
function normalised(column: Column, offsets: Int32Array, nulls: Uint8Array | undefined): Column {
  if (nulls === undefined) return column
  let isClean = true
  for (let i = 0; i < nulls.length; i++) {
    if (nulls[i] === 1 && offsets[i] !== offsets[i + 1]) isClean = false
  }
  if (isClean) return column
  const parts = Array.from(nulls, (isNull, i) =>
    isNull === 1 ? emptyRow(column, i) : sliceColumn(column, i, i + 1),
  )
  return concatColumns(parts)
}

function emptyRow(column: Column, row: number): Column {
  const nulls = new Uint8Array([1])
  const at = new Int32Array(2)
  if (column.kind === 'plain') at.fill(column.offsets[row]!)
  if (column.kind === 'list') at.fill(column.offsets[row]!)
  assert(column.kind === 'plain' || column.kind === 'list', `offsets of ${column.kind}`)
  return { ...column, offsets: at, nulls }
}

function nullColumn(field: Field, length: number): Column {
  const builder = columnBuilder({ ...field, nullable: true })
  for (let i = 0; i < length; i++) builder.append(null)
  return builder.finish()
}

function mismatch(field: Field, found: string): StateMismatchError {
  return new StateMismatchError({
    code: 'ARROW_SCHEMA',
    message: `column "${field.name}" can not be read`,
    expected: `${typeName(field.type)}${field.nullable ? ' or null' : ''}`,
    found,
    remedy: 'Read the file with the schema that it was written with.',
  })
}
