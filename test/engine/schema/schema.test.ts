import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../engine/errors.ts'
import { COLUMNS_MAX } from '../../../engine/limits.ts'
import * as s from '../../../engine/schema/index.ts'

test('a schema keeps its columns in the order written, as plain data', () => {
  const declared = s.schema({
    id: s.string(),
    total: s.decimal(10, 2).nullable(),
    at: s.timestamp({ unit: 'ms' }),
    tags: s.list(s.int64().nullable()),
    place: s.struct({ lat: s.float64() }),
  })
  const plain = [
    { name: 'id', type: { kind: 'string' }, nullable: false },
    { name: 'total', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
    { name: 'at', type: { kind: 'timestamp', unit: 'ms' }, nullable: false },
    {
      name: 'tags',
      type: { kind: 'list', item: { name: 'item', type: { kind: 'int64' }, nullable: true } },
      nullable: false,
    },
    {
      name: 'place',
      type: {
        kind: 'struct',
        fields: [{ name: 'lat', type: { kind: 'float64' }, nullable: false }],
      },
      nullable: false,
    },
  ]
  expect(declared.fields).toEqual(plain)
  expect(s.schemaOf(JSON.parse(JSON.stringify(declared.fields)))).toEqual(declared)
})

test('a timestamp without a unit takes no numbers', () => {
  expect(s.timestamp().type).toEqual({ kind: 'timestamp' })
})

describe('a schema is refused', () => {
  const field = (name: string): s.Field => ({ name, type: { kind: 'int32' }, nullable: false })

  test.each([
    ['without columns', []],
    ['with too many', Array.from({ length: COLUMNS_MAX + 1 }, (_, i) => field(`c${i}`))],
    ['with an empty name', [field('')]],
    ['with a name twice', [field('a'), field('a')]],
  ])('%s', (_, fields) => {
    expect(() => s.schemaOf(fields)).toThrow(ConfigError)
    expect(() => s.schemaOf(fields)).toThrow('SCHEMA_INVALID')
  })

  test.each([
    [0, 0],
    [39, 0],
    [5, 6],
    [5, -1],
    [5.5, 2],
    [5, Number.NaN],
  ])('with decimal(%d, %d)', (precision, scale) => {
    expect(() => s.decimal(precision, scale)).toThrow('SCHEMA_INVALID')
  })
})

test('an unknown column is named with those that there are', () => {
  const schema = s.schema({ id: s.string(), total: s.int32() })
  expect(s.columnIndex(schema, 'total')).toBe(1)
  expect(s.fieldAt(schema, 1).name).toBe('total')
  expect(() => s.columnIndex(schema, 'toString')).toThrow('one of id, total')
  expect(() => s.fieldAt(schema, 2)).toThrow(ConfigError)
})
