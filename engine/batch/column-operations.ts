// Slice, gather and concatenate, for every kind of column. Slices share memory; gather copies the
// rows it picks; concatenated dictionary columns of different dictionaries turn plain.
import { assert } from '../errors.ts'
import type {
  BoolColumn,
  Column,
  DictionaryColumn,
  Float64Column,
  Int32Column,
  IntegerColumn,
  ListColumn,
  PlainColumn,
  StructColumn,
} from './column.ts'
import { columnLength } from './column.ts'
import { toPlain } from './to-plain.ts'

/** Rows [from, to) of a column, sharing its memory. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  const nulls = column.nulls?.subarray(from, to)
  switch (column.kind) {
    case 'bool':
      return { kind: 'bool', values: column.values.subarray(from, to), nulls }
    case 'int32':
      return { kind: 'int32', values: column.values.subarray(from, to), nulls }
    case 'float64':
      return { kind: 'float64', values: column.values.subarray(from, to), nulls }
    case 'integer': {
      const wide = column.wide?.slice(from, to)
      return { kind: 'integer', values: column.values.subarray(from, to), wide, nulls }
    }
    case 'dictionary':
      return { ...column, ids: column.ids.subarray(from, to), nulls }
    case 'plain':
      return { ...column, offsets: column.offsets.subarray(from, to + 1), nulls }
    case 'list':
      return { ...column, offsets: column.offsets.subarray(from, to + 1), nulls }
    case 'struct': {
      const fields = column.fields.map((field) => sliceColumn(field, from, to))
      return { kind: 'struct', fields, length: to - from, nulls }
    }
  }
}

/** The rows `rows[0], rows[1], …` of a column. */
export function gatherColumn(column: Column, rows: Int32Array): Column {
  const count = rows.length
  const nulls = column.nulls && gatherInto(column.nulls, rows, new Uint8Array(count))
  switch (column.kind) {
    case 'bool':
      return { kind: 'bool', values: gatherInto(column.values, rows, new Uint8Array(count)), nulls }
    case 'int32':
      return { kind: 'int32', values: gatherInt32(column.values, rows), nulls }
    case 'float64':
      return { kind: 'float64', values: gatherFloat64(column.values, rows), nulls }
    case 'integer': {
      const wide = column.wide
      const picked = wide && Array.from(rows, (row) => wide[row] ?? 0n)
      return { kind: 'integer', values: gatherFloat64(column.values, rows), wide: picked, nulls }
    }
    case 'dictionary':
      return { ...column, ids: gatherInt32(column.ids, rows), nulls }
    case 'plain':
      return { ...gatherPlain(column, rows), nulls }
    case 'list': {
      const { offsets, picked } = gatherRanges(column.offsets, rows)
      return { kind: 'list', offsets, items: gatherColumn(column.items, picked), nulls }
    }
    case 'struct': {
      const fields = column.fields.map((field) => gatherColumn(field, rows))
      return { kind: 'struct', fields, length: count, nulls }
    }
  }
}

/** One column from several of one logical type, in order. */
export function concatColumns(columns: readonly Column[]): Column {
  const [first] = columns
  assert(first !== undefined, 'no column to join')
  if (columns.length === 1) return first
  const length = columns.reduce((sum, column) => sum + columnLength(column), 0)
  const nulls = concatNulls(columns, length)
  switch (first.kind) {
    case 'bool': {
      const parts = columns.map((column) => ofKind(column, 'bool').values)
      return { kind: 'bool', values: joinBytes(parts, length), nulls }
    }
    case 'int32': {
      const values = new Int32Array(length)
      place(columns, (column, at) => values.set(ofKind(column, 'int32').values, at))
      return { kind: 'int32', values, nulls }
    }
    case 'float64': {
      const values = new Float64Array(length)
      place(columns, (column, at) => values.set(ofKind(column, 'float64').values, at))
      return { kind: 'float64', values, nulls }
    }
    case 'integer':
      return concatIntegers(columns, length, nulls)
    case 'dictionary':
    case 'plain':
      return concatStrings(columns, length, nulls)
    case 'list':
      return concatLists(columns, length, nulls)
    case 'struct': {
      const fields = first.fields.map((_, i) =>
        concatColumns(columns.map((column) => fieldColumn(ofKind(column, 'struct'), i))),
      )
      return { kind: 'struct', fields, length, nulls }
    }
  }
}

interface KindMap {
  bool: BoolColumn
  int32: Int32Column
  float64: Float64Column
  integer: IntegerColumn
  list: ListColumn
  struct: StructColumn
}

function ofKind<K extends keyof KindMap>(column: Column, kind: K): KindMap[K] {
  assert(isKind(column, kind), `a column of kind ${column.kind}, not ${kind}`)
  return column
}

function isKind<K extends keyof KindMap>(column: Column, kind: K): column is KindMap[K] {
  return column.kind === kind
}

