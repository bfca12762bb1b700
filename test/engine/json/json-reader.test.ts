// The decoder as a user of lines and of topic records meets it: offsets, batches, policies, reasons.
import { describe, expect, test } from 'vitest'
import { jsonDecoder } from '../../../engine/json/index.ts'
import { BATCH_RECORDS_MAX, RECORD_BYTES_MAX } from '../../../engine/limits.ts'
import {
  bool,
  bytes,
  decimal,
  float64,
  int32,
  int64,
  list,
  schema,
  string,
  struct,
  timestamp,
} from '../../../engine/schema/index.ts'
import { bytesOf, decodeText, decodeValues, described } from './decoding.ts'

const orders = schema({
  order_id: string(),
  user_id: string(),
  order_total: decimal(10, 2),
  event_time: timestamp({ unit: 'ms' }),
  note: string().nullable(),
})

const order = (i: number) =>
  `{"order_id":"o-${i}","user_id":"u${i % 7}","order_total":${i}.50,"event_time":${1_700_000_000_000 + i}}`

const row = (i: number) => ({
  order_id: `o-${i}`,
  user_id: `u${i % 7}`,
  order_total: `${i}.50`,
  event_time: (1_700_000_000_000 + i) * 1000,
  note: null,
})

describe('decodeLines', () => {
  test('reads lines into rows, whatever layout was learned before', () => {
    const found = decodeText(orders, [1, 2, 3].map((i) => `${order(i)}\n`).join(''))
    expect(found).toEqual({
      rows: [1, 2, 3].map(row),
      offsets: [0, 1, 2],
      faults: [],
      nextOffset: 3,
    })
  })

  test('counts empty lines in offsets and makes neither rows nor rejects of them', () => {
    const found = decodeText(orders, `\n${order(1)}\r\n\r\n\n${order(2)}`)
    expect(found.rows).toEqual([1, 2].map(row))
    expect(found.offsets).toEqual([1, 4])
    expect(found.nextOffset).toBe(5)
  })

  test('rejects a line of white space rather than losing it', () => {
    expect(decodeText(orders, '  \n').faults).toEqual([
      { offset: 0, code: 'JSON_SYNTAX', reason: 'the record ends too early' },
    ])
  })

  test('stops before an unfinished line until it is told that it is the last', () => {
    const text = bytesOf(`${order(1)}\n${order(2)}`)
    const decoder = jsonDecoder(orders)
    const first = decoder.decodeLines(text, 0, text.length, 7, false)
    expect(first.consumed).toBe(order(1).length + 1)
    expect(first.records.nextOffset).toBe(8)
    const rest = decoder.decodeLines(text, first.consumed, text.length, 8, true)
    expect(described(orders, rest.records).rows).toEqual([row(2)])
    expect(rest.consumed).toBe(order(2).length)
  })

  test('gives at most one batch and goes on where it stopped', () => {
    const text = bytesOf(
      Array.from({ length: 3000 }, (_, i) => `${i % 100 === 5 ? '{' : order(i)}\n`).join(''),
    )
    const decoder = jsonDecoder(orders)
    const rows: unknown[] = []
    const offsets: number[] = []
    let at = 0
    let offset = 0
    let batches = 0
    while (at < text.length) {
      const { records, consumed } = decoder.decodeLines(text, at, text.length, offset, true)
      const found = described(orders, records)
      expect(found.rows.length + found.faults.length).toBeLessThanOrEqual(BATCH_RECORDS_MAX)
      rows.push(...found.rows)
      offsets.push(...found.offsets, ...found.faults.map((fault) => fault.offset))
      at += consumed
      offset = found.nextOffset
      batches++
    }
    expect(batches).toBe(3)
    expect(rows).toEqual(Array.from({ length: 3000 }, (_, i) => i).flatMap(kept))
    expect(offsets.sort((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, i) => i))

    function kept(i: number) {
      return i % 100 === 5 ? [] : [row(i)]
    }
  })

  test('reads nothing from an empty range', () => {
    const found = jsonDecoder(orders).decodeLines(bytesOf('xyz'), 1, 1, 4, true)
    expect(described(orders, found.records)).toEqual({
      rows: [],
      offsets: [],
      faults: [],
      nextOffset: 4,
    })
    expect(found.consumed).toBe(0)
  })

  test('reads shapes that alternate, each as its own layout', () => {
    const of = schema({ a: int64(), b: string().nullable(), c: list(int32()).nullable() })
    const shapes = [
      '{"a":1,"b":"x","c":[1,2]}',
      '{"b": "y", "a": 2}',
      '{"c":null,"unknown":{"deep":[1]},"a":3}',
      '{"a":4,"b":null}',
    ]
    const rows = [
      { a: 1n, b: 'x', c: [1, 2] },
      { a: 2n, b: 'y', c: null },
      { a: 3n, b: null, c: null },
      { a: 4n, b: null, c: null },
    ]
    const order = Array.from({ length: 60 }, (_, i) => (i * i + (i >> 2)) % 4)
    const found = decodeText(of, order.map((i) => `${shapes[i]}\n`).join(''))
    expect(found.faults).toEqual([])
    expect(found.rows).toEqual(order.map((i) => rows[i]))
  })

  test('does not join two lines into one record where a layout nests', () => {
    const of = schema({ a: list(int64()) })
    const found = decodeText(of, '{"a":[1,2]}\n{"a":[3,\n4]}\n{"a":[5,6]}\n')
    expect(found.rows).toEqual([{ a: [1n, 2n] }, { a: [5n, 6n] }])
    expect(found.faults.map(({ offset, code }) => [offset, code])).toEqual([
      [1, 'JSON_SYNTAX'],
      [2, 'JSON_SYNTAX'],
    ])
  })

  test('passes over a byte order mark and white space round a record', () => {
    const found = decodeText(orders, `\ufeff${order(1)}\n \t${order(2)} \r\n`)
    expect(found.rows).toEqual([1, 2].map(row))
  })

  test('turns a column of ever new strings plain and keeps repeated ones in a dictionary', () => {
    const of = schema({ id: string(), kind: string() })
    const lines = Array.from({ length: 20_000 }, (_, i) => `{"id":"i${i}","kind":"k${i % 3}"}\n`)
    const text = bytesOf(lines.join(''))
    const decoder = jsonDecoder(of)
    const kinds = new Set<string>()
    const rows: unknown[] = []
    let at = 0
    while (at < text.length) {
      const { records, consumed } = decoder.decodeLines(text, at, text.length, 0, true)
      at += consumed
      kinds.add(records.columns.map((column) => column.kind).join())
      rows.push(...described(of, records).rows)
    }
    expect([...kinds]).toEqual(['dictionary,dictionary', 'plain,dictionary'])
    expect(rows).toEqual(lines.map((_, i) => ({ id: `i${i}`, kind: `k${i % 3}` })))
  })
})

