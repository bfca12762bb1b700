import { decode as libraryDecode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { msgpackDecoder } from '../../../engine/codec/index.ts'
import { ConfigError } from '../../../engine/errors.ts'
import * as s from '../../../engine/schema/index.ts'
import { decodeAll, pack, rowsOfRecords } from './msgpack-records.ts'

test('what another implementation writes is read', () => {
  const schema = s.schema({
    big: s.int64(),
    small: s.int32(),
    whole: s.int64(),
    ratio: s.float64(),
    exact: s.float64(),
    total: s.decimal(10, 2),
    count: s.decimal(10, 2),
    at: s.timestamp(),
    seen: s.timestamp(),
    day: s.date(),
    raw: s.bytes(),
    tags: s.list(s.string().nullable()),
    place: s.struct({ lat: s.float64(), note: s.string().nullable() }),
    gone: s.string().nullable(),
  })
  const record = {
    extra: { deep: [1, 2, { x: null }] },
    place: { lat: -1.5, ignored: true },
    big: 2n ** 63n - 1n,
    small: -129,
    whole: 1e10,
    ratio: 0.1,
    exact: 3,
    total: '-12.5',
    count: 7,
    at: 1_700_000_000_123_456n,
    seen: new Date(1_700_000_000_123),
    day: 19_000,
    raw: Uint8Array.of(1, 2),
    tags: ['a'.repeat(300), null, 'é'],
  }
  const decoded = decodeAll(schema, [pack(record)])
  expect(decoded.rejected).toEqual([])
  expect(rowsOfRecords(schema, decoded)).toEqual([
    {
      big: 2n ** 63n - 1n,
      small: -129,
      whole: 10_000_000_000n,
      ratio: 0.1,
      exact: 3,
      total: '-12.50',
      count: '7.00',
      at: 1_700_000_000_123_456,
      seen: 1_700_000_000_123_000,
      day: 19_000,
      raw: Uint8Array.of(1, 2),
      tags: ['a'.repeat(300), null, 'é'],
      place: { lat: -1.5, note: null },
      gone: null,
    },
  ])
})

describe('rejection', () => {
  const schema = s.schema({
    id: s.string(),
    order_total: s.decimal(10, 2),
    n: s.int32().nullable(),
  })
  const good = { id: 'a', order_total: '1.00', n: 1 }

  test.each<[string, unknown, string, string]>([
    ['a missing field', { id: 'a' }, 'FIELD_MISSING', 'field "order_total" is missing'],
    [
      'a renamed field',
      { id: 'a', total_amount: '1.00' },
      'FIELD_MISSING',
      '"total_amount" — was it renamed?',
    ],
    ['null', { ...good, id: null }, 'FIELD_NULL', '"id"'],
    ['another type', { ...good, n: 'x' }, 'FIELD_TYPE', 'the string "x"; expected int32 or null'],
    ['a number out of range', { ...good, n: 2 ** 31 }, 'FIELD_TYPE', '2147483648'],
    ['a fraction', { ...good, n: 0.5 }, 'FIELD_TYPE', 'the float 0.5'],
    ['too many digits', { ...good, order_total: '1.001' }, 'FIELD_TYPE', '1.001'],
    ['no map', [1], 'RECORD_TYPE', 'array'],
  ])('%s is rejected with a code and words', (_, record, code, words) => {
    const decoded = decodeAll(schema, [pack(good), pack(record), pack({ ...good, id: 'b' })])
    expect(rowsOfRecords(schema, decoded)).toEqual([good, { ...good, id: 'b' }])
    expect([...decoded.offsets]).toEqual([10, 14])
    expect(decoded.rejected).toMatchObject([{ offset: 12, code, raw: pack(record) }])
    expect(decoded.rejected[0]?.reason).toContain(words)
  })

  test('policies reject unknown and missing fields, and turn wrong types into null', () => {
    const extra = pack({ ...good, why: 1 })
    expect(decodeAll(schema, [extra], { unknownFields: 'reject' }).rejected).toMatchObject([
      { code: 'FIELD_UNKNOWN', reason: 'the schema has no field "why"' },
    ])
    const short = pack({ id: 'a', order_total: '1.00' })
    expect(decodeAll(schema, [short], { missingFields: 'reject' }).rejected).toMatchObject([
      { code: 'FIELD_MISSING' },
    ])
    const wrong = [pack({ ...good, n: 'x' }), pack({ ...good, id: 7 })]
    const forgiving = decodeAll(schema, wrong, { wrongTypes: 'null' })
    expect(rowsOfRecords(schema, forgiving)).toEqual([{ ...good, n: null }])
    expect(forgiving.rejected).toMatchObject([{ code: 'FIELD_TYPE' }])
  })

  test('the words of nested fields name their path', () => {
    const nested = s.schema({ l: s.list(s.struct({ a: s.int32() })) })
    const reasons = [{ l: [{ a: 1 }, { b: 1 }] }, { l: [{ a: null }] }, { l: [{ a: true }] }]
    const { rejected } = decodeAll(nested, reasons.map(pack))
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'field "l[1].a" is missing; the record has unknown field "b" — was it renamed?',
      'field "l[0].a" is null; its column is not nullable',
      'field "l[0].a" holds a boolean; expected int32',
    ])
  })

  test('text that is not UTF-8 is no string', () => {
    const record = Uint8Array.of(0x81, 0xa1, 0x61, 0xa2, 0x61, 0xff)
    const { rejected } = decodeAll(s.schema({ a: s.string() }), [record])
    expect(rejected).toMatchObject([{ code: 'FIELD_TYPE' }])
  })

  test('truncated, longer and broken bytes are MSGPACK_SYNTAX', () => {
    const record = pack({ ...good, l: [1, { a: 2n ** 60n }], b: Uint8Array.of(1), f: 0.5 })
    const broken = [new Uint8Array(0), Uint8Array.of(0xc1), Uint8Array.of(...record, 0xc0)]
    for (let i = 1; i < record.length; i++) broken.push(record.subarray(0, i))
    const { rejected, length } = decodeAll(schema, broken)
    expect(length).toBe(0)
    expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(['MSGPACK_SYNTAX']))
    expect(rejected.length).toBe(broken.length)
  })

  test('declared lengths beyond the record and endless nesting cost nothing', () => {
    const huge = [0xdd, 0xdf, 0xdb, 0xc6, 0xc9].map((head) =>
      Uint8Array.of(0x81, 0xa1, 0x61, head, 0xff, 0xff, 0xff, 0xff, 0),
    )
    const deep = new Uint8Array(100_000).fill(0x91)
    const { rejected } = decodeAll(schema, [...huge, deep])
    expect(rejected.map(({ code }) => code)).toEqual([...huge.map(() => 'MSGPACK_SYNTAX'), 'DEPTH'])
  })

  test('whatever the bytes, a record is taken or rejected as another implementation would', () => {
    const any = s.schema({ a: s.bool().nullable() })
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), (noise) => {
        const records = [noise, Uint8Array.of(0x81, 0xa1, 0x62, ...noise)]
        const { rejected, length } = decodeAll(any, records)
        expect(rejected.length + length).toBe(2)
        let isSound = true
        try {
          libraryDecode(Uint8Array.of(0x91, ...noise), {
            useBigInt64: true,
            maxArrayLength: 64,
            maxMapLength: 64,
            mapKeyConverter: String,
          })
        } catch (error) {
          // Its own limits and its refusal of "__proto__" are not faults of the bytes.
          if (/limit exceeded|__proto__/.test(String(error))) return
          isSound = false
        }
        expect(!rejected.some(({ offset }) => offset === 12)).toBe(isSound)
      }),
      { numRuns: 3000 },
    )
  })
})

