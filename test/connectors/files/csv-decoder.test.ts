import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { fileSource } from '../../../connectors/files/index.ts'
import { valueAt } from '../../../engine/batch/index.ts'
import type { PartitionReader, SourceRecords } from '../../../engine/connector.ts'
import { jsonDecoder } from '../../../engine/json/index.ts'
import {
  bool,
  decimal,
  int32,
  type Schema,
  schema,
  string,
  timestamp,
} from '../../../engine/schema/index.ts'
import { temporaryFolder } from '../../support/connectors.ts'

const ORDERS = schema({
  id: string(),
  total: decimal(10, 2),
  items: int32().nullable(),
  paid: bool(),
  at: timestamp(),
})
const TEXTS = schema({ a: string(), b: string() })

function openCsv(
  text: string,
  of: Schema<unknown>,
  from?: { reader: PartitionReader; offset: number },
) {
  const path = join(temporaryFolder(), 'in.csv')
  writeFileSync(path, text)
  const bookmark = from?.reader.bookmark()
  const reader = fileSource(path).open(0, jsonDecoder(of), from?.offset ?? 0, bookmark)
  onTestFinished(() => reader.close())
  return reader
}

function drain(reader: PartitionReader): SourceRecords[] {
  const all: SourceRecords[] = []
  for (let r = reader.poll(); r !== undefined; r = reader.poll()) all.push(r)
  return all
}

function rows(of: Schema<unknown>, read: readonly SourceRecords[]): unknown[][] {
  return read.flatMap((records) =>
    Array.from({ length: records.length }, (_, row) =>
      of.fields.map((field, i) => {
        const column = records.columns[i]
        return column && valueAt(column, field.type, row)
      }),
    ),
  )
}

test('fields are read by the names of the header and the types of the schema', () => {
  const text =
    'at,id,paid,total,items\r\n' +
    '2024-01-01T00:00:00Z,o-1,true,12.5,3\r\n' +
    '2024-01-01T00:00:01.5Z,"o ""2"", x",false,7,\r\n'
  const read = drain(openCsv(text, ORDERS))
  expect(rows(ORDERS, read)).toEqual([
    ['o-1', '12.50', 3, true, 1704067200000000],
    ['o "2", x', '7.00', null, false, 1704067201500000],
  ])
  expect(read.flatMap(({ offsets }) => [...offsets])).toEqual([1, 2])
})

test('a broken record is rejected with code, reason and its text; the others pass', () => {
  const text = [
    'a,b',
    'x,y',
    'only-one',
    'x,y,z',
    '"x"y,z',
    '',
    '"multi\nline",z',
    'p,"open',
    'q,r',
  ].join('\n')
  const read = drain(openCsv(text, TEXTS))
  expect(rows(TEXTS, read)).toEqual([
    ['x', 'y'],
    ['multi\nline', 'z'],
    ['q', 'r'],
  ])
  const rejected = read.flatMap((records) => records.rejected)
  expect(rejected.map(({ offset, code }) => `${offset} ${code}`)).toEqual([
    '2 CSV_FIELDS',
    '3 CSV_FIELDS',
    '4 CSV_QUOTE',
    '7 CSV_QUOTE',
  ])
  expect(rejected[0]?.reason).toBe('expected 2 fields, found 1')
  expect(Buffer.from(rejected[2]?.raw ?? []).toString()).toBe('"x"y,z')
})

test('a value of the wrong type is rejected with the record as it was written', () => {
  const text = 'id,total,items,paid,at\no-1,much,1,true,2024-01-01T00:00:00Z\n'
  const [records] = drain(openCsv(text, ORDERS))
  expect(records?.length).toBe(0)
  expect(records?.rejected[0]?.reason).toContain('total')
  const raw = Buffer.from(records?.rejected[0]?.raw ?? []).toString()
  expect(raw).toBe('o-1,much,1,true,2024-01-01T00:00:00Z')
})

test('a run goes on behind the header and what was decided', () => {
  const text = `a,b\n${Array.from({ length: 3000 }, (_, i) => `${i},"x\n${i}"\n`).join('')}`
  const first = openCsv(text, TEXTS)
  const seen = first.poll()
  const rest = drain(openCsv(text, TEXTS, { reader: first, offset: seen?.nextOffset ?? 0 }))
  const all = rows(TEXTS, seen === undefined ? [] : [seen, ...rest])
  expect(all).toEqual(Array.from({ length: 3000 }, (_, i) => [`${i}`, `x\n${i}`]))
})

test('any texts written by the rules of RFC 4180 are read as they were', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', ' ', '\\', '\t') })
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), fc.boolean(), (table, crlf) => {
      const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
      const end = crlf ? '\r\n' : '\n'
      const text = [['a', 'b'], ...table]
        .map(([a = '', b = '']) => `${quote(a)},${quote(b)}`)
        .join(end)
      expect(rows(TEXTS, drain(openCsv(text, TEXTS)))).toEqual(table)
    }),
    { numRuns: 100 },
  )
})

test('a header with an empty or repeated name is refused', () => {
  expect(() => openCsv('a,,b\n', TEXTS)).toThrow(/CSV_HEADER/)
  expect(() => openCsv('a,a\n', TEXTS)).toThrow(/CSV_HEADER/)
})
