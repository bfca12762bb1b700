// A schema as plain data outside of the program: read back with every part checked, compared without
// regard to the order of columns, and shown to people. What is read may have been written by a person.
import { COLUMNS_MAX } from '../limits.ts'
import { type DataType, type Field, typeName } from './data-type.ts'
import { type Schema, schemaOf } from './schema.ts'

/** Structs and lists within each other. */
const DEPTH_MAX = 64

/** The schema in plain data as `JSON.parse` gives it, or undefined when it is none. */
export function schemaFromData(fields: unknown): Schema<unknown> | undefined {
  const found = fieldsFromData(fields, 0)
  const names = new Set(found?.map((field) => field.name))
  if (found === undefined || names.size !== found.length) return undefined
  return found.length === 0 || found.length > COLUMNS_MAX ? undefined : schemaOf(found)
}

/** True when both have the same columns of the same types, in whatever order. */
export function sameSchema(a: Schema<unknown>, b: Schema<unknown>): boolean {
  return JSON.stringify(shapeOf(a.fields)) === JSON.stringify(shapeOf(b.fields))
}

/** The columns in one line: `order_id string, total decimal(10,2), note string null`. */
export function schemaText(schema: Schema<unknown>): string {
  return schema.fields
    .map(({ name, type, nullable }) => `${name} ${typeName(type)}${nullable ? ' null' : ''}`)
    .join(', ')
}

function fieldsFromData(value: unknown, depth: number): Field[] | undefined {
  if (!Array.isArray(value) || depth > DEPTH_MAX) return undefined
  const fields = value.map((each) => fieldFromData(each, depth))
  return fields.every((field) => field !== undefined) ? fields : undefined
}

function fieldFromData(value: unknown, depth: number): Field | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!('name' in value && 'type' in value && 'nullable' in value)) return undefined
  const { name, nullable } = value
  if (typeof name !== 'string' || name === '' || typeof nullable !== 'boolean') return undefined
  const type = typeFromData(value.type, depth)
  return type && { name, type, nullable }
}

function typeFromData(value: unknown, depth: number): DataType | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined
  switch (value.kind) {
    case 'bool':
    case 'int32':
    case 'int64':
    case 'float64':
    case 'string':
    case 'bytes':
    case 'date':
      return { kind: value.kind }
    case 'decimal':
      return decimalFromData(value)
    case 'timestamp': {
      const unit = 'unit' in value ? value.unit : undefined
      if (unit === undefined) return { kind: 'timestamp' }
      return unit === 's' || unit === 'ms' || unit === 'us'
        ? { kind: 'timestamp', unit }
        : undefined
    }
    case 'list': {
      const item = 'item' in value ? fieldFromData(value.item, depth + 1) : undefined
      return item && { kind: 'list', item }
    }
    case 'struct': {
      const fields = 'fields' in value ? fieldsFromData(value.fields, depth + 1) : undefined
      return fields && { kind: 'struct', fields }
    }
    default:
      return undefined
  }
}

function decimalFromData(value: object): DataType | undefined {
  if (!('precision' in value && 'scale' in value)) return undefined
  const { precision, scale } = value
  if (typeof precision !== 'number' || typeof scale !== 'number') return undefined
  const isRight = Number.isInteger(precision) && Number.isInteger(scale)
  if (!isRight || precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    return undefined
  }
  return { kind: 'decimal', precision, scale }
}

/** Everything that tells two lists of columns apart, sorted by name. */
function shapeOf(fields: readonly Field[]): unknown[] {
  return fields
    .map(({ name, nullable, type }) => [name, nullable, ...typeShape(type)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

function typeShape(type: DataType): unknown[] {
  switch (type.kind) {
    case 'decimal':
      return [type.kind, type.precision, type.scale]
    case 'timestamp':
      return [type.kind, type.unit ?? '']
    case 'list':
      return [type.kind, ...shapeOf([type.item])]
    case 'struct':
      return [type.kind, ...shapeOf(type.fields)]
    default:
      return [type.kind]
  }
}
