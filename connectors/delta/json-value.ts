// Reading JSON that others wrote: narrowing of unknown values, with an error that names the place.
import { StateCorruptError } from '../../engine/errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws StateCorruptError DELTA_LOG_CORRUPT when the value is not an object. */
export function objectOf(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value
  throw corrupt(where, 'an object', value)
}

export function textOf(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  throw corrupt(where, 'a string', value)
}

export function numberOf(value: unknown, where: string): number {
  if (typeof value === 'number') return value
  throw corrupt(where, 'a number', value)
}

export function listOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw corrupt(where, 'a list', value)
}

/** A list of strings, or undefined where it is absent or null. */
export function textsOf(value: unknown, where: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  return listOf(value, where).map((item) => textOf(item, where))
}

/** An object whose values are strings; absent or null counts as empty. */
export function textMapOf(value: unknown, where: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {}
  const entries = Object.entries(objectOf(value, where))
  return Object.fromEntries(entries.map(([key, item]) => [key, textOf(item, `${where}.${key}`)]))
}

/** @throws StateCorruptError DELTA_LOG_CORRUPT when the text is not JSON. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StateCorruptError({
      code: 'DELTA_LOG_CORRUPT',
      message: `${where} is not JSON`,
      expected: 'JSON',
      found: JSON.stringify(text.slice(0, 80)),
      remedy: 'Restore the file from a copy; nothing was changed.',
      cause,
    })
  }
}

export function corrupt(where: string, expected: string, found: unknown): StateCorruptError {
  return new StateCorruptError({
    code: 'DELTA_LOG_CORRUPT',
    message: `${where} can not be used`,
    expected,
    found: JSON.stringify(found)?.slice(0, 80) ?? 'nothing',
    remedy: 'Restore the file from a copy; nothing was changed.',
  })
}
