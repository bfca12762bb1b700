// The types a column can have, as plain data, and the TypeScript type of a value in a row.
//
//   type         in a row (TypeScript)                      physical column
//   bool         boolean                                    bytes 0/1
//   int32        number                                     Int32Array
//   int64        bigint                                     Float64Array lane, bigint[] when wide
//   float64      number                                     Float64Array
//   decimal(p,s) string with s digits ("12.50"), exact      as int64, scaled by 10^s
//   string       string                                     dictionary ids, or offsets + UTF-8
//   bytes        Uint8Array                                 as string
//   timestamp    number, epoch microseconds                 Float64Array
//   date         number, days since 1970-01-01              Int32Array
//   list         readonly T[]                               offsets + child
//   struct       object                                     children

export type DataType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int32' }
  | { readonly kind: 'int64' }
  | { readonly kind: 'float64' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'timestamp'; readonly unit?: TimestampUnit }
  | { readonly kind: 'date' }
  | { readonly kind: 'list'; readonly item: Field }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }

/**
 * How a *number* in JSON input is read as a timestamp: epoch seconds, milliseconds or microseconds.
 * Absent: numbers are refused and only ISO 8601 text is taken. In memory it is always microseconds.
 */
export type TimestampUnit = 's' | 'ms' | 'us'

/** A named, typed, nullable or not, place in a schema or struct. List items are named `item`. */
export interface Field {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** A field's type with the TypeScript type of its row value attached (`T` is never present). */
export interface ColumnSpec<T> {
  readonly type: DataType
  readonly isNullable: boolean
  /** The same column, null allowed. */
  nullable(): ColumnSpec<T | null>
  /** Carries `T` for inference only; always undefined at run time. */
  readonly row?: T
}

export function sameType(a: DataType, b: DataType): boolean {
  if (a.kind === 'decimal' && b.kind === 'decimal') {
    return a.precision === b.precision && a.scale === b.scale
  }
  if (a.kind === 'list' && b.kind === 'list') return sameField(a.item, b.item)
  if (a.kind === 'struct' && b.kind === 'struct') {
    const other = b.fields
    return a.fields.length === other.length && a.fields.every((f, i) => sameField(f, other[i]))
  }
  return a.kind === b.kind
}

function sameField(a: Field, b: Field | undefined): boolean {
  return (
    b !== undefined && a.name === b.name && a.nullable === b.nullable && sameType(a.type, b.type)
  )
}

/** The type as a person writes it: `decimal(10,2)`, `list<string>`. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'list':
      return `list<${typeName(type.item.type)}>`
    case 'struct':
      return `struct<${type.fields.map((f) => `${f.name}: ${typeName(f.type)}`).join(', ')}>`
    default:
      return type.kind
  }
}
