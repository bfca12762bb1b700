import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as s from '../../../engine/schema/index.ts'

const first = s.schema({ id: s.string(), total: s.decimal(10, 2) })
const second = s.schema({ id: s.string() })

function history(...schemas: s.Schema<unknown>[]): s.SchemaVersion[] {
  return schemas.map((schema, i) => {
    return {
      version: i + 1,
      schema,
      isChangelog: false,
      mode: 'none',
      job: 'j',
      registeredMicros: 0,
    }
  })
}

describe('a declared schema', () => {
  test('is version 1 where nothing is known, in every mode', () => {
    for (const mode of s.COMPATIBILITY_MODES) {
      expect(s.decideVersion(mode, [], first)).toEqual({ kind: 'next', version: 1 })
    }
  })

  test('is known when it equals any version, whatever the order of its columns', () => {
    const turned = s.schema({ total: s.decimal(10, 2), id: s.string() })
    const versions = history(first, second)
    expect(s.decideVersion('full', versions, turned)).toEqual({ kind: 'known', version: 1 })
    expect(s.decideVersion('full', versions, second)).toEqual({ kind: 'known', version: 2 })
  })

  test('of a changelog is another version than of inserts', () => {
    expect(s.decideVersion('full', history(first), first, true)).toEqual({
      kind: 'next',
      version: 2,
    })
  })

  test('is refused with the differences from the version that forbids it', () => {
    const third = s.schema({ id: s.string(), total: s.string().nullable() })
    expect(s.decideVersion('backward', history(first, second), third).kind).toBe('next')
    const decision = s.decideVersion('backward-transitive', history(first, second), third)
    expect(decision).toMatchObject({
      kind: 'refuse',
      differences: [{ version: 1, column: 'total', kind: 'type' }],
    })
    const differences = decision.kind === 'refuse' ? decision.differences : []
    const error = s.schemaIncompatible('orders', 'backward-transitive', differences)
    expect(error.code).toBe('SCHEMA_INCOMPATIBLE')
    expect(error.message).toMatch(/"orders" can not follow version 1; expected .*every version/)
    expect(error.message).toMatch(/"total" is written as decimal\(10,2\)/)
  })
})

test('a reader of what another job writes needs to read its newest version only', () => {
  const versions = history(second, first)
  expect(s.readerDifferences('backward', versions, first)).toEqual([])
  expect(s.readerDifferences('backward-transitive', versions, first)).toMatchObject([
    { version: 1, column: 'total', kind: 'missing' },
  ])
  const narrow = s.schema({ id: s.string(), total: s.int32() })
  expect(s.readerDifferences('forward', versions, narrow)).toMatchObject([{ version: 2 }])
  expect(s.readerDifferences('none', versions, narrow)).toEqual([])
})

const leaf = fc.constantFrom<s.DataType>(
  { kind: 'bool' },
  { kind: 'int32' },
  { kind: 'decimal', precision: 10, scale: 2 },
  { kind: 'decimal', precision: 12, scale: 2 },
  { kind: 'timestamp' },
  { kind: 'timestamp', unit: 'ms' },
)
const named = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
})
const fields = named.chain((names) => fc.tuple(...names.map((name) => fieldOf(name, leaf))))
const deep = fc.oneof(
  leaf,
  fields.map((inner): s.DataType => ({ kind: 'struct', fields: inner })),
  leaf.map((type): s.DataType => {
    return { kind: 'list', item: { name: 'item', type, nullable: false } }
  }),
)
const schemas = named
  .chain((names) => fc.tuple(...names.map((name) => fieldOf(name, deep))))
  .map((all) => s.schemaOf(all))

function fieldOf(name: string, type: fc.Arbitrary<s.DataType>): fc.Arbitrary<s.Field> {
  return fc.record({ name: fc.constant(name), type, nullable: fc.boolean() })
}

describe('a schema as data', () => {
  test('comes back the same', () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const back = s.schemaFromData(JSON.parse(JSON.stringify(schema.fields)))
        expect(back?.fields).toEqual(schema.fields)
      }),
    )
  })

  test('is the same as another one exactly when neither way of reading differs', () => {
    fc.assert(
      fc.property(schemas, schemas, (a, b) => {
        const none = [...s.readDifferences(a.fields, b.fields, 'backward')]
        none.push(...s.readDifferences(b.fields, a.fields, 'backward'))
        if (s.sameSchema(a, b)) expect(none).toEqual([])
        const turned = s.schemaOf([...a.fields].reverse())
        expect(s.sameSchema(a, turned)).toBe(true)
        expect(s.decideVersion('full', history(a), turned).kind).toBe('known')
      }),
    )
  })

  test('is refused with anything wrong in it', () => {
    const good = { name: 'a', type: { kind: 'decimal', precision: 4, scale: 2 }, nullable: false }
    const wrong: unknown[] = [
      null,
      {},
      [],
      ['a'],
      [{ ...good, name: '' }],
      [{ ...good, nullable: 1 }],
      [{ ...good, type: 'int32' }],
      [{ ...good, type: { kind: 'moon' } }],
      [{ ...good, type: { kind: 'decimal', precision: 4, scale: 5 } }],
      [{ ...good, type: { kind: 'decimal' } }],
      [{ ...good, type: { kind: 'timestamp', unit: 'ns' } }],
      [{ ...good, type: { kind: 'list', item: 'a' } }],
      [{ ...good, type: { kind: 'struct', fields: [{}] } }],
      [good, good],
    ]
    expect(s.schemaFromData([good])?.fields).toEqual([good])
    for (const each of wrong) expect(s.schemaFromData(each)).toBeUndefined()
  })

  test('is shown in one line', () => {
    const all = s.schema({ a: s.list(s.int32()), b: s.decimal(4, 2).nullable() })
    expect(s.schemaText(all)).toBe('a list<int32>, b decimal(4,2) null')
  })
})