test('decimals are read from every form of digits, and from no other text', () => {
  const schema = s.schema({ d: s.decimal(20, 3) })
  const forms = ['1', '-1.5', '-0', '00012.30', '99999999999999999.999', '1.2300', 5, -7, 2n ** 54n]
  const decoded = decodeAll(
    schema,
    forms.map((d) => pack({ d })),
  )
  expect(rowsOfRecords(schema, decoded).map(({ d }) => d)).toEqual([
    ...['1.000', '-1.500', '0.000', '12.300', '99999999999999999.999', '1.230'],
    ...['5.000', '-7.000', '18014398509481984.000'],
  ])
  const others = ['', '-', '.5', '5.', '1.2345', '1e3', '--1', '1.2.3', '123456789012345678', 0.5]
  const records = others.map((d) => pack({ d }))
  expect(decodeAll(schema, records).rejected.map(({ code }) => code)).toEqual(
    others.map(() => 'FIELD_TYPE'),
  )
})

test('of a repeated key the last counts, and odd keys are only unknown', () => {
  const schema = s.schema({ a: s.int32(), constructor: s.int32().nullable() })
  const record = Uint8Array.of(0x84, 0xa1, 0x61, 1, 0xa1, 0x61, 2, 0x05, 3, 0x90, 0xc0)
  const decoded = decodeAll(schema, [record, pack(JSON.parse('{"a":1,"__proto__":2}'))])
  expect(rowsOfRecords(schema, decoded)).toEqual([
    { a: 2, constructor: null },
    { a: 1, constructor: null },
  ])
})

test('the raw column takes each record verbatim', () => {
  const schema = s.schema({ a: s.int32(), raw: s.bytes() })
  const record = pack({ a: 1, raw: 5 })
  const decoded = decodeAll(schema, [record], { rawColumn: 'raw' })
  expect(rowsOfRecords(schema, decoded)).toEqual([{ a: 1, raw: record }])
  expect(() => msgpackDecoder(s.schema({ r: s.string() }), { rawColumn: 'r' })).toThrow(ConfigError)
})

test('lines are refused: MessagePack has none', () => {
  const decoder = msgpackDecoder(s.schema({ a: s.int32() }))
  expect(() => decoder.decodeLines(new Uint8Array(1), 0, 1, 0, true)).toThrow(ConfigError)
})
