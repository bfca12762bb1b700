// Field names on both ways: from the keys of JSON text to fields, and from fields to the words of a
// reason. Keys are compared by the bytes of their text, so `__proto__` is a name like any other.
import { ByteWriter, Dictionary } from '../batch/index.ts'
import { type Field, typeName } from '../schema/index.ts'
import { hasEscape, unescapeTo } from './json-string.ts'

const decoder = new TextDecoder('utf-8')

/** The names of fields as a dictionary: id = index. */
export function namesOf(fields: readonly Field[]): Dictionary {
  const names = new Dictionary()
  for (const field of fields) names.internString(field.name)
  return names
}

/** The index of a key given without its quotes, escapes allowed, or -1. */
export function findKey(names: Dictionary, bytes: Uint8Array, start: number, end: number): number {
  if (!hasEscape(bytes, start, end)) return names.find(bytes, start, end)
  const text = new ByteWriter(end - start)
  unescapeTo(bytes, start, end, text)
  return names.find(text.bytes, 0, text.length)
}

/** A key as text for a person: on one line, cut to 60 characters. */
export function keyText(bytes: Uint8Array, start: number, end: number): string {
  const text = new ByteWriter(end - start)
  unescapeTo(bytes, start, end, text)
  return JSON.stringify(decoder.decode(text.view()).slice(0, 60)).slice(1, -1)
}

/** Names the missing field, and the unknown ones of the record when there are any. */
export function missingReason(name: string, unknown: readonly string[]): string {
  const missing = `field "${name}" is missing`
  if (unknown.length === 0) return missing
  const names = unknown.map((key) => `"${key}"`).join(', ')
  if (unknown.length === 1) {
    return `${missing}; the record has unknown field ${names} — was it renamed?`
  }
  return `${missing}; the record has unknown fields ${names} — was it renamed to one of them?`
}

/** What a field takes, as a person writes it. */
export function expectedText(field: Field): string {
  const name = typeName(field.type)
  const text = field.type.kind === 'timestamp' ? timestampText(field.type.unit) : name
  return field.nullable ? `${text} or null` : text
}

function timestampText(unit: string | undefined): string {
  const iso = 'timestamp (YYYY-MM-DDTHH:mm:ss[.ffffff] with Z or ±HH:mm'
  return unit === undefined ? `${iso})` : `${iso}, or a number of ${unit})`
}
