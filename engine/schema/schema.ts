// Schema: the named, typed columns of a stream, and the builders users write them with. A schema is
// plain data (safe to serialise); the row type lives in TypeScript only.
import { ConfigError } from '../errors.ts'
import { COLUMNS_MAX } from '../limits.ts'
import type { ColumnSpec, DataType, Field, TimestampUnit } from './data-type.ts'

/**
 * Columns in declared order. `Row` is the TypeScript type of one row and exists at compile time.
 */
export interface Schema<Row = Record<string, unknown>> {
  readonly fields: readonly Field[]
  readonly row?: Row
}

/** The row type of a schema: `RowOf<typeof orders.schema>`. */
export type RowOf<S> = S extends Schema<infer Row> ? Row : never

/** Shape of the argument of `schema()`. */
export type ColumnSpecs = Readonly<Record<string, ColumnSpec<unknown>>>

/** The row type that column specs describe. */
export type RowOfSpecs<S extends ColumnSpecs> = {
  readonly [K in keyof S]: S[K] extends ColumnSpec<infer T> ? T : never
}

/**
 * Declares a schema. Column order is the order written here.
 * @example schema({ order_id: string(), order_total: decimal(10, 2), note: string().nullable() })
 * @throws ConfigError SCHEMA_INVALID for no columns, too many, or an empty name.
 */
export function schema<const S extends ColumnSpecs>(specs: S): Schema<RowOfSpecs<S>> {
  return schemaOf(fieldsOf(specs))
}

/** A schema from fields that are already plain data. */
export function schemaOf<Row = Record<string, unknown>>(fields: readonly Field[]): Schema<Row> {
  if (fields.length === 0 || fields.length > COLUMNS_MAX) {
    throw invalid(`1 to ${COLUMNS_MAX} columns`, `${fields.length}`)
  }
  const names = new Set<string>()
  for (const field of fields) {
    if (field.name === '') throw invalid('a name for every column', 'an empty name')
    if (names.has(field.name)) throw invalid('different names', `"${field.name}" twice`)
    names.add(field.name)
  }
  return { fields }
}

/** Position of a column. @throws ConfigError COLUMN_UNKNOWN that lists the columns there are. */
export function columnIndex(of: Schema<unknown>, name: string): number {
  const index = of.fields.findIndex((field) => field.name === name)
  if (index >= 0) return index
  throw new ConfigError({
    code: 'COLUMN_UNKNOWN',
    message: `there is no column "${name}"`,
    expected: `one of ${of.fields.map((field) => field.name).join(', ')}`,
    found: `"${name}"`,
    remedy: 'Name a column of the stream at this point.',
  })
}

/** The field at a position; the position comes from `columnIndex`. */
export function fieldAt(of: Schema<unknown>, index: number): Field {
  const field = of.fields[index]
  if (field === undefined) throw invalid(`a column index below ${of.fields.length}`, `${index}`)
  return field
}

export const bool = (): ColumnSpec<boolean> => spec({ kind: 'bool' })
export const int32 = (): ColumnSpec<number> => spec({ kind: 'int32' })
export const int64 = (): ColumnSpec<bigint> => spec({ kind: 'int64' })
export const float64 = (): ColumnSpec<number> => spec({ kind: 'float64' })
export const string = (): ColumnSpec<string> => spec({ kind: 'string' })
export const bytes = (): ColumnSpec<Uint8Array> => spec({ kind: 'bytes' })
export const date = (): ColumnSpec<number> => spec({ kind: 'date' })

/** An instant. `unit` lets JSON numbers be read as epoch seconds, milliseconds or microseconds. */
export const timestamp = (options: { unit?: TimestampUnit } = {}): ColumnSpec<number> =>
  spec(
    options.unit === undefined ? { kind: 'timestamp' } : { kind: 'timestamp', unit: options.unit },
  )

/**
 * An exact decimal with `precision` digits, `scale` of them after the point; 1 ≤ precision ≤ 38.
 */
export function decimal(precision: number, scale: number): ColumnSpec<string> {
  const whole = Number.isInteger(precision) && Number.isInteger(scale)
  if (!whole || precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    throw invalid('decimal(precision 1-38, scale 0-precision)', `decimal(${precision}, ${scale})`)
  }
  return spec({ kind: 'decimal', precision, scale })
}

export const list = <T>(item: ColumnSpec<T>): ColumnSpec<readonly T[]> =>
  spec({ kind: 'list', item: { name: 'item', type: item.type, nullable: item.isNullable } })

export const struct = <const S extends ColumnSpecs>(specs: S): ColumnSpec<RowOfSpecs<S>> =>
  spec({ kind: 'struct', fields: fieldsOf(specs) })

function spec<T>(type: DataType): ColumnSpec<T> {
  return {
    type,
    isNullable: false,
    nullable: () => ({ ...spec<T | null>(type), isNullable: true }),
  }
}

function fieldsOf(specs: ColumnSpecs): Field[] {
  return Object.entries(specs).map(([name, column]) => ({
    name,
    type: column.type,
    nullable: column.isNullable,
  }))
}

function invalid(expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'SCHEMA_INVALID',
    message: 'the schema can not be used',
    expected,
    found,
    remedy: 'Correct the schema.',
  })
}
