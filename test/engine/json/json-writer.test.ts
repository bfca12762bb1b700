// The writer's formats, and the round trip: what the writer wrote reads back as the same rows.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ByteWriter,
  batchOfRows,
  Change,
  Dictionary,
  recordBatch,
  rowsOf,
} from '../../../engine/batch/index.ts'
import { JsonWriter } from '../../../engine/json/index.ts'
import {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  type Schema,
  schema,
  string,
  struct,
  timestamp,
} from '../../../engine/schema/index.ts'
import { decodeText } from './decoding.ts'

function textOf(of: Schema<unknown>, rows: readonly Record<string, unknown>[]): string {
  const times = new Float64Array(rows.length)
  const writer = new JsonWriter(of)
  writer.writeBatch(batchOfRows(of, rows, { eventTimes: times, watermarksBefore: times }))
  return new TextDecoder().decode(writer.out.view())
}

function valueText(spec: Parameters<typeof schema>[0][string], value: unknown): string {
  return textOf(schema({ v: spec }), [{ v: value }]).slice(5, -2)
}

describe('writeBatch', () => {
  test('writes columns in declared order, one line a row, null written', () => {
    const of = schema({
      b: decimal(10, 2),
      a: int64().nullable(),
      'quoted "name"': string().nullable(),
      tags: list(struct({ x: int32(), y: bool() })),
    })
    const rows = [
      { b: '12.50', a: null, 'quoted "name"': 'x', tags: [] },
      {
        b: '-0.05',
        a: 9223372036854775807n,
        'quoted "name"': null,
        tags: [
          { x: -1, y: true },
          { x: 2, y: false },
        ],
      },
    ]
    expect(textOf(of, rows)).toBe(
      [
        '{"b":12.50,"a":null,"quoted \\"name\\"":"x","tags":[]}\n',
        '{"b":-0.05,"a":9223372036854775807,"quoted \\"name\\"":null,',
        '"tags":[{"x":-1,"y":true},{"x":2,"y":false}]}\n',
      ].join(''),
    )
  })

  test('leads with the change of a row where it is asked to', () => {
    const of = schema({ n: int64() })
    const times = new Float64Array(4)
    const changes = Uint8Array.of(
      Change.insert,
      Change.updateBefore,
      Change.updateAfter,
      Change.delete,
    )
    const rows = [1n, 2n, 3n, 4n].map((n) => ({ n }))
    const batch = batchOfRows(of, rows, { eventTimes: times, watermarksBefore: times, changes })
    const writer = new JsonWriter(of, new ByteWriter(), { op: true })
    writer.writeBatch(batch)
    expect(new TextDecoder().decode(writer.out.view())).toBe(
      '{"op":"+I","n":1}\n{"op":"-U","n":2}\n{"op":"+U","n":3}\n{"op":"-D","n":4}\n',
    )
    writer.out.clear()
    writer.writeRow(batchOfRows(of, rows, { eventTimes: times, watermarksBefore: times }), 1)
    expect(new TextDecoder().decode(writer.out.view())).toBe('{"op":"+I","n":2}')
  })

  test('writes the strings of dictionary columns', () => {
    const of = schema({ city: string().nullable() })
    const dictionary = new Dictionary()
    const ids = Int32Array.of(dictionary.internString('köln'), -1, dictionary.internString('a"b'))
    const times = new Float64Array(3)
    const batch = recordBatch({
      schema: of,
      columns: [{ kind: 'dictionary', ids, dictionary, nulls: Uint8Array.of(0, 1, 0) }],
      eventTimes: times,
      watermarksBefore: times,
    })
    const writer = new JsonWriter(of)
    writer.writeBatch(batch)
    expect(new TextDecoder().decode(writer.out.view())).toBe(
      '{"city":"köln"}\n{"city":null}\n{"city":"a\\"b"}\n',
    )
  })
})

