import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowWriter } from '../../../connectors/online/row-writer.ts'
import { ByteWriter, batchOfRows, columnAt, Dictionary } from '../../../engine/batch/index.ts'
import { rowCodec } from '../../../engine/codec/index.ts'
import {
  bool,
  bytes,
  date,
  decimal,
  float64,
  int32,
  int64,
  list,
  schema,
  string,
  timestamp,
} from '../../../engine/schema/index.ts'

const flat = schema({
  flag: bool().nullable(),
  small: int32().nullable(),
  big: int64().nullable(),
  sure: int64(),
  ratio: float64().nullable(),
  money: decimal(38, 3).nullable(),
  name: string().nullable(),
  raw: bytes().nullable(),
  at: timestamp().nullable(),
  day: date().nullable(),
})

const int64s = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -70000n, max: 70000n }),
  fc.constantFrom(127n, 128n, -128n, -129n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n)),
)

const rows = fc.array(
  fc.record({
    flag: fc.option(fc.boolean()),
    small: fc.option(fc.integer()),
    big: fc.option(int64s),
    sure: fc.bigInt({ min: -1000n, max: 1000n }),
    ratio: fc.option(fc.double()),
    money: fc.option(fc.bigInt({ min: -(10n ** 34n), max: 10n ** 34n }).map((n) => `${n}.125`)),
    name: fc.option(fc.string({ unit: 'binary' })),
    raw: fc.option(fc.uint8Array()),
    at: fc.option(fc.maxSafeInteger()),
    day: fc.option(fc.integer()),
  }),
  { minLength: 1, maxLength: 10 },
)

function times(length: number) {
  const zeros = new Float64Array(length)
  return { eventTimes: zeros, watermarksBefore: zeros }
}

test('rows written from columns are what the row codec writes, byte by byte', () => {
  const codec = rowCodec(flat)
  const rowWriter = new RowWriter(flat)
  fc.assert(
    fc.property(rows, (values) => {
      const batch = batchOfRows(flat, values, times(values.length))
      for (const [i, value] of values.entries()) {
        const fromColumns = new ByteWriter()
        rowWriter.write(batch, i, fromColumns)
        const fromRow = new ByteWriter()
        codec.encode(value, fromRow)
        expect(fromColumns.toBytes()).toEqual(fromRow.toBytes())
        expect(codec.decode(fromColumns.toBytes())).toEqual(value)
      }
    }),
  )
})

test('dictionary columns give the same bytes as plain ones', () => {
  const names = schema({ name: string() })
  const rowWriter = new RowWriter(names)
  const values = ['ann', '', 'Łódź', 'ann'].map((name) => ({ name }))
  const plain = batchOfRows(names, values, times(4))
  const dictionary = new Dictionary()
  const ids = Int32Array.from(values, ({ name }) => dictionary.internString(name))
  const column = { kind: 'dictionary', ids, dictionary, nulls: columnAt(plain, 0).nulls } as const
  const coded = { ...plain, columns: [column] }
  for (let i = 0; i < 4; i++) {
    const [a, b] = [new ByteWriter(), new ByteWriter()]
    rowWriter.write(plain, i, a)
    rowWriter.write(coded, i, b)
    expect(b.toBytes()).toEqual(a.toBytes())
  }
})

test('rows with lists and structs come back too', () => {
  const nested = schema({ tags: list(string().nullable()), n: int32() })
  const value = { tags: ['a', null], n: 5 }
  const writer = new ByteWriter()
  new RowWriter(nested).write(batchOfRows(nested, [value], times(1)), 0, writer)
  expect(rowCodec(nested).decode(writer.toBytes())).toEqual(value)
})
