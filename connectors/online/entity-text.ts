// Keys as people and URLs write them: one text a key column, turned into row values by its type.
import { ConfigError } from '../../engine/errors.ts'
import { type Field, typeName } from '../../engine/schema/index.ts'
import type { EntityKey } from './online-reader.ts'

/**
 * The key that texts stand for, in the order of the key columns.
 * @throws ConfigError VIEW_KEY for more or fewer, or for one that is no value of its column's type
 */
export function entityKeyOf(fields: readonly Field[], texts: readonly string[]): EntityKey {
  if (texts.length !== fields.length) {
    throw invalid(fields.map((field) => field.name).join(', '), `${texts.length} values`)
  }
  return Object.fromEntries(fields.map((field, i) => [field.name, keyValue(field, texts[i] ?? '')]))
}

function keyValue(field: Field, text: string): unknown {
  const value = parse(field, text)
  if (value !== undefined) return value
  throw invalid(`${field.name}: ${typeName(field.type)}`, JSON.stringify(text))
}

function parse({ type }: Field, text: string): unknown {
  const isWhole = /^-?\d{1,19}$/.test(text)
  switch (type.kind) {
    case 'string':
    case 'decimal':
      return text
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'int32':
    case 'date':
    case 'timestamp':
      return isWhole ? Number(text) : undefined
    case 'int64':
      return isWhole ? BigInt(text) : undefined
    case 'float64':
      return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)
    default:
      return undefined
  }
}

function invalid(expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'VIEW_KEY',
    message: 'this is no key of the online view',
    expected,
    found,
    remedy: 'Give one value for each key column, in their order.',
  })
}