describe('formats', () => {
  test('of float64 are the shortest text that reads back', () => {
    for (const value of [0, 1, -1, 0.1, 12.5, 1e21, 1e-7, 2 ** 53, 123456.789, 5e-324, 1 / 3]) {
      expect(valueText(float64(), value)).toBe(JSON.stringify(value))
    }
    expect(valueText(float64(), -0)).toBe('-0')
    expect(valueText(float64(), Number.NaN)).toBe('"NaN"')
    expect(valueText(float64(), Infinity)).toBe('"Infinity"')
    expect(valueText(float64(), -Infinity)).toBe('"-Infinity"')
  })

  test('of times have three digits, or six where microseconds are not zero', () => {
    expect(valueText(timestamp(), 1_705_233_603_250_000)).toBe('"2024-01-14T12:00:03.250Z"')
    expect(valueText(timestamp(), 1_705_233_603_250_001)).toBe('"2024-01-14T12:00:03.250001Z"')
    expect(valueText(timestamp(), -1)).toBe('"1969-12-31T23:59:59.999999Z"')
    expect(valueText(date(), 19_736)).toBe('"2024-01-14"')
  })

  test('of decimals have all digits of their scale', () => {
    expect(valueText(decimal(5, 0), '12')).toBe('12')
    expect(valueText(decimal(4, 4), '-0.0001')).toBe('-0.0001')
    expect(valueText(decimal(38, 30), '1.5')).toBe(`1.5${'0'.repeat(29)}`)
    expect(valueText(decimal(38, 37), '0')).toBe(`0.${'0'.repeat(37)}`)
    expect(valueText(decimal(18, 2), '9007199254740993.25')).toBe('9007199254740993.25')
    expect(valueText(decimal(15, 2), '9007199254740.99')).toBe('9007199254740.99')
  })

  test('of strings escape as JSON.stringify does', () => {
    const value = `${String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i))}ü\u2028😀`
    expect(valueText(string(), value)).toBe(JSON.stringify(value))
    expect(valueText(bytes(), Uint8Array.of(0, 255, 16, 1))).toBe('"AP8QAQ=="')
  })
})

const all = schema({
  flag: bool().nullable(),
  small: int32().nullable(),
  id: int64().nullable(),
  ratio: float64().nullable(),
  price: decimal(12, 2).nullable(),
  wide: decimal(38, 10).nullable(),
  name: string().nullable(),
  blob: bytes().nullable(),
  time: timestamp().nullable(),
  day: date().nullable(),
  tags: list(string().nullable()).nullable(),
  place: struct({ x: int64(), y: float64().nullable() }).nullable(),
})

const wellFormed = fc.string({ unit: 'binary' })
const int64Value = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
const fixed = (digits: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n }).map((v) => {
    const text = String(v < 0n ? -v : v).padStart(scale + 1, '0')
    return `${v < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`
  })
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 6 })

const rowValue = fc.record({
  flag: nullable(fc.boolean()),
  small: nullable(fc.integer()),
  id: nullable(fc.oneof(int64Value, fc.maxSafeInteger().map(BigInt))),
  ratio: nullable(fc.double()),
  price: nullable(fixed(12, 2)),
  wide: nullable(fixed(38, 10)),
  name: nullable(wellFormed),
  blob: nullable(fc.uint8Array({ maxLength: 9 })),
  time: nullable(fc.maxSafeInteger()),
  day: nullable(fc.integer({ min: -719_162, max: 2_932_896 })),
  tags: nullable(fc.array(nullable(wellFormed), { maxLength: 3 })),
  place: nullable(fc.record({ x: int64Value, y: nullable(fc.double()) })),
})

test('every row reads back as it was written, and JSON.parse takes every line', () => {
  fc.assert(
    fc.property(fc.array(rowValue, { minLength: 1, maxLength: 6 }), (rows) => {
      const times = new Float64Array(rows.length)
      const batch = batchOfRows(all, rows, { eventTimes: times, watermarksBefore: times })
      const text = textOf(all, rows)
      const found = decodeText(all, text)
      expect(found.faults).toEqual([])
      expect(found.rows).toEqual(rowsOf(batch))
      const lines = text.trimEnd().split('\n')
      expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual(
        rows.map(() => all.fields.map((field) => field.name)),
      )
    }),
    { numRuns: 150 },
  )
})

test('a row written twice gives the same bytes', () => {
  fc.assert(
    fc.property(rowValue, (row) => {
      const text = textOf(all, [row])
      expect(textOf(all, decodeText(all, text).rows)).toBe(text)
    }),
    { numRuns: 200 },
  )
})
