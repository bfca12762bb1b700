// Rows as bytes, for state tables: driven by the schema, versioned, without names. Rows of an older
// schema migrate by column name. There is no checksum here: segments have one for each block.
//
//   uint8 version (1) │ struct of the schema's fields (see value-codec.ts)
import { ByteReader, type ByteWriter } from '../batch/index.ts'
import { StateCorruptError, StateMismatchError } from '../errors.ts'
import {
  type DataType,
  type Field,
  readDifferences,
  type Schema,
  typeName,
} from '../schema/index.ts'
import { isRow, type Row, structCodec } from './value-codec.ts'

export type { Row } from './value-codec.ts'

export interface RowCodec {
  readonly fields: readonly Field[]
  /**
   * Appends a row. Columns that the schema does not have are left out, absent ones count as null.
   * @throws BadRecordError VALUE_TYPE for a value that its column can not hold.
   */
  encode(row: Readonly<Row>, writer: ByteWriter): void
  /** @throws StateCorruptError ROW_CORRUPT, BYTES_SHORT unless `bytes` are exactly one row. */
  decode(bytes: Uint8Array): Row
}

/** Writes rows of one schema and reads those that another one wrote. */
export interface MigratingRowCodec extends RowCodec {
  /** Appends an old row as a new one. */
  migrate(bytes: Uint8Array, writer: ByteWriter): void
}

const VERSION = 1

export function rowCodec(schema: Schema<unknown>): RowCodec {
  const { fields } = schema
  const codec = structCodec('row', fields)
  return {
    fields,
    encode(row, writer) {
      writer.uint8(VERSION)
      codec.write(row, writer)
    },
    decode(bytes) {
      const reader = new ByteReader(bytes)
      const version = reader.uint8()
      if (version !== VERSION) throw corrupt(`row version ${VERSION}`, `${version}`)
      const row = codec.read(reader)
      if (reader.remaining !== 0) throw corrupt('the end of the row', `${reader.remaining} bytes`)
      return row
    },
  }
}

/**
 * A codec of `to` that decodes rows written with `from`: by name, new nullable columns are null,
 * removed ones are dropped, int32 and decimals may widen.
 * @throws StateMismatchError STATE_SCHEMA with each difference in words when rows can not migrate.
 */
export function migratingRowCodec(from: readonly Field[], to: readonly Field[]): MigratingRowCodec {
  const differences = readDifferences(from.map(unitless), to.map(unitless))
  if (differences.length > 0) {
    throw new StateMismatchError({
      code: 'STATE_SCHEMA',
      message: 'stored rows can not become rows of the changed definition',
      expected: to.map(describe).join(', '),
      found: differences
        .map(({ message, hint }) => (hint ? `${message} (${hint})` : message))
        .join('; '),
      remedy: 'Undo the change, make it one that migrates, or start afresh from a backfill.',
    })
  }
  const older = rowCodec({ fields: from })
  const newer = rowCodec({ fields: to })
  const decode = (bytes: Uint8Array): Row => migrateStruct(older.decode(bytes), from, to)
  return {
    fields: to,
    encode: newer.encode,
    decode,
    migrate: (bytes, writer) => newer.encode(decode(bytes), writer),
  }
}

/** In memory a timestamp has no unit: how its numbers are read from JSON may change. */
function unitless(field: Field): Field {
  return { ...field, type: unitlessType(field.type) }
}

function unitlessType(type: DataType): DataType {
  switch (type.kind) {
    case 'timestamp':
      return { kind: 'timestamp' }
    case 'list':
      return { ...type, item: unitless(type.item) }
    case 'struct':
      return { ...type, fields: type.fields.map(unitless) }
    default:
      return type
  }
}

function describe(field: Field): string {
  return `${field.name}: ${typeName(field.type)}${field.nullable ? ' or null' : ''}`
}

function migrateStruct(row: Row, from: readonly Field[], to: readonly Field[]): Row {
  return Object.fromEntries(
    to.map((field) => {
      const old = from.find((known) => known.name === field.name)
      const value = old === undefined ? null : migrateValue(row[field.name], old.type, field.type)
      return [field.name, value]
    }),
  )
}

function migrateValue(value: unknown, from: DataType, to: DataType): unknown {
  if (value === null) return null
  if (from.kind === 'int32' && to.kind === 'int64') return BigInt(Number(value))
  if (from.kind === 'list' && to.kind === 'list' && Array.isArray(value)) {
    return value.map((item) => migrateValue(item, from.item.type, to.item.type))
  }
  if (from.kind === 'struct' && to.kind === 'struct' && isRow(value)) {
    return migrateStruct(value, from.fields, to.fields)
  }
  return value
}

function corrupt(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'ROW_CORRUPT',
    message: 'an encoded row is damaged',
    expected,
    found,
    remedy: 'Read it with the schema that it was written with.',
  })
}
