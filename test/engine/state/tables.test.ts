import { expect, test } from 'vitest'
import { int32, int64, schema, string } from '../../../engine/schema/index.ts'
import { ListTable, MapTable, ValueTable } from '../../../engine/state/index.ts'
import { tableCases } from '../../cases/table-cases.ts'

const entry = (member: number): Uint8Array => Uint8Array.of(member)
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

tableCases<ValueTable>({
  name: 'the value table',
  create: (options) => new ValueTable(options),
  put: (table, key, _member, row, time) => table.put(key, row, time),
  remove: (table, key) => table.delete(key),
  rows: (table, key) => {
    const row = table.get(key)
    return row === undefined ? [] : [row]
  },
  model: { member: () => 0, removed: (known) => known },
})

tableCases<MapTable>({
  name: 'the map table',
  create: (options) => new MapTable(options),
  put: (table, key, member, row, time) => table.put(key, entry(member), row, time),
  remove: (table, key, member) => table.delete(key, entry(member)),
  rows: (table, key) => [...table.scan(key)].map(([, row]) => row),
  model: { member: (_, member) => member, removed: (_, member) => [member] },
})

tableCases<ListTable>({
  name: 'the list table',
  create: (options) => new ListTable(options),
  put: (table, key, _member, row, time) => table.append(key, row, time),
  remove: (table, key) => table.clear(key),
  rows: (table, key) => table.get(key),
  model: { member: (known) => Math.max(-1, ...known) + 1, removed: (known) => known },
})

test('a value table scans a range of keys in their order', () => {
  const table = new ValueTable({ name: 't', schema: schema({ n: int32() }) })
  for (const [n, key] of ['d', 'a', 'c', 'ab', 'b'].entries()) table.put(bytes(key), { n })
  const found = [...table.scan({ from: bytes('ab'), to: bytes('d') })]
  expect(found.map(([key, row]) => [text(key), row.n])).toEqual([
    ['ab', 3],
    ['b', 4],
    ['c', 2],
  ])
  table.delete(bytes('b'))
  expect([...table.scan()].map(([key]) => text(key))).toEqual(['a', 'ab', 'c', 'd'])
})

test('a map table scans a range of the entries of one key, and clears them', () => {
  const table = new MapTable({ name: 't', schema: schema({ n: int64() }) })
  for (const n of [5, 1, 3, 2, 4]) table.put(bytes('k'), entry(n), { n: BigInt(n) })
  table.put(bytes('kk'), entry(9), { n: 9n })
  const found = [...table.scan(bytes('k'), { from: entry(2), to: entry(5) })]
  expect(found.map(([, row]) => row.n)).toEqual([2n, 3n, 4n])
  expect(table.clear(bytes('k'))).toBe(5)
  expect([...table.scan(bytes('k'))]).toEqual([])
  expect(table.get(bytes('kk'), entry(9))).toEqual({ n: 9n })
})

test('a table with a time to live needs the event time of an update', () => {
  const table = new ValueTable({ name: 't', schema: schema({ s: string() }), ttl: 5 })
  expect(() => table.put(bytes('k'), { s: 'x' })).toThrow('put needs the event time')
})
