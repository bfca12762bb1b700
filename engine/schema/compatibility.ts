// Whether data written with one version of a schema can be read with another, in the modes of
// schema registries. A reader takes columns by name: what it does not know it leaves out, what the
// data does not have is null, and types may widen. It says what differs; what happens then is the
// caller's.
//
//   mode       who must be able to read what                 may change
//   backward   the newer schema what the older one wrote     remove columns, add nullable ones
//   forward    the older schema what the newer one wrote     add columns, remove nullable ones
//   full       both                                          add and remove nullable columns
//   none       nobody                                        anything
//   …-transitive: against every earlier version, not only the last
//
//   widening   int32 → int64 · int32 → float64 · decimal of more digits · null allowed ·
//              timestamps as text → as text or numbers of one unit
import { type DataType, type Field, sameType, typeName } from './data-type.ts'
import type { Schema } from './schema.ts'

export const COMPATIBILITY_MODES = [
  'none',
  'backward',
  'forward',
  'full',
  'backward-transitive',
  'forward-transitive',
  'full-transitive',
] as const

export type CompatibilityMode = (typeof COMPATIBILITY_MODES)[number]

/** One reason why data of the writer can not be read with the reader's schema. */
export interface Difference {
  /** `missing`: the reader needs a column that the data does not have. */
  readonly kind: 'missing' | 'type' | 'nullability'
  /** Name of the column, with dots into structs and `[]` into lists. */
  readonly column: string
  /** Which way fails: `backward` = newer reads older. */
  readonly direction: 'backward' | 'forward'
  /** One line for a person. */
  readonly message: string
  /** What may have been meant, where that can be guessed. */
  readonly hint?: string
}

/** What the mode forbids between two versions; empty when they are compatible. */
export function checkCompatibility(
  mode: CompatibilityMode,
  older: Schema<unknown>,
  newer: Schema<unknown>,
): Difference[] {
  const isFull = mode.startsWith('full')
  const backward = isFull || mode.startsWith('backward')
  const forward = isFull || mode.startsWith('forward')
  return [
    ...(backward ? readDifferences(older.fields, newer.fields, 'backward') : []),
    ...(forward ? readDifferences(newer.fields, older.fields, 'forward') : []),
  ]
}

/**
 * What the mode forbids between a new version and its history (oldest first); the position of the
 * earlier version stands with each difference.
 */
export function checkHistory(
  mode: CompatibilityMode,
  history: readonly Schema<unknown>[],
  newer: Schema<unknown>,
): (Difference & { readonly version: number })[] {
  const first = mode.endsWith('-transitive') ? 0 : Math.max(0, history.length - 1)
  return history
    .slice(first)
    .flatMap((older, i) =>
      checkCompatibility(mode, older, newer).map((found) => ({ ...found, version: first + i })),
    )
}

/** Why a reader of `reader` columns can not take what was written as `writer` columns. */
export function readDifferences(
  writer: readonly Field[],
  reader: readonly Field[],
  direction: Difference['direction'] = 'backward',
  path = '',
): Difference[] {
  return reader.flatMap((own): Difference[] => {
    const column = `${path}${own.name}`
    const written = writer.find((field) => field.name === own.name)
    if (written !== undefined) return fieldDifferences(written, own, direction, column)
    if (own.nullable) return []
    const message = missing(column, own, direction)
    const twin = renamed(own, writer, reader)
    if (twin === undefined) return [{ kind: 'missing', column, direction, message }]
    const hint =
      `"${path}${twin.name}" has the same type: if it is the same column under another name, ` +
      'keep both, nullable, until every reader knows the new one; a rename is a removal and an ' +
      'addition'
    return [{ kind: 'missing', column, direction, message, hint }]
  })
}

function missing(column: string, own: Field, direction: Difference['direction']): string {
  const what = `"${column}" (${typeName(own.type)}, not null)`
  return direction === 'backward'
    ? `${what} was added, but data written before does not have it; make it nullable`
    : `${what} was removed, but readers of the older version need it; make it nullable first`
}

/** A column that only the writer has, of the same type as one that only the reader has. */
function renamed(
  own: Field,
  writer: readonly Field[],
  reader: readonly Field[],
): Field | undefined {
  return writer.find(
    (field) => sameType(field.type, own.type) && !reader.some((known) => known.name === field.name),
  )
}

function fieldDifferences(
  written: Field,
  own: Field,
  direction: Difference['direction'],
  column: string,
): Difference[] {
  const nullability: Difference[] =
    written.nullable && !own.nullable
      ? [
          {
            kind: 'nullability',
            column,
            direction,
            message: `"${column}" may be null in the data, but its reader takes no null`,
          },
        ]
      : []
  return [...nullability, ...typeDifferences(written.type, own.type, direction, column)]
}

function typeDifferences(
  written: DataType,
  own: DataType,
  direction: Difference['direction'],
  column: string,
): Difference[] {
  if (written.kind === 'list' && own.kind === 'list') {
    return fieldDifferences(written.item, own.item, direction, `${column}[]`)
  }
  if (written.kind === 'struct' && own.kind === 'struct') {
    return readDifferences(written.fields, own.fields, direction, `${column}.`)
  }
  if (widens(written, own)) return []
  const message =
    `"${column}" is written as ${nameWithUnit(written)} and can not be read as ` +
    `${nameWithUnit(own)}`
  return [{ kind: 'type', column, direction, message }]
}

function widens(written: DataType, own: DataType): boolean {
  if (written.kind === 'int32') return own.kind === 'int32' || isWiderNumber(own)
  if (written.kind === 'decimal' && own.kind === 'decimal') {
    return written.scale === own.scale && written.precision <= own.precision
  }
  if (written.kind === 'timestamp' && own.kind === 'timestamp') {
    // Text is read in any case; the same number would be another instant.
    return written.unit === undefined || written.unit === own.unit
  }
  return sameType(written, own)
}

function isWiderNumber(type: DataType): boolean {
  return type.kind === 'int64' || type.kind === 'float64'
}

function nameWithUnit(type: DataType): string {
  if (type.kind !== 'timestamp') return typeName(type)
  return type.unit === undefined ? 'timestamp (text)' : `timestamp (numbers in ${type.unit})`
}
