// Keys of lookups as requests write them: one value, a list in the order of the key columns, or an
// object by column name. All become texts in that order; what a text means is up to its column.
import { ConfigError } from '../errors.ts'
import type { FeatureKey, FeatureView } from './api-source.ts'

export type KeyPart = string | number | boolean
export type RequestKey = KeyPart | readonly KeyPart[] | Readonly<Record<string, KeyPart>>

/** @throws ConfigError VIEW_KEY, KEY_INEXACT */
export function featureKey(view: FeatureView, key: RequestKey): FeatureKey {
  if (typeof key !== 'object') return inOrder(view, [key])
  if (isList(key)) return inOrder(view, key)
  const names = view.key.map((field) => field.name)
  const given = Object.keys(key)
  if (given.length !== names.length || !names.every((name) => Object.hasOwn(key, name))) {
    throw wrongKey(view, given.length === 0 ? 'no column' : given.join(', '))
  }
  return names.map((name) => keyText(key[name] ?? ''))
}

function inOrder(view: FeatureView, parts: readonly KeyPart[]): FeatureKey {
  if (parts.length === view.key.length) return parts.map(keyText)
  throw wrongKey(view, `${parts.length} ${parts.length === 1 ? 'value' : 'values'}`)
}

function keyText(part: KeyPart): string {
  if (typeof part !== 'number' || !Number.isInteger(part) || Number.isSafeInteger(part)) {
    return String(part)
  }
  throw new ConfigError({
    code: 'KEY_INEXACT',
    message: 'a whole number beyond 2^53 loses digits in JSON',
    expected: 'a text with all digits',
    found: `${part}`,
    remedy: 'Write the key in quotes.',
  })
}

function isList(key: readonly KeyPart[] | object): key is readonly KeyPart[] {
  return Array.isArray(key)
}

function wrongKey(view: FeatureView, found: string): ConfigError {
  return new ConfigError({
    code: 'VIEW_KEY',
    message: `the online view "${view.name}" is looked up by other columns`,
    expected: view.key.map((field) => field.name).join(', '),
    found,
    remedy: 'Give exactly these columns.',
  })
}