function fieldColumn(column: StructColumn, index: number): Column {
  const field = column.fields[index]
  assert(field !== undefined, `struct field ${index} of ${column.fields.length}`)
  return field
}

function place(columns: readonly Column[], put: (column: Column, at: number) => void): void {
  let at = 0
  for (const column of columns) {
    put(column, at)
    at += columnLength(column)
  }
}

function concatNulls(columns: readonly Column[], length: number): Uint8Array | undefined {
  if (columns.every((column) => column.nulls === undefined)) return undefined
  const nulls = new Uint8Array(length)
  place(columns, (column, at) => {
    if (column.nulls !== undefined) nulls.set(column.nulls, at)
  })
  return nulls
}

function concatIntegers(
  columns: readonly Column[],
  length: number,
  nulls: Uint8Array | undefined,
): IntegerColumn {
  const parts = columns.map((column) => ofKind(column, 'integer'))
  const values = new Float64Array(length)
  place(parts, (column, at) => values.set(ofKind(column, 'integer').values, at))
  if (parts.every((part) => part.wide === undefined)) {
    return { kind: 'integer', values, wide: undefined, nulls }
  }
  const wide = parts.flatMap((part) => part.wide ?? Array.from(part.values, BigInt))
  return { kind: 'integer', values, wide, nulls }
}

function concatStrings(
  columns: readonly Column[],
  length: number,
  nulls: Uint8Array | undefined,
): DictionaryColumn | PlainColumn {
  const parts = columns.map((column) => {
    assert(column.kind === 'dictionary' || column.kind === 'plain', `not text: ${column.kind}`)
    return column
  })
  const [first] = parts
  if (first?.kind === 'dictionary') {
    const { dictionary } = first
    const ids = new Int32Array(length)
    let at = 0
    for (const part of parts) {
      if (part.kind !== 'dictionary' || part.dictionary !== dictionary) break
      ids.set(part.ids, at)
      at += part.ids.length
    }
    if (at === length) return { kind: 'dictionary', ids, dictionary, nulls }
  }
  return { ...concatPlain(parts.map(toPlain), length), nulls }
}

function concatPlain(parts: readonly PlainColumn[], length: number): PlainColumn {
  const offsets = new Int32Array(length + 1)
  const chunks: Uint8Array[] = []
  let row = 0
  let total = 0
  for (const part of parts) {
    const count = part.offsets.length - 1
    const from = part.offsets[0]!
    chunks.push(part.bytes.subarray(from, part.offsets[count]!))
    for (let i = 1; i <= count; i++) offsets[row + i] = total + part.offsets[i]! - from
    row += count
    total = offsets[row]!
  }
  return { kind: 'plain', offsets, bytes: joinBytes(chunks, total), nulls: undefined }
}

function concatLists(
  columns: readonly Column[],
  length: number,
  nulls: Uint8Array | undefined,
): ListColumn {
  const offsets = new Int32Array(length + 1)
  const items: Column[] = []
  let row = 0
  for (const column of columns) {
    const list = ofKind(column, 'list')
    const count = list.offsets.length - 1
    const from = list.offsets[0]!
    items.push(sliceColumn(list.items, from, list.offsets[count]!))
    const base = offsets[row]!
    for (let i = 1; i <= count; i++) offsets[row + i] = base + list.offsets[i]! - from
    row += count
  }
  return { kind: 'list', offsets, items: concatColumns(items), nulls }
}

function gatherPlain(column: PlainColumn, rows: Int32Array): PlainColumn {
  const from = column.offsets
  const offsets = new Int32Array(rows.length + 1)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    offsets[i + 1] = offsets[i]! + from[row + 1]! - from[row]!
  }
  const bytes = new Uint8Array(offsets[rows.length]!)
  for (let i = 0; i < rows.length; i++) {
    let at = offsets[i]!
    const row = rows[i]!
    for (let b = from[row]!; b < from[row + 1]!; b++) bytes[at++] = column.bytes[b]!
  }
  return { kind: 'plain', offsets, bytes, nulls: undefined }
}

function gatherRanges(from: Int32Array, rows: Int32Array) {
  const offsets = new Int32Array(rows.length + 1)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    offsets[i + 1] = offsets[i]! + from[row + 1]! - from[row]!
  }
  const picked = new Int32Array(offsets[rows.length]!)
  let at = 0
  for (const row of rows) for (let i = from[row]!; i < from[row + 1]!; i++) picked[at++] = i
  return { offsets, picked }
}

function joinBytes(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}

function gatherInto(values: Uint8Array, rows: Int32Array, into: Uint8Array): Uint8Array {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!
  return into
}

function gatherInt32(values: Int32Array, rows: Int32Array): Int32Array {
  const picked = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!
  return picked
}

function gatherFloat64(values: Float64Array, rows: Int32Array): Float64Array {
  const picked = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!
  return picked
}
