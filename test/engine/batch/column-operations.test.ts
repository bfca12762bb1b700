import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Column,
  columnLength,
  concatColumns,
  Dictionary,
  gatherColumn,
  sliceColumn,
  toPlain,
  valueAt,
} from '../../../engine/batch/index.ts'
import type { DataType } from '../../../engine/schema/index.ts'
import { batchesOf, internColumn, schemas } from '../codec/random-batch.ts'

const pairs = schemas.chain((schema) => {
  return fc.record({
    schema: fc.constant(schema),
    first: batchesOf(schema),
    second: batchesOf(schema),
    picks: fc.array(fc.nat(), { maxLength: 30 }),
    cut: fc.tuple(fc.nat(), fc.nat()),
  })
})

function valuesOf(column: Column, type: DataType): unknown[] {
  return Array.from({ length: columnLength(column) }, (_, row) => valueAt(column, type, row))
}

function eachColumn(check: (type: DataType, a: Column, b: Column, picks: number[]) => void): void {
  fc.assert(
    fc.property(pairs, ({ schema, first, second, picks, cut }) => {
      for (const [i, { type }] of schema.fields.entries()) {
        const [a, b] = [first.columns[i], second.columns[i]]
        if (a !== undefined && b !== undefined) check(type, a, b, [...cut, ...picks])
      }
    }),
    { numRuns: 300 },
  )
}

test('a slice holds the rows of its range', () => {
  eachColumn((type, column, _, [one = 0, two = 0]) => {
    const length = columnLength(column) + 1
    const [from, to] = [one % length, two % length].sort((x, y) => x - y)
    const slice = sliceColumn(column, from ?? 0, to ?? 0)
    expect(valuesOf(slice, type)).toEqual(valuesOf(column, type).slice(from, to))
  })
})

test('gathered rows are those picked, in the order picked', () => {
  eachColumn((type, column, _, picks) => {
    const length = columnLength(column)
    if (length === 0) return
    const rows = Int32Array.from(picks, (pick) => pick % length)
    const values = valuesOf(column, type)
    const gathered = gatherColumn(column, rows)
    expect(valuesOf(gathered, type)).toEqual(Array.from(rows, (row) => values[row]))
  })
})

test('joined columns hold all rows in order, whatever their layouts', () => {
  eachColumn((type, a, b) => {
    for (const parts of [[a], [a, b], [b, internColumn(a), a]]) {
      const expected = parts.flatMap((part) => valuesOf(part, type))
      expect(valuesOf(concatColumns(parts), type)).toEqual(expected)
    }
  })
})

test('slices of gathered and joined columns still agree', () => {
  eachColumn((type, a, b, [one = 0]) => {
    const joined = concatColumns([sliceColumn(a, 0, columnLength(a)), b])
    const length = columnLength(joined)
    const from = one % (length + 1)
    const reversed = Int32Array.from({ length }, (_, i) => length - 1 - i)
    const turned = sliceColumn(gatherColumn(joined, reversed), from, length)
    expect(valuesOf(turned, type)).toEqual(valuesOf(joined, type).reverse().slice(from))
  })
})

test('columns of one dictionary stay in it when joined, of two they turn plain', () => {
  const dictionary = new Dictionary()
  const ids = Int32Array.of(dictionary.internString('a'), dictionary.internString('b'))
  const column = { kind: 'dictionary', ids, dictionary, nulls: undefined } as const
  const same = concatColumns([column, column])
  expect(same.kind === 'dictionary' && same.dictionary === dictionary && [...same.ids]).toEqual([
    0, 1, 0, 1,
  ])
  const other = { ...column, dictionary: copyOf(dictionary) }
  expect(concatColumns([column, other]).kind).toBe('plain')
})

function copyOf(dictionary: Dictionary): Dictionary {
  const copy = new Dictionary()
  for (let id = 0; id < dictionary.size; id++) copy.internString(dictionary.string(id))
  return copy
}

test('a slice shares memory, a plain column is returned as it is', () => {
  const values = Float64Array.of(1, 2, 3)
  const slice = sliceColumn({ kind: 'float64', values, nulls: undefined }, 1, 3)
  expect(slice.kind === 'float64' && slice.values.buffer).toBe(values.buffer)
  const plain = {
    kind: 'plain',
    offsets: Int32Array.of(0, 1),
    bytes: Uint8Array.of(97),
    nulls: undefined,
  } as const
  expect(toPlain(plain)).toBe(plain)
})
