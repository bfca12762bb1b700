// Column: the values of one field of a batch, in the physical layout that the engine computes on.
// A batch and its columns never change once they were passed on.
//
//   kind        logical types          values
//   bool        bool                   Uint8Array of 0 and 1
//   int32       int32, date            Int32Array
//   float64     float64, timestamp     Float64Array (timestamps: whole epoch microseconds)
//   integer     int64, decimal         Float64Array, exact while |v| ≤ 2^53; otherwise `wide`
//   dictionary  string, bytes          ids into a Dictionary (-1 where null)
//   plain       string, bytes          offsets (length + 1) and bytes
//   list        list                   offsets (length + 1) and the items' column
//   struct      struct                 one column a field
//
// `nulls` has one byte a row, 1 = null, and is absent when there is none; the value below a null is
// 0 (or an empty range). Offsets of plain and list columns may begin above 0 (slices share bytes).
import type { Dictionary } from './dictionary.ts'

export type Column =
  | BoolColumn
  | Int32Column
  | Float64Column
  | IntegerColumn
  | DictionaryColumn
  | PlainColumn
  | ListColumn
  | StructColumn

export interface BoolColumn {
  readonly kind: 'bool'
  readonly values: Uint8Array
  readonly nulls: Uint8Array | undefined
}

export interface Int32Column {
  readonly kind: 'int32'
  readonly values: Int32Array
  readonly nulls: Uint8Array | undefined
}

export interface Float64Column {
  readonly kind: 'float64'
  readonly values: Float64Array
  readonly nulls: Uint8Array | undefined
}

/**
 * int64 and decimal (scaled by 10^scale). When every value lies within ± (2^53 - 1) `wide` is
 * absent and `values` is exact. Otherwise `wide` holds all values exactly and `values` their
 * nearest float64.
 */
export interface IntegerColumn {
  readonly kind: 'integer'
  readonly values: Float64Array
  readonly wide: readonly bigint[] | undefined
  readonly nulls: Uint8Array | undefined
}

export interface DictionaryColumn {
  readonly kind: 'dictionary'
  readonly ids: Int32Array
  readonly dictionary: Dictionary
  readonly nulls: Uint8Array | undefined
}

export interface PlainColumn {
  readonly kind: 'plain'
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
  readonly nulls: Uint8Array | undefined
}

export interface ListColumn {
  readonly kind: 'list'
  readonly offsets: Int32Array
  readonly items: Column
  readonly nulls: Uint8Array | undefined
}

export interface StructColumn {
  readonly kind: 'struct'
  readonly fields: readonly Column[]
  readonly length: number
  readonly nulls: Uint8Array | undefined
}

export function columnLength(column: Column): number {
  switch (column.kind) {
    case 'dictionary':
      return column.ids.length
    case 'plain':
    case 'list':
      return column.offsets.length - 1
    case 'struct':
      return column.length
    default:
      return column.values.length
  }
}

export function isNull(column: Column, row: number): boolean {
  return column.nulls !== undefined && column.nulls[row] === 1
}

/** The exact integer (unscaled for decimals) of a row that is not null. */
export function exactInteger(column: IntegerColumn, row: number): bigint {
  return column.wide === undefined ? BigInt(column.values[row]!) : (column.wide[row] ?? 0n)
}
