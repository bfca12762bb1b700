import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FileStatistics } from '../../../connectors/delta/file-statistics.ts'
import { dateText, timestampText } from '../../../connectors/delta/statistics-text.ts'
import {
  type Column,
  columnBuilder,
  Dictionary,
  type DictionaryColumn,
} from '../../../engine/batch/index.ts'
import { type DataType, type Field, list, string, struct } from '../../../engine/schema/index.ts'

interface Stats {
  readonly numRecords: number
  readonly minValues: Record<string, unknown>
  readonly maxValues: Record<string, unknown>
  readonly nullCount: Record<string, unknown>
}

function fieldOf(type: DataType): Field {
  return { name: 'v', type, nullable: true }
}

function columnOf(type: DataType, values: readonly unknown[]): Column {
  const builder = columnBuilder(fieldOf(type))
  for (const value of values) builder.append(value)
  return builder.finish()
}

function dictionaryOf(
  values: readonly (string | null)[],
  dictionary: Dictionary,
): DictionaryColumn {
  const ids = Int32Array.from(values, (v) => (v === null ? -1 : dictionary.internString(v)))
  return {
    kind: 'dictionary',
    ids,
    dictionary,
    nulls: Uint8Array.from(ids, (id) => (id < 0 ? 1 : 0)),
  }
}

function statsText(type: DataType, ...columns: Column[]): string {
  const statistics = new FileStatistics([fieldOf(type)])
  for (const column of columns) {
    const length = column.kind === 'dictionary' ? column.ids.length : (column.nulls?.length ?? 0)
    statistics.add([column], length)
  }
  return statistics.toJson()
}

function statsOf(type: DataType, values: readonly unknown[]): Stats {
  const statistics = new FileStatistics([fieldOf(type)])
  statistics.add([columnOf(type, values)], values.length)
  return JSON.parse(statistics.toJson())
}

const utf8 = (text: string) => Buffer.from(text, 'utf8')
const unicode = fc.string({ unit: 'binary', maxLength: 80 })
const wild = fc.oneof(
  unicode,
  fc
    .array(fc.constantFrom('\u{10ffff}', '\ud7ff', '\ue000', 'z', '🍕'), { maxLength: 50 })
    .map((p) => p.join('')),
)

