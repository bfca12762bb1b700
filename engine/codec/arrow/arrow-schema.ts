// Our schemas as Arrow schemas: one Arrow type per type of ours, whatever the batch looks like, so
// that every file of a table has the same types.
//
//   bool         Bool                         string     Utf8
//   int32        Int32                        bytes      Binary
//   int64        Int64                        timestamp  Timestamp(microsecond, "UTC")
//   float64      Float64                      date       Date32
//   decimal(p,s) Decimal128(p, s)             list       List, struct  Struct
import * as arrow from 'apache-arrow'
import type { DataType, Field, Schema } from '../../schema/index.ts'

/**
 * Columns of a batch that are not of its schema; they come after the schema's, in the order asked.
 *
 *   _event_time  timestamp, not null         _partition  int32, null without a source
 *   _change      string: +I -U +U -D         _offset     int64, null where an operator made the row
 */
export type SystemColumn = '_event_time' | '_change' | '_partition' | '_offset'

/** The Arrow schema of tables that `toArrow` makes with the same arguments. */
export function arrowSchema(
  schema: Schema<unknown>,
  systemColumns: readonly SystemColumn[] = [],
): arrow.Schema {
  return new arrow.Schema([
    ...schema.fields.map(arrowField),
    ...systemColumns.map((name) => arrowField(systemField(name))),
  ])
}

export function arrowField(field: Field): arrow.Field {
  return new arrow.Field(field.name, arrowType(field.type), field.nullable)
}

/** The field that a system column has. */
export function systemField(name: SystemColumn): Field {
  switch (name) {
    case '_event_time':
      return { name, type: { kind: 'timestamp' }, nullable: false }
    case '_change':
      return { name, type: { kind: 'string' }, nullable: false }
    case '_partition':
      return { name, type: { kind: 'int32' }, nullable: true }
    case '_offset':
      return { name, type: { kind: 'int64' }, nullable: true }
  }
}

export function arrowType(type: DataType): arrow.DataType {
  switch (type.kind) {
    case 'bool':
      return new arrow.Bool()
    case 'int32':
      return new arrow.Int32()
    case 'int64':
      return new arrow.Int64()
    case 'float64':
      return new arrow.Float64()
    case 'decimal':
      return new arrow.Decimal(type.scale, type.precision, 128)
    case 'string':
      return new arrow.Utf8()
    case 'bytes':
      return new arrow.Binary()
    case 'timestamp':
      return new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, 'UTC')
    case 'date':
      return new arrow.DateDay()
    case 'list':
      return new arrow.List(arrowField(type.item))
    case 'struct':
      return new arrow.Struct(type.fields.map(arrowField))
  }
}
