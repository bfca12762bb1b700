// A number that says which schema some bytes were written with: CRC32C over names, types and
// nullability in order. How JSON numbers become timestamps does not count: it changes no bytes.
import { crc32c } from '@node-rs/crc32'
import type { DataType, Field, Schema } from '../schema/index.ts'

const known = new WeakMap<readonly Field[], number>()

/** Computed once for each list of fields. */
export function schemaFingerprint(schema: Schema<unknown>): number {
  const { fields } = schema
  let fingerprint = known.get(fields)
  if (fingerprint === undefined) {
    fingerprint = crc32c(JSON.stringify(fields.map(describe)))
    known.set(fields, fingerprint)
  }
  return fingerprint
}

function describe(field: Field): unknown[] {
  return [field.name, field.nullable, ...parameters(field.type)]
}

function parameters(type: DataType): unknown[] {
  switch (type.kind) {
    case 'decimal':
      return [type.kind, type.precision, type.scale]
    case 'list':
      return [type.kind, describe(type.item)]
    case 'struct':
      return [type.kind, type.fields.map(describe)]
    default:
      return [type.kind]
  }
}
