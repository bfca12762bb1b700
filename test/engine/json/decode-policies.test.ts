// Schema enforcement at the door: what each policy lets in, and the words of each rejection; nested
// values, with the path of what is at fault.
import { describe, expect, test } from 'vitest'
import { jsonDecoder } from '../../../engine/json/index.ts'
import { RECORD_BYTES_MAX } from '../../../engine/limits.ts'
import {
  bool,
  bytes,
  decimal,
  float64,
  int64,
  list,
  schema,
  string,
  struct,
  timestamp,
} from '../../../engine/schema/index.ts'
import { bytesOf, decodeText } from './decoding.ts'

const orders = schema({
  order_id: string(),
  user_id: string(),
  order_total: decimal(10, 2),
  event_time: timestamp({ unit: 'ms' }),
  note: string().nullable(),
})

describe('policies', () => {
  const of = schema({ a: int64(), b: string().nullable() })
  const fault = (text: string, policies = {}) => decodeText(of, text, policies).faults[0]

  test('name a renamed field together with its new name', () => {
    const line = '{"order_id":"a","user_id":"b","total_amount":3,"event_time":1700000000000}\n'
    expect(decodeText(orders, line).faults[0]?.reason).toBe(
      'field "order_total" is missing; ' +
        'the record has unknown field "total_amount" — was it renamed?',
    )
    const many = '{"order_id":"a","user_id":"b","x":1,"y":2,"z":3,"total":3,"event_time":17}\n'
    expect(decodeText(orders, many).faults[0]?.reason).toBe(
      'field "order_total" is missing; ' +
        'the record has unknown fields "total", "x", "y" — was it renamed to one of them?',
    )
  })

  test('reject a missing or null field of a column that is not nullable', () => {
    expect(fault('{"b":"x"}')).toMatchObject({
      code: 'FIELD_MISSING',
      reason: 'field "a" is missing',
    })
    expect(fault('{"a":null}')).toMatchObject({
      code: 'FIELD_NULL',
      reason: 'field "a" is null; its column is not nullable',
    })
  })

  test('ignore unknown fields, or reject them by name', () => {
    expect(decodeText(of, '{"a":1,"c":{"d":[1,"x"]}}').rows).toEqual([{ a: 1n, b: null }])
    expect(fault('{"a":1,"c":2}', { unknownFields: 'reject' })).toMatchObject({
      code: 'FIELD_UNKNOWN',
      reason: 'the schema has no field "c"',
    })
  })

  test('make null of a missing nullable field, or reject it', () => {
    expect(decodeText(of, '{"a":1}').rows).toEqual([{ a: 1n, b: null }])
    expect(fault('{"a":1}', { missingFields: 'reject' })?.code).toBe('FIELD_MISSING')
  })

  test('reject a value of another type, or make null of it in a nullable column only', () => {
    expect(fault('{"a":1,"b":2}')).toMatchObject({
      code: 'FIELD_TYPE',
      reason: 'field "b" holds 2; expected string or null',
    })
    const lines = '{"a":1,"b":"x"}\n{"a":2,"b":2}\n{"a":3,"b":"y"}\n{"a":true,"b":"y"}\n'
    const found = decodeText(of, lines, { wrongTypes: 'null' })
    expect(found.rows).toEqual([
      { a: 1n, b: 'x' },
      { a: 2n, b: null },
      { a: 3n, b: 'y' },
    ])
    expect(found.faults).toMatchObject([{ offset: 3, code: 'FIELD_TYPE' }])
  })

  test('tell what is wrong with the text, and where', () => {
    expect(fault('{"a":1')?.reason).toBe('the record ends too early')
    expect(fault('{"a":01}')?.reason).toBe('unexpected "1" at byte 6')
    expect(fault('{"a":1}}')?.reason).toBe('unexpected "}" at byte 7')
    expect(fault('[1]')).toMatchObject({ code: 'RECORD_TYPE' })
    expect(decodeText(of, Uint8Array.of(123, 34, 255, 34, 58, 49, 125)).faults[0]?.reason).toBe(
      'invalid UTF-8 at byte 2',
    )
  })

  test('bound the nesting and the size of a record', () => {
    const nested = (depth: number) => `{"a":1,"c":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(decodeText(of, nested(63)).rows).toEqual([{ a: 1n, b: null }])
    expect(fault(nested(64))?.code).toBe('DEPTH')
    const padding = ' '.repeat(RECORD_BYTES_MAX)
    expect(fault(`{"a":1${padding}}`)?.code).toBe('RECORD_TOO_LARGE')
    expect(decodeText(of, `{"a":1${padding.slice(7)}}\n`).rows).toEqual([{ a: 1n, b: null }])
  })

  test('put each whole record into the raw column, verbatim', () => {
    const raw = schema({ a: int64(), payload: bytes() })
    const lines = ['{"a":1}', ' { "a": 2, "payload": 5 }', '{"a":3}', 'broken', '{"a":4}']
    const text = lines.join('\r\n')
    const found = decodeText(raw, text, { rawColumn: 'payload' })
    expect(found.rows).toEqual(
      [0, 1, 2, 4].map((i, at) => ({ a: BigInt(at + 1), payload: bytesOf(lines[i] ?? '') })),
    )
    expect(() => jsonDecoder(raw, { rawColumn: 'a' })).toThrow(/COLUMN_TYPE/)
    expect(() => jsonDecoder(raw, { rawColumn: 'b' })).toThrow(/COLUMN_UNKNOWN/)
  })
})

describe('nested values', () => {
  const of = schema({
    id: int64(),
    items: list(struct({ name: string(), price: decimal(6, 2), tags: list(string()).nullable() })),
    place: struct({ lat: float64(), ok: bool().nullable() }).nullable(),
  })

  test('are read into lists and structs', () => {
    const found = decodeText(
      of,
      [
        '{"id":1,"items":[{"name":"a","price":1.5,"tags":["x","y"]},{"price":"2","name":"b"}],' +
          '"place":{"lat":1.25,"ok":true}}',
        '{"id":2,"items":[],"place":null}',
        '{"id":3,"items":[{"name":"c","price":3,"tags":[]}],"place":{"lat":-0.5}}',
      ].join('\n'),
    )
    expect(found.faults).toEqual([])
    expect(found.rows).toEqual([
      {
        id: 1n,
        items: [
          { name: 'a', price: '1.50', tags: ['x', 'y'] },
          { name: 'b', price: '2.00', tags: null },
        ],
        place: { lat: 1.25, ok: true },
      },
      { id: 2n, items: [], place: null },
      { id: 3n, items: [{ name: 'c', price: '3.00', tags: [] }], place: { lat: -0.5, ok: null } },
    ])
  })

  test('are named by their path when they are at fault, and leave no trace', () => {
    const good = '{"id":1,"items":[{"name":"a","price":1.5,"tags":["x"]}],"place":{"lat":1}}'
    const found = decodeText(
      of,
      [
        good,
        '{"id":2,"items":[{"name":"a","price":1.5,"tags":["x",5]}]}',
        '{"id":3,"items":[{"name":"a","cost":1.5}]}',
        '{"id":4,"items":[{"name":null,"price":1}]}',
        good,
      ].join('\n'),
    )
    const [row] = found.rows
    expect(found.rows).toEqual([row, row])
    expect(found.faults.map(({ code, reason }) => [code, reason])).toEqual([
      ['FIELD_TYPE', 'field "items[0].tags[1]" holds 5; expected string'],
      [
        'FIELD_MISSING',
        'field "items[0].price" is missing; the record has unknown field "cost" — was it renamed?',
      ],
      ['FIELD_NULL', 'field "items[0].name" is null; its column is not nullable'],
    ])
  })
})
