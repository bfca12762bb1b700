// Batches as Arrow tables and IPC streams. Arrays that already have Arrow's layout are wrapped, not
// copied; integers, times, bools and nulls are converted in one loop each. One ArrayBuffer is never
// wrapped twice in an Arrow batch: the IPC writer of apache-arrow merges neighbouring chunks of one
// buffer and would write a broken stream.
import * as arrow from 'apache-arrow'
import {
  type BoolColumn,
  type Column,
  columnAt,
  columnLength,
  concatColumns,
  type IntegerColumn,
  type ListColumn,
  type PlainColumn,
  type RecordBatch,
  type StructColumn,
  sliceColumn,
  toPlain,
} from '../../batch/index.ts'
import { assert } from '../../errors.ts'
import type { DataType, Field } from '../../schema/index.ts'
import { arrowField, arrowSchema, type SystemColumn, systemField } from './arrow-schema.ts'

/** Rows of one Arrow batch of an IPC stream: the batches given are joined up to here. */
export const ARROW_ROWS_PER_BATCH = 65_536

export interface ArrowOptions {
  /** Added after the schema's columns, in this order. */
  readonly systemColumns?: readonly SystemColumn[]
}

/** An Arrow table with one Arrow batch for each batch; all of one schema, at least one. */
export function toArrow(
  batches: RecordBatch | readonly RecordBatch[],
  options: ArrowOptions = {},
): arrow.Table {
  const list = isBatch(batches) ? [batches] : batches
  return tableOf(
    list.map((batch) => [batch]),
    options,
    false,
  )
}

/** The IPC stream of the batches (for parquet-wasm), joined up to ARROW_ROWS_PER_BATCH rows. */
export function toArrowIpc(
  batches: readonly RecordBatch[],
  options: ArrowOptions = {},
): Uint8Array {
  const groups: RecordBatch[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const batch of batches) {
    if (rows + batch.length > ARROW_ROWS_PER_BATCH) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)?.push(batch)
    rows += batch.length
  }
  return arrow.tableToIPC(tableOf(groups, options, true), 'stream')
}

function isBatch(batches: RecordBatch | readonly RecordBatch[]): batches is RecordBatch {
  return 'kind' in batches
}

/** What the columns of one Arrow batch share. */
interface Target {
  /** Buffers that the Arrow batch wraps already. */
  readonly seen: Set<ArrayBufferLike>
  /** Only the IPC writer will read the data. */
  readonly isStream: boolean
}

function tableOf(
  groups: readonly (readonly RecordBatch[])[],
  options: ArrowOptions,
  isStream: boolean,
): arrow.Table {
  const first = groups[0]?.[0]
  assert(first !== undefined, 'an Arrow table needs at least one batch, which tells the schema')
  const system = options.systemColumns ?? []
  const schema = arrowSchema(first.schema, system)
  const arrowBatches = groups.map((group) => {
    const target: Target = { seen: new Set(), isStream }
    const children = first.schema.fields.map((field, i) =>
      columnData(concatColumns(group.map((batch) => columnAt(batch, i))), field.type, target),
    )
    for (const name of system) {
      const column = concatColumns(group.map((batch) => systemColumn(batch, name)))
      children.push(columnData(column, systemField(name).type, target))
    }
    const length = group.reduce((sum, batch) => sum + batch.length, 0)
    const type = new arrow.Struct(schema.fields)
    return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }))
  })
  return new arrow.Table(schema, arrowBatches)
}

const changeTexts = new TextEncoder().encode('+I-U+U-D')

function systemColumn(batch: RecordBatch, name: SystemColumn): Column {
  const { length, source } = batch
  switch (name) {
    case '_event_time':
      return { kind: 'float64', values: batch.eventTimes, nulls: undefined }
    case '_change': {
      const bytes = new Uint8Array(2 * length)
      const offsets = new Int32Array(length + 1)
      for (let i = 0; i < length; i++) {
        const from = batch.changes === undefined ? 0 : 2 * batch.changes[i]!
        bytes[2 * i] = changeTexts[from]!
        bytes[2 * i + 1] = changeTexts[from + 1]!
        offsets[i + 1] = 2 * i + 2
      }
      return { kind: 'plain', offsets, bytes, nulls: undefined }
    }
    case '_partition': {
      const values = new Int32Array(length).fill(source?.partition ?? 0)
      const nulls = source === undefined ? new Uint8Array(length).fill(1) : undefined
      return { kind: 'int32', values, nulls }
    }
    case '_offset': {
      const values = new Float64Array(length)
      const nulls = new Uint8Array(length)
      for (let i = 0; i < length; i++) {
        const offset = source === undefined ? -1 : source.offsets[i]!
        if (offset >= 0) values[i] = offset
        else nulls[i] = 1
      }
      return { kind: 'integer', values, wide: undefined, nulls }
    }
  }
}

