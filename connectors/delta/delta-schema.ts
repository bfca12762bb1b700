// Our schemas as Delta's JSON schemas and back, and the difference of two schemas in words. Columns
// are matched by name; their order does not matter. Types that only Delta has (byte, short, float,
// map, timestamp without zone, variant) are refused by name when read.
//
//   bool boolean · int32 integer · int64 long · float64 double · decimal(p,s) decimal(p,s)
//   string string · bytes binary · timestamp timestamp · date date · list array · struct struct
import { ConfigError } from '../../engine/errors.ts'
import {
  type DataType,
  type Field,
  type Schema,
  schemaOf,
  typeName,
} from '../../engine/schema/index.ts'
import {
  corrupt,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  parseJson,
  textOf,
} from './json-value.ts'

/** The text that `metaData.schemaString` holds. */
export function deltaSchemaText(schema: Schema<unknown>): string {
  return JSON.stringify(structJson(schema.fields))
}

/**
 * The schema of a table.
 * @throws ConfigError DELTA_UNSUPPORTED for a type that we don't have
 * @throws StateCorruptError DELTA_LOG_CORRUPT for text that is no schema
 */
export function schemaOfDelta(text: string): Schema {
  return schemaOf(structFields(parseJson(text, 'metaData.schemaString'), 'schema'))
}

/** Names of columns that carry an invariant (a condition that writers must evaluate). */
export function invariantColumns(text: string): readonly string[] {
  const root = objectOf(parseJson(text, 'metaData.schemaString'), 'schema')
  return listOf(root.fields, 'schema.fields').flatMap((item) => {
    const field = objectOf(item, 'schema.fields')
    const metadata = isObject(field.metadata) ? field.metadata : {}
    return 'delta.invariants' in metadata ? [textOf(field.name, 'schema.fields.name')] : []
  })
}

/**
 * What keeps rows of `wrote` out of a table of schema `table`, one text a column; empty: they fit.
 * A column that is never null fits a nullable one; not the other way round.
 */
export function schemaDifference(wrote: Schema<unknown>, table: Schema<unknown>): string[] {
  return fieldsDifference(wrote.fields, table.fields, '')
}

function fieldsDifference(wrote: readonly Field[], table: readonly Field[], path: string) {
  const differences: string[] = []
  const left = new Map(table.map((field) => [field.name, field]))
  for (const field of wrote) {
    const name = path + field.name
    const other = left.get(field.name)
    left.delete(field.name)
    if (other === undefined) differences.push(`"${name}" is not in the table`)
    else differences.push(...fieldDifference(field, other, name))
  }
  for (const name of left.keys()) differences.push(`"${path}${name}" is only in the table`)
  return differences
}

function fieldDifference(wrote: Field, table: Field, name: string): string[] {
  if (wrote.nullable && !table.nullable) return [`"${name}" may be null, in the table never`]
  const [a, b] = [wrote.type, table.type]
  if (a.kind === 'struct' && b.kind === 'struct') {
    return fieldsDifference(a.fields, b.fields, `${name}.`)
  }
  if (a.kind === 'list' && b.kind === 'list') {
    return fieldDifference(a.item, { ...b.item, name: 'item' }, `${name}.item`)
  }
  const isSame = typeName(a) === typeName(b)
  return isSame ? [] : [`"${name}" is ${typeName(a)}, in the table ${typeName(b)}`]
}

function structJson(fields: readonly Field[]): JsonObject {
  return {
    type: 'struct',
    fields: fields.map((field) => ({
      name: field.name,
      type: typeJson(field.type),
      nullable: field.nullable,
      metadata: {},
    })),
  }
}

function typeJson(type: DataType): unknown {
  switch (type.kind) {
    case 'bool':
      return 'boolean'
    case 'int32':
      return 'integer'
    case 'int64':
      return 'long'
    case 'float64':
      return 'double'
    case 'bytes':
      return 'binary'
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'list':
      return {
        type: 'array',
        elementType: typeJson(type.item.type),
        containsNull: type.item.nullable,
      }
    case 'struct':
      return structJson(type.fields)
    default:
      return type.kind
  }
}

const simpleTypes: ReadonlyMap<string, DataType> = new Map([
  ['boolean', { kind: 'bool' }],
  ['integer', { kind: 'int32' }],
  ['long', { kind: 'int64' }],
  ['double', { kind: 'float64' }],
  ['string', { kind: 'string' }],
  ['binary', { kind: 'bytes' }],
  ['timestamp', { kind: 'timestamp' }],
  ['date', { kind: 'date' }],
] as const)

function typeOf(json: unknown, where: string): DataType {
  if (typeof json === 'string') {
    const simple = simpleTypes.get(json)
    if (simple !== undefined) return simple
    const match = /^decimal\((\d+),\s*(\d+)\)$/.exec(json)
    if (match === null) throw unsupported(where, json)
    return { kind: 'decimal', precision: Number(match[1]), scale: Number(match[2]) }
  }
  const type = objectOf(json, where)
  if (type.type === 'struct') return { kind: 'struct', fields: structFields(type, where) }
  if (type.type !== 'array') throw unsupported(where, String(type.type))
  const nullable = type.containsNull !== false
  return { kind: 'list', item: { name: 'item', type: typeOf(type.elementType, where), nullable } }
}

function structFields(json: unknown, where: string): Field[] {
  const struct = objectOf(json, where)
  if (struct.type !== 'struct') throw corrupt(where, 'a struct', struct.type)
  return listOf(struct.fields, where).map((item) => {
    const field = objectOf(item, where)
    const name = textOf(field.name, `${where}.name`)
    return {
      name,
      type: typeOf(field.type, `${where}.${name}`),
      nullable: field.nullable !== false,
    }
  })
}

function unsupported(where: string, found: string): ConfigError {
  return new ConfigError({
    code: 'DELTA_UNSUPPORTED',
    message: `${where} has a type that can not be read here`,
    expected: `${[...simpleTypes.keys()].join(', ')}, decimal, array or struct`,
    found,
    remedy: 'Read the table with another tool, or cast the column there.',
  })
}
