import { describe, expect, test } from 'vitest'
import * as s from '../../../engine/schema/index.ts'

const base = s.schema({ id: s.string(), total: s.decimal(10, 2), n: s.int32() })

const changes: [string, s.Schema<unknown>, s.Schema<unknown>, boolean, boolean][] = [
  // what changes, older, newer, backward allowed, forward allowed
  ['nothing', base, base, true, true],
  ['the order of columns', base, s.schemaOf([...base.fields].reverse()), true, true],
  ['a nullable column added', base, plus({ note: s.string().nullable() }), true, true],
  ['a nullable column removed', plus({ note: s.string().nullable() }), base, true, true],
  ['a required column added', base, plus({ note: s.string() }), false, true],
  ['a required column removed', plus({ note: s.string() }), base, true, false],
  [
    'null allowed',
    base,
    s.schemaOf(base.fields.map((f) => ({ ...f, nullable: true }))),
    true,
    false,
  ],
  ['int32 to int64', one(s.int32()), one(s.int64()), true, false],
  ['int32 to float64', one(s.int32()), one(s.float64()), true, false],
  ['int64 to float64', one(s.int64()), one(s.float64()), false, false],
  ['more digits', one(s.decimal(10, 2)), one(s.decimal(12, 2)), true, false],
  ['another scale', one(s.decimal(10, 2)), one(s.decimal(12, 3)), false, false],
  ['string to bytes', one(s.string()), one(s.bytes()), false, false],
  [
    'seconds to milliseconds',
    one(s.timestamp({ unit: 's' })),
    one(s.timestamp({ unit: 'ms' })),
    false,
    false,
  ],
  ['list items widened', one(s.list(s.int32())), one(s.list(s.int64())), true, false],
  [
    'a struct field added',
    one(s.struct({ a: s.bool() })),
    one(s.struct({ a: s.bool(), b: s.bool().nullable() })),
    true,
    true,
  ],
]

function plus(specs: s.ColumnSpecs): s.Schema<unknown> {
  return s.schemaOf([...base.fields, ...s.schema(specs).fields])
}

function one(spec: s.ColumnSpec<unknown>): s.Schema<unknown> {
  return s.schema({ v: spec })
}

describe.each(changes)('%s', (_, older, newer, backward, forward) => {
  const allowed = (mode: s.CompatibilityMode) =>
    s.checkCompatibility(mode, older, newer).length === 0

  test(`may${backward ? '' : ' not'} change backward, may${forward ? '' : ' not'} forward`, () => {
    expect(allowed('backward')).toBe(backward)
    expect(allowed('forward')).toBe(forward)
    expect(allowed('full')).toBe(backward && forward)
    expect(allowed('none')).toBe(true)
  })

  test('is the other way round when the versions are exchanged', () => {
    expect(s.checkCompatibility('backward', newer, older).length === 0).toBe(forward)
    expect(s.checkCompatibility('forward', newer, older).length === 0).toBe(backward)
  })
})

test('differences say column, direction and what to do', () => {
  const older = s.schema({ address: s.struct({ city: s.string() }), tags: s.list(s.int32()) })
  const newer = s.schema({
    address: s.struct({ city: s.string(), zip: s.string() }),
    tags: s.list(s.bool()),
  })
  expect(s.checkCompatibility('full', older, newer)).toEqual([
    {
      kind: 'missing',
      column: 'address.zip',
      direction: 'backward',
      message:
        '"address.zip" (string, not null) was added, but data written before does not have it; ' +
        'make it nullable',
    },
    {
      kind: 'type',
      column: 'tags[]',
      direction: 'backward',
      message: '"tags[]" is written as int32 and can not be read as bool',
    },
    {
      kind: 'type',
      column: 'tags[]',
      direction: 'forward',
      message: '"tags[]" is written as bool and can not be read as int32',
    },
  ])
})

test('a renamed column is a removal and an addition, with a hint that names both', () => {
  const newer = s.schema({ id: s.string(), total_amount: s.decimal(10, 2), n: s.int32() })
  const found = s.checkCompatibility('full', base, newer)
  expect(found.map(({ kind, column, direction }) => [kind, column, direction])).toEqual([
    ['missing', 'total_amount', 'backward'],
    ['missing', 'total', 'forward'],
  ])
  expect(found[0]?.hint).toContain('"total"')
  expect(found[1]?.hint).toContain('"total_amount"')
})

describe('a history', () => {
  const first = s.schema({ id: s.string(), a: s.int32() })
  const second = s.schema({ id: s.string() })
  const third = s.schema({ id: s.string(), a: s.string().nullable() })

  test('is checked against the last version only', () => {
    expect(s.checkHistory('backward', [first, second], third)).toEqual([])
    expect(s.checkHistory('backward', [], third)).toEqual([])
  })

  test('is checked against every version in a transitive mode', () => {
    const found = s.checkHistory('backward-transitive', [first, second], third)
    expect(found.map(({ version, column, kind }) => [version, column, kind])).toEqual([
      [0, 'a', 'type'],
    ])
    expect(s.checkHistory('full-transitive', [first, second], third).length).toBe(3)
    expect(s.checkHistory('none', [first, second], third)).toEqual([])
  })
})