function columnData(column: Column, type: DataType, target: Target): arrow.Data {
  switch (column.kind) {
    case 'bool':
      return boolData(column, target)
    case 'int32': {
      const data = own(column.values, target)
      if (type.kind !== 'date') return flatData(new arrow.Int32(), column, data)
      return flatData(new arrow.DateDay(), column, data)
    }
    case 'float64': {
      if (type.kind !== 'timestamp') {
        return flatData(new arrow.Float64(), column, own(column.values, target))
      }
      const utc = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, 'UTC')
      return flatData(utc, column, int64Words(column.values))
    }
    case 'integer': {
      if (type.kind === 'decimal') {
        const decimal = new arrow.Decimal(type.scale, type.precision, 128)
        return flatData(decimal, column, decimalWords(column))
      }
      const data = column.wide ? BigInt64Array.from(column.wide) : int64Words(column.values)
      return flatData(new arrow.Int64(), column, data)
    }
    case 'dictionary':
    case 'plain':
      return textData(toPlain(column), type, target)
    case 'list':
      return listData(column, type, target)
    case 'struct':
      return structData(column, type, target)
  }
}

type FlatArray = Int32Array | Float64Array | BigInt64Array | Uint32Array | Uint8Array

/** Data of a type whose values stand in one array. */
function flatData(type: arrow.DataType, column: Column, data: FlatArray): arrow.Data {
  const { nullCount, nullBitmap } = validity(column.nulls)
  return new arrow.Data(type, 0, columnLength(column), nullCount, {
    [arrow.BufferType.DATA]: data,
    ...(nullBitmap && { [arrow.BufferType.VALIDITY]: nullBitmap }),
  })
}

function boolData(column: BoolColumn, target: Target): arrow.Data {
  const { length } = column.values
  if (target.isStream && validity(column.nulls).nullCount === length) {
    // The IPC writer leaves out the values of an all-null bool column, which arrow-rs refuses; as
    // bytes they are written. The type in the stream is the schema's.
    return flatData(new arrow.Uint8(), column, new Uint8Array(length))
  }
  return flatData(new arrow.Bool(), column, packBits(column.values, 1))
}

function textData(column: PlainColumn, type: DataType, target: Target): arrow.Data {
  const length = columnLength(column)
  const valueOffsets = own(column.offsets, target)
  const common = {
    length,
    ...validity(column.nulls),
    valueOffsets,
    data: own(column.bytes, target),
  }
  if (type.kind === 'bytes') return arrow.makeData({ type: new arrow.Binary(), ...common })
  return arrow.makeData({ type: new arrow.Utf8(), ...common })
}

function listData(column: ListColumn, type: DataType, target: Target): arrow.Data {
  assert(type.kind === 'list', `a list column under ${type.kind}`)
  const length = columnLength(column)
  const first = column.offsets[0]!
  const items = sliceColumn(column.items, first, column.offsets[length]!)
  return arrow.makeData({
    type: new arrow.List(arrowField(type.item)),
    length,
    ...validity(column.nulls),
    valueOffsets: column.offsets.map((offset) => offset - first),
    child: columnData(items, type.item.type, target),
  })
}

function structData(column: StructColumn, type: DataType, target: Target): arrow.Data {
  assert(type.kind === 'struct', `a struct column under ${type.kind}`)
  return arrow.makeData({
    type: new arrow.Struct(type.fields.map(arrowField)),
    length: column.length,
    ...validity(column.nulls),
    children: column.fields.map((child, i) => {
      return columnData(child, fieldOf(type.fields, i).type, target)
    }),
  })
}

function fieldOf(fields: readonly Field[], index: number): Field {
  const field = fields[index]
  assert(field !== undefined, `struct field ${index} of ${fields.length}`)
  return field
}

function own<A extends Int32Array | Float64Array | Uint8Array>(array: A, target: Target): A {
  if (!target.seen.has(array.buffer)) {
    target.seen.add(array.buffer)
    return array
  }
  return array.slice() as A
}

function validity(nulls: Uint8Array | undefined): { nullCount: number; nullBitmap?: Uint8Array } {
  if (nulls === undefined) return { nullCount: 0 }
  let nullCount = 0
  for (let i = 0; i < nulls.length; i++) nullCount += nulls[i]!
  return { nullCount, nullBitmap: packBits(nulls, 0) }
}

/** One bit a row, set where `flags[row] === set`; padded to 8 bytes. */
function packBits(flags: Uint8Array, set: 0 | 1): Uint8Array {
  const bits = new Uint8Array(((flags.length + 63) >> 6) << 3)
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] === set) bits[i >> 3]! |= 1 << (i & 7)
  }
  return bits
}

/** Whole float64s as 64-bit two's complement, without a bigint each. */
function int64Words(values: Float64Array): BigInt64Array {
  const words = new Int32Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const high = Math.floor(value / 4294967296)
    words[2 * i] = value - high * 4294967296
    words[2 * i + 1] = high
  }
  return new BigInt64Array(words.buffer)
}

function decimalWords(column: IntegerColumn): Uint32Array {
  const { values, wide } = column
  const words = new Uint32Array(4 * values.length)
  for (let i = 0; i < values.length; i++) {
    const exact = wide?.[i]
    if (exact === undefined) {
      const value = values[i]!
      const high = Math.floor(value / 4294967296)
      words[4 * i] = value - high * 4294967296
      words[4 * i + 1] = high
      if (value < 0) words.fill(0xffffffff, 4 * i + 2, 4 * i + 4)
    } else {
      for (let w = 0; w < 4; w++) {
        words[4 * i + w] = Number(BigInt.asUintN(32, exact >> BigInt(32 * w)))
      }
    }
  }
  return words
}
