// The decoder as a user of lines and of topic records meets it: offsets, batches, policies,
// reasons.
import { describe, expect, test } from 'vitest'
import { jsonDecoder } from '../../../engine/json/index.ts'
import { BATCH_RECORDS_MAX } from '../../../engine/limits.ts'
import {
  decimal,
  int32,
  int64,
  list,
  schema,
  string,
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

const ms = (i: number) => 1_700_000_000_000 + i

const order = (i: number) =>
  `{"order_id":"o-${i}","user_id":"u${i % 7}","order_total":${i}.50,"event_time":${ms(i)}}`

const row = (i: number) => ({
  order_id: `o-${i}`,
  user_id: `u${i % 7}`,
  order_total: `${i}.50`,
  event_time: ms(i) * 1000,
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
