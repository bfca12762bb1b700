// Lanes: columns narrowed to their physical kind, nulls merged, and numbers as float64 lanes,
// which is the one form that the arithmetic and comparing loops know (so that each stays
// monomorphic).
import {
  type BoolColumn,
  type Column,
  columnBuilder,
  type DictionaryColumn,
  type Float64Column,
  gatherColumn,
  type Int32Column,
  type IntegerColumn,
  integerColumn,
  type ListColumn,
  type PlainColumn,
  type StructColumn,
} from '../batch/index.ts'
import { assert } from '../errors.ts'
import type { DataType } from '../schema/index.ts'
import type { Scalar } from './bound.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function boolOf(column: Column): BoolColumn {
  assert(column.kind === 'bool', `a column of kind ${column.kind}, not bool`)
  return column
}

export function textOf(column: Column): DictionaryColumn | PlainColumn {
  assert(column.kind === 'dictionary' || column.kind === 'plain', `${column.kind} is no text`)
  return column
}

export function listOf(column: Column): ListColumn {
  assert(column.kind === 'list', `a column of kind ${column.kind}, not list`)
  return column
}

export function structOf(column: Column): StructColumn {
  assert(column.kind === 'struct', `a column of kind ${column.kind}, not struct`)
  return column
}

export type NumberColumn = Int32Column | Float64Column | IntegerColumn

export function numberOf(column: Column): NumberColumn {
  const { kind } = column
  assert(kind === 'int32' || kind === 'float64' || kind === 'integer', `${kind} is no number`)
  return column
}

/** The values as float64; exact unless the column is wide. int32 is copied, others are shared. */
export function laneOf(column: NumberColumn): Float64Array {
  return column.kind === 'int32' ? new Float64Array(column.values) : column.values
}

/** True when the float64 lane holds every value exactly. */
export function isNarrow(column: NumberColumn): boolean {
  return column.kind !== 'integer' || column.wide === undefined
}

/** The exact integer of a row of an int32, int64 or decimal (unscaled) column. */
export function integerAt(column: NumberColumn, row: number): bigint {
  if (column.kind === 'integer' && column.wide !== undefined) return column.wide[row] ?? 0n
  return BigInt(column.values[row]!)
}

/** Null where either is. Shares an input where the other has none. */
export function mergeNulls(
  a: Uint8Array | undefined,
  b: Uint8Array | undefined,
): Uint8Array | undefined {
  if (a === undefined) return b
  if (b === undefined || a === b) return a
  const merged = new Uint8Array(a.length)
  for (let i = 0; i < merged.length; i++) merged[i] = a[i]! | b[i]!
  return merged
}

/** Restores the law that 0 stands below a null. */
export function zeroNulls(
  values: Float64Array | Int32Array | Uint8Array,
  nulls: Uint8Array | undefined,
): void {
  if (nulls === undefined) return
  for (let i = 0; i < values.length; i++) if (nulls[i] === 1) values[i] = 0
}

/** The value of a row that may be null, as a scalar. For slow paths. */
export function scalarAt(column: Column, type: DataType, row: number): Scalar {
  if (column.nulls?.[row] === 1) return null
  switch (column.kind) {
    case 'bool':
      return column.values[row] === 1
    case 'int32':
    case 'float64':
      return column.values[row]!
    case 'integer':
      return integerAt(column, row)
    case 'dictionary': {
      const value = column.dictionary.valueBytes(column.ids[row]!)
      return type.kind === 'string' ? decoder.decode(value) : value.slice()
    }
    case 'plain': {
      const value = column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!)
      return type.kind === 'string' ? decoder.decode(value) : value.slice()
    }
    default:
      return null
  }
}

/** A column from scalars. For slow paths and literals. */
export function columnOfScalars(type: DataType, values: readonly Scalar[]): Column {
  const hasNull = values.includes(null)
  if (type.kind === 'int64' || type.kind === 'decimal') {
    const nulls = hasNull ? Uint8Array.from(values, (v) => (v === null ? 1 : 0)) : undefined
    return integerColumn([...values], nulls)
  }
  const builder = columnBuilder({ name: 'value', type, nullable: true })
  for (const value of values) builder.append(value)
  return builder.finish()
}

/** The same column with more rows null: `hide[row] === 1`. Values below are cleared. */
export function hideRows(column: Column, hide: Uint8Array): Column {
  const merged = mergeNulls(column.nulls, hide)
  switch (column.kind) {
    case 'bool': {
      const values = column.values.slice()
      zeroNulls(values, merged)
      return { kind: 'bool', values, nulls: merged }
    }
    case 'int32': {
      const values = column.values.slice()
      zeroNulls(values, merged)
      return { kind: 'int32', values, nulls: merged }
    }
    case 'float64': {
      const values = column.values.slice()
      zeroNulls(values, merged)
      return { kind: 'float64', values, nulls: merged }
    }
    case 'integer':
      return hideIntegers(column, merged)
    case 'dictionary': {
      const ids = column.ids.map((id, row) => (merged?.[row] === 1 ? -1 : id))
      return { ...column, ids, nulls: merged }
    }
    case 'plain':
      return { ...hidePlain(column, merged), nulls: merged }
    case 'list':
      return hideLists(column, merged)
    case 'struct': {
      const fields = column.fields.map((field) => hideRows(field, hide))
      return { kind: 'struct', fields, length: column.length, nulls: merged }
    }
  }
}

function hideIntegers(column: IntegerColumn, nulls: Uint8Array | undefined): Column {
  if (column.wide !== undefined) {
    return integerColumn(
      column.wide.map((value, row) => (nulls?.[row] === 1 ? 0n : value)),
      nulls,
    )
  }
  const values = column.values.slice()
  zeroNulls(values, nulls)
  return { kind: 'integer', values, wide: undefined, nulls }
}

function hidePlain(column: PlainColumn, nulls: Uint8Array | undefined): PlainColumn {
  const length = column.offsets.length - 1
  const offsets = new Int32Array(length + 1)
  const bytes = new Uint8Array(column.offsets[length]! - column.offsets[0]!)
  let at = 0
  for (let row = 0; row < length; row++) {
    if (nulls?.[row] !== 1) {
      const value = column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!)
      bytes.set(value, at)
      at += value.length
    }
    offsets[row + 1] = at
  }
  return { kind: 'plain', offsets, bytes: bytes.subarray(0, at), nulls: undefined }
}

function hideLists(column: ListColumn, nulls: Uint8Array | undefined): Column {
  const length = column.offsets.length - 1
  const offsets = new Int32Array(length + 1)
  const picked: number[] = []
  for (let row = 0; row < length; row++) {
    if (nulls?.[row] !== 1) {
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) picked.push(i)
    }
    offsets[row + 1] = picked.length
  }
  const items = gatherColumn(column.items, Int32Array.from(picked))
  return { kind: 'list', offsets, items, nulls }
}
