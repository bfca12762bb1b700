// The format of a table as it stands in a segment's footer, and whether stored rows can be read by
// the table of today's definition.
import type { ByteReader, ByteWriter } from '../batch/index.ts'
import { type DataType, type Field, typeName } from '../schema/index.ts'
import type { TableFormat } from './state-table.ts'

/** What a restore has to do with rows of a stored format. */
export type FormatDecision =
  | { readonly kind: 'equal' }
  | { readonly kind: 'migrate'; readonly from: readonly Field[]; readonly to: readonly Field[] }
  | { readonly kind: 'refuse'; readonly difference: string }

/** Compares formats; the difference of a refusal is in words. */
export function compareFormats(stored: TableFormat, current: TableFormat): FormatDecision {
  if ((stored.layout ?? '') !== (current.layout ?? '')) {
    return refuse(`layout "${stored.layout ?? ''}" became "${current.layout ?? ''}"`)
  }
  const from = stored.fields
  const to = current.fields
  if ((from === undefined) !== (to === undefined)) {
    const words = ['rows without a schema', 'rows of a schema']
    return refuse(`${words[from ? 1 : 0]} became ${words[to ? 1 : 0]}`)
  }
  const isSame = JSON.stringify(from) === JSON.stringify(to)
  if (stored.version !== current.version) {
    return refuse(`layout version ${stored.version} became ${current.version}`)
  }
  if (isSame || from === undefined || to === undefined) return { kind: 'equal' }
  return { kind: 'migrate', from, to }
}

/** The fields that differ, in words: `added note: string; total: int32 became decimal(10,2)`. */
export function describeFields(from: readonly Field[], to: readonly Field[]): string {
  const words: string[] = []
  for (const field of to) {
    const before = from.find((other) => other.name === field.name)
    if (before === undefined) words.push(`added ${field.name}: ${fieldType(field)}`)
    else if (fieldType(before) !== fieldType(field)) {
      words.push(`${field.name}: ${fieldType(before)} became ${fieldType(field)}`)
    }
  }
  for (const field of from) {
    if (!to.some((other) => other.name === field.name)) words.push(`removed ${field.name}`)
  }
  return words.length === 0 ? 'the order of the fields' : words.join('; ')
}

export function encodeFormat(format: TableFormat, into: ByteWriter): void {
  into.varint(format.version)
  into.text(format.layout ?? '')
  into.text(format.fields === undefined ? '' : JSON.stringify(format.fields))
}

export function decodeFormat(from: ByteReader): TableFormat {
  const version = from.varint()
  const layout = from.text()
  const text = from.text()
  const fields = text === '' ? undefined : fieldsOf(JSON.parse(text))
  return {
    version,
    ...(layout === '' ? {} : { layout }),
    ...(fields === undefined ? {} : { fields }),
  }
}

function refuse(difference: string): FormatDecision {
  return { kind: 'refuse', difference }
}

function fieldType(field: Field): string {
  const type: DataType = field.type
  return `${typeName(type)}${field.nullable ? ' or null' : ''}`
}

// The text passed a checksum and was written by `encodeFormat`: it is fields.
function fieldsOf(parsed: readonly Field[]): readonly Field[] {
  return parsed
}