describe('decodeRecords', () => {
  test('decodes records that stand one after another without newlines', () => {
    const found = decodeValues(jsonDecoder(orders), [1, 2, 3, 4].map(order))
    expect(found.rows).toEqual([1, 2, 3, 4].map(row))
    expect(found.nextOffset).toBe(4)
  })

  test('does not read over the end of a record into the next', () => {
    const of = schema({ a: int64(), b: string() })
    const values = [
      '{"a":1,"b":"x"}',
      '{"a":1',
      '2,"b":"x"}',
      '{"a":3,"b":"',
      'x"}',
      '{"a":4,"b":"z"}',
    ]
    const found = decodeValues(jsonDecoder(of), values)
    expect(found.rows).toEqual([
      { a: 1n, b: 'x' },
      { a: 4n, b: 'z' },
    ])
    expect(found.faults.map((fault) => fault.offset)).toEqual([1, 2, 3, 4])
  })

  test('takes records of several lines', () => {
    const of = schema({ a: int64() })
    expect(decodeValues(jsonDecoder(of), ['{\n "a": 1\n}', '{\n "a": 2\n}']).rows).toEqual([
      { a: 1n },
      { a: 2n },
    ])
  })

  test('keeps append times only of the records that became rows', () => {
    const text = bytesOf('{"a":1}xx{"a":3}')
    const records = jsonDecoder(schema({ a: int64() })).decodeRecords(
      text,
      Int32Array.of(0, 7, 9),
      Int32Array.of(7, 9, 16),
      Float64Array.of(10, 12, 13),
      Float64Array.of(100, 200, 300),
    )
    expect([...(records.appendTimes ?? [])]).toEqual([100, 300])
    expect([...records.offsets]).toEqual([10, 13])
    expect(records.nextOffset).toBe(14)
    expect(
      records.rejected.map(({ offset, raw }) => [offset, String.fromCharCode(...raw)]),
    ).toEqual([[12, 'xx']])
  })
})

describe('policies', () => {
  const of = schema({ a: int64(), b: string().nullable() })
  const fault = (text: string, policies = {}) => decodeText(of, text, policies).faults[0]

  test('name a renamed field together with its new name', () => {
    const line = '{"order_id":"a","user_id":"b","total_amount":3,"event_time":1700000000000}\n'
    expect(decodeText(orders, line).faults[0]?.reason).toBe(
      'field "order_total" is missing; the record has unknown field "total_amount" — was it renamed?',
    )
    const many = '{"order_id":"a","user_id":"b","x":1,"y":2,"z":3,"total":3,"event_time":17}\n'
    expect(decodeText(orders, many).faults[0]?.reason).toBe(
      'field "order_total" is missing; the record has unknown fields "total", "x", "y" — was it renamed to one of them?',
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
        '{"id":1,"items":[{"name":"a","price":1.5,"tags":["x","y"]},{"price":"2","name":"b"}],"place":{"lat":1.25,"ok":true}}',
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
