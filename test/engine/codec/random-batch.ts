// Random schemas, rows and batches: every type, nulls, wide integers, NaN and -0, empty and odd
// strings, dictionary columns, and batches that are slices of larger ones.
import fc from 'fast-check'
import {
  batchOfRows,
  type Column,
  Dictionary,
  type RecordBatch,
  sliceBatch,
} from '../../../engine/batch/index.ts'
import type { DataType, Field, Schema } from '../../../engine/schema/index.ts'

const scalar: fc.Arbitrary<DataType> = fc.oneof(
  fc.constantFrom<DataType>(
    { kind: 'bool' },
    { kind: 'int32' },
    { kind: 'int64' },
    { kind: 'float64' },
    { kind: 'string' },
    { kind: 'bytes' },
    { kind: 'timestamp' },
    { kind: 'date' },
  ),
  fc.integer({ min: 1, max: 38 }).chain((precision) =>
    fc.integer({ min: 0, max: precision }).map((scale): DataType => {
      return { kind: 'decimal', precision, scale }
    }),
  ),
)

export function dataTypes(depth = 2): fc.Arbitrary<DataType> {
  if (depth === 0) return scalar
  const below = dataTypes(depth - 1)
  const list = fc
    .tuple(below, fc.boolean())
    .map(([type, nullable]): DataType => ({ kind: 'list', item: { name: 'item', type, nullable } }))
  const struct = fields(below, 3).map((some): DataType => ({ kind: 'struct', fields: some }))
  return fc.oneof({ weight: 4, arbitrary: scalar }, list, struct)
}

const fieldName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constantFrom('order_id', 'é', 'constructor', 'toString'),
)

export function fields(types: fc.Arbitrary<DataType>, maxLength: number): fc.Arbitrary<Field[]> {
  const field = fc.record({ name: fieldName, type: types, nullable: fc.boolean() })
  return fc.uniqueArray(field, { minLength: 1, maxLength, selector: (some) => some.name })
}

export const schemas: fc.Arbitrary<Schema<unknown>> = fields(dataTypes(), 5).map((some) => {
  return { fields: some }
})

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, -(2n ** 63n), 2n ** 63n - 1n),
)

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\0', 'a\0', '\uFEFFmark', '😀', 'ÿ', 'user_1', 'user_2'),
)

/** A value in the form rows have it; null where the field allows. */
export function valuesOf(field: Field): fc.Arbitrary<unknown> {
  const present = presentValues(field.type)
  return field.nullable ? fc.option(present, { nil: null, freq: 3 }) : present
}

function presentValues(type: DataType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean()
    case 'int32':
    case 'date':
      return fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)))
    case 'int64':
      return int64
    case 'float64':
      return fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, -Infinity, Infinity, 5e-324))
    case 'timestamp':
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 1_700_000_000_123_456))
    case 'decimal':
      return decimals(type.precision, type.scale)
    case 'string':
      return text
    case 'bytes':
      return fc.uint8Array({ maxLength: 12 })
    case 'list':
      return fc.array(valuesOf(type.item), { maxLength: 4 })
    case 'struct': {
      const entries = type.fields.map((field) =>
        valuesOf(field).map((value) => [field.name, value] as const),
      )
      return fc.tuple(...entries).map((some) => Object.fromEntries(some))
    }
  }
}

function decimals(precision: number, scale: number): fc.Arbitrary<string> {
  const bound = 10n ** BigInt(precision) - 1n
  return fc.oneof(fc.bigInt(-bound, bound), fc.bigInt(-9n, 9n)).map((unscaled) => {
    const digits = `${unscaled < 0n ? -unscaled : unscaled}`.padStart(scale + 1, '0')
    const sign = unscaled < 0n ? '-' : ''
    if (scale === 0) return `${sign}${digits}`
    return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  })
}

export function rowsOfSchema(schema: Schema<unknown>, maxLength = 20) {
  const entries = schema.fields.map((field) =>
    valuesOf(field).map((value) => [field.name, value] as const),
  )
  return fc.array(
    fc.tuple(...entries).map((some): Record<string, unknown> => Object.fromEntries(some)),
    { maxLength },
  )
}

const times = (length: number) =>
  fc.array(fc.integer({ min: -1e15, max: 1e15 }), { minLength: length, maxLength: length })

const watermarks = (length: number) =>
  fc
    .array(fc.oneof(fc.constantFrom(-Infinity, 5, Infinity), fc.integer()), {
      minLength: length,
      maxLength: length,
    })
    .map((some) => Float64Array.from(some).sort())

const changes = (length: number) =>
  fc.option(
    fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: length, maxLength: length })
      .map((some) => Uint8Array.from(some)),
    { nil: undefined },
  )

const sources = (length: number) =>
  fc.option(
    fc
      .tuple(
        fc.nat(4095),
        fc.uniqueArray(fc.maxSafeNat(), { minLength: length, maxLength: length }),
      )
      .map(([partition, offsets]) => ({ partition, offsets: Float64Array.from(offsets).sort() })),
    { nil: undefined },
  )

/** Batches of a schema; text columns are dictionaries or plain, some batches are slices. */
export function batchesOf(schema: Schema<unknown>, maxLength = 20): fc.Arbitrary<RecordBatch> {
  return rowsOfSchema(schema, maxLength).chain((rows) =>
    fc
      .record({
        eventTimes: times(rows.length),
        watermarksBefore: watermarks(rows.length),
        changes: changes(rows.length),
        source: sources(rows.length),
        interned: fc.boolean(),
        cut: fc.tuple(fc.nat(2), fc.nat(2)),
      })
      .map(({ interned, cut: [head, tail], ...parts }) => {
        const plain = batchOfRows(schema, rows, parts)
        const batch = interned ? { ...plain, columns: plain.columns.map(internColumn) } : plain
        const from = Math.min(head, rows.length)
        return sliceBatch(batch, from, Math.max(from, rows.length - tail))
      }),
  )
}

export const batches = schemas.chain((schema) => batchesOf(schema))

/** The same column with its texts in a dictionary that holds other values too. */
export function internColumn(column: Column): Column {
  if (column.kind === 'list') return { ...column, items: internColumn(column.items) }
  if (column.kind === 'struct') return { ...column, fields: column.fields.map(internColumn) }
  if (column.kind !== 'plain') return column
  const { offsets, bytes, nulls } = column
  const dictionary = new Dictionary()
  dictionary.internString('unused')
  const ids = Int32Array.from({ length: offsets.length - 1 }, (_, i) =>
    nulls?.[i] === 1 ? -1 : dictionary.intern(bytes, offsets[i]!, offsets[i + 1]!),
  )
  dictionary.internString('unused too')
  return { kind: 'dictionary', ids, dictionary, nulls }
}