describe('bounds of strings', () => {
  test('hold for every value in the order of UTF-8 bytes, however long the values are', () => {
    fc.assert(
      fc.property(fc.array(fc.option(wild), { minLength: 1, maxLength: 20 }), (values) => {
        const { minValues, maxValues, nullCount } = statsOf({ kind: 'string' }, values)
        const present = values.filter((value) => value !== null)
        expect(nullCount.v).toBe(values.length - present.length)
        for (const value of present) {
          const { v: min } = minValues
          const { v: max } = maxValues
          expect(Buffer.compare(utf8(String(min)), utf8(value))).toBeLessThanOrEqual(0)
          if (max !== undefined) {
            expect(Buffer.compare(utf8(String(max)), utf8(value))).toBeGreaterThanOrEqual(0)
            expect(utf8(String(max)).toString('utf8')).toBe(max)
            expect(Array.from(String(max)).length).toBeLessThanOrEqual(32)
          } else expect(present.some((v) => v.startsWith('\u{10ffff}'.repeat(32)))).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('are the same for dictionary columns, also over several dictionaries', () => {
    const batches = fc.array(fc.array(fc.option(wild), { minLength: 1, maxLength: 9 }), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(batches, (groups) => {
        const one = new Dictionary()
        const shared = groups.map((values) => dictionaryOf(values, one))
        const fresh = groups.map((values) => dictionaryOf(values, new Dictionary()))
        const mixed = shared.flatMap((column, i) => (i % 2 === 0 ? [column] : (fresh[i] ?? [])))
        const plain = JSON.stringify(statsOf({ kind: 'string' }, groups.flat()))
        for (const columns of [shared, fresh, mixed]) {
          const found = JSON.parse(statsText({ kind: 'string' }, ...columns))
          expect(JSON.stringify(found)).toBe(plain)
        }
      }),
    )
  })

  test('raise the last code point of a cut maximum, past the surrogates', () => {
    const max = (text: string) => statsOf({ kind: 'string' }, [text]).maxValues.v
    expect(max(`${'a'.repeat(31)}b!`)).toBe(`${'a'.repeat(31)}c`)
    expect(max(`${'a'.repeat(31)}🍕!`)).toBe(`${'a'.repeat(31)}${String.fromCodePoint(0x1f356)}`)
    expect(max(`${'a'.repeat(31)}\ud7ff!`)).toBe(`${'a'.repeat(31)}\ue000`)
    expect(max(`a${'\u{10ffff}'.repeat(40)}`)).toBe('b')
    expect(max('\u{10ffff}'.repeat(33))).toBeUndefined()
    expect(max('b'.repeat(32))).toBe('b'.repeat(32))
  })

  test('are left out when the bytes are no UTF-8', () => {
    const column: Column = {
      kind: 'plain',
      offsets: Int32Array.of(0, 2),
      bytes: Uint8Array.of(0xff, 0xfe),
      nulls: Uint8Array.of(0),
    }
    expect(JSON.parse(statsText({ kind: 'string' }, column))).toMatchObject({
      minValues: {},
      maxValues: {},
    })
  })
})

describe('bounds of numbers', () => {
  test('keep all digits of int64 and decimal', () => {
    const bounds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(fc.array(bounds, { minLength: 1, maxLength: 8 }), (values) => {
        const text = statsText({ kind: 'int64' }, columnOf({ kind: 'int64' }, [...values, null]))
        const rising = [...values].sort((a, b) => Number(a > b) - Number(a < b))
        const [least, greatest] = [rising[0], rising.at(-1)]
        expect(text).toContain(`"minValues":{"v":${least}},"maxValues":{"v":${greatest}}`)
      }),
    )
    const decimal = { kind: 'decimal', precision: 38, scale: 18 } as const
    const text = statsText(
      decimal,
      columnOf(decimal, ['12345678901234567890.1', '-0.000000000000000001', null]),
    )
    expect(text).toContain(
      '"minValues":{"v":-0.000000000000000001},' +
        '"maxValues":{"v":12345678901234567890.100000000000000000}',
    )
  })

  test('of doubles are left out where NaN is, and a zero covers both zeros', () => {
    const doubles = (values: number[]) =>
      statsText({ kind: 'float64' }, columnOf({ kind: 'float64' }, [...values, null]))
    expect(doubles([1, Number.NaN])).toContain('"minValues":{},"maxValues":{}')
    expect(doubles([0])).toContain('"minValues":{"v":-0.0},"maxValues":{"v":0.0}')
    expect(doubles([-0])).toContain('"minValues":{"v":-0.0},"maxValues":{"v":0.0}')
    expect(doubles([Number.NEGATIVE_INFINITY, 3])).toContain('"minValues":{},"maxValues":{"v":3}')
    expect(doubles([])).toContain('"minValues":{},"maxValues":{},"nullCount":{"v":1}')
  })

  test('of timestamps are widened to whole milliseconds', () => {
    const { minValues, maxValues } = statsOf({ kind: 'timestamp' }, [-1, 1704499200123001])
    expect(minValues.v).toBe('1969-12-31T23:59:59.999Z')
    expect(maxValues.v).toBe('2024-01-06T00:00:00.124Z')
  })

  test('of dates and timestamps are text as ISO 8601 has it, and absent outside its years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719162, max: 2932896 }), (day) => {
        expect(dateText(day)).toBe(new Date(day * 86_400_000).toISOString().slice(0, 10))
      }),
    )
    // Microseconds are exact up to the year 2255.
    fc.assert(
      fc.property(fc.integer({ min: -62135596800000, max: 9007199254740 }), (ms) => {
        expect(timestampText(ms * 1000, 'floor')).toBe(new Date(ms).toISOString())
        expect(timestampText(ms * 1000, 'ceil')).toBe(new Date(ms).toISOString())
      }),
    )
    fc.assert(
      fc.property(
        fc.integer({ min: -9e12, max: 9e12 }),
        fc.integer({ min: 1, max: 999 }),
        (ms, us) => {
          expect(timestampText(ms * 1000 + us, 'floor')).toBe(new Date(ms).toISOString())
          expect(timestampText(ms * 1000 + us, 'ceil')).toBe(new Date(ms + 1).toISOString())
        },
      ),
    )
    expect(dateText(-719163)).toBeUndefined()
    expect(dateText(2932897)).toBeUndefined()
  })
})

describe('statistics of a file', () => {
  test('nest structs, count a null struct in each leaf, and only count nulls of lists', () => {
    const type = struct({ city: string().nullable(), tags: list(string()).nullable() }).type
    const found = statsOf(type, [{ city: 'Oslo', tags: ['z'] }, null, { city: null, tags: null }])
    expect(found).toEqual({
      numRecords: 3,
      minValues: { v: { city: 'Oslo' } },
      maxValues: { v: { city: 'Oslo' } },
      nullCount: { v: { city: 2, tags: 2 } },
    })
  })

  test('cover the first 32 leaf columns', () => {
    const fields = Array.from({ length: 40 }, (_, i) => ({
      name: `c${i}`,
      type: { kind: 'int32' } as const,
      nullable: false,
    }))
    const statistics = new FileStatistics(fields)
    statistics.add(
      fields.map(() => columnOf({ kind: 'int32' }, [5])),
      1,
    )
    const found: Stats = JSON.parse(statistics.toJson())
    expect(Object.keys(found.maxValues)).toEqual(fields.slice(0, 32).map((field) => field.name))
  })
})
