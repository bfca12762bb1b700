// Loops over text columns: a test, a count or a new text per value. A dictionary column is worked
// on once per dictionary value: answers are kept beside the dictionary (and die with it) and rows
// only look them up. A plain column is worked on row by row. Values are UTF-8 bytes; no strings
// are made here.
import { ByteWriter, Dictionary, type DictionaryColumn, type PlainColumn } from '../batch/index.ts'

export type TextColumn = DictionaryColumn | PlainColumn

/** True or false for the value `bytes[start .. end)`. */
export type TextTest = (bytes: Uint8Array, start: number, end: number) => boolean

/** A number ≥ 0 for a value. */
export type TextCount = (bytes: Uint8Array, start: number, end: number) => number

/** Appends the new text to `out`; false: the result is null. */
export type TextChange = (bytes: Uint8Array, start: number, end: number, out: ByteWriter) => boolean

/** What is known of each value of a dictionary: 0 nothing yet, else the answer + 1 (null: -1). */
type Answers = WeakMap<Dictionary, Int32Array>

/** A loop that writes the answer of each row that is not null. */
export type TextLoop = (column: TextColumn, out: Uint8Array | Int32Array) => void

/** A loop for a count; the counts of dictionary values are computed once. */
export function countLoop(count: TextCount): TextLoop {
  const answers: Answers = new WeakMap()
  return (column, out) => {
    const { nulls } = column
    if (column.kind === 'dictionary') {
      const { ids, dictionary } = column
      const { bytes, offsets } = dictionary
      const known = answersOf(answers, dictionary)
      for (let row = 0; row < ids.length; row++) {
        const id = ids[row]!
        if (id < 0 || nulls?.[row] === 1) continue
        if (known[id] === 0) known[id] = count(bytes, offsets[id]!, offsets[id + 1]!) + 1
        out[row] = known[id]! - 1
      }
      return
    }
    const { bytes, offsets } = column
    for (let row = 0; row < offsets.length - 1; row++) {
      if (nulls?.[row] !== 1) out[row] = count(bytes, offsets[row]!, offsets[row + 1]!)
    }
  }
}

/** A loop for a test: 1 where it holds. */
export function testLoop(test: TextTest): TextLoop {
  return countLoop((bytes, start, end) => (test(bytes, start, end) ? 1 : 0))
}

/** A loop for equality with one value: dictionary columns look its id up once per batch. */
export function equalLoop(value: Uint8Array): TextLoop {
  return (column, out) => {
    if (column.kind === 'dictionary') {
      const { ids, dictionary } = column
      const wanted = dictionary.find(value, 0, value.length)
      if (wanted < 0) return
      for (let row = 0; row < ids.length; row++) out[row] = ids[row] === wanted ? 1 : 0
      return
    }
    const { bytes, offsets } = column
    const length = value.length
    for (let row = 0; row < offsets.length - 1; row++) {
      const start = offsets[row]!
      if (offsets[row + 1]! - start !== length) continue
      let i = 0
      while (i < length && bytes[start + i] === value[i]) i++
      out[row] = i === length ? 1 : 0
    }
  }
}

/** A loop that makes a new text column; results of dictionary values form a new dictionary. */
export function changeLoop(change: TextChange): (column: TextColumn) => TextColumn {
  const writer = new ByteWriter()
  let target = new Dictionary()
  let answers: Answers = new WeakMap()
  return (column) => {
    if (column.kind === 'plain') return changePlain(column, change)
    if (target.full) {
      target = new Dictionary()
      answers = new WeakMap()
    }
    const known = answersOf(answers, column.dictionary)
    return changeDictionary(column, change, known, { target, writer })
  }
}

function changeDictionary(
  column: DictionaryColumn,
  change: TextChange,
  known: Int32Array,
  into: { readonly target: Dictionary; readonly writer: ByteWriter },
): DictionaryColumn {
  const { ids, dictionary } = column
  const { target, writer } = into
  const results = new Int32Array(ids.length)
  let { nulls } = column
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!
    results[row] = -1
    if (id < 0 || column.nulls?.[row] === 1) continue
    if (known[id] === 0) {
      writer.clear()
      const { bytes, offsets } = dictionary
      const isText = change(bytes, offsets[id]!, offsets[id + 1]!, writer)
      known[id] = isText ? target.intern(writer.bytes, 0, writer.length) + 1 : -1
    }
    if (known[id]! > 0) {
      results[row] = known[id]! - 1
    } else {
      if (nulls === column.nulls) nulls = copyNulls(nulls, ids.length)
      if (nulls !== undefined) nulls[row] = 1
    }
  }
  return { kind: 'dictionary', ids: results, dictionary: target, nulls }
}

function changePlain(column: PlainColumn, change: TextChange): PlainColumn {
  const { bytes, offsets } = column
  const length = offsets.length - 1
  const writer = new ByteWriter(Math.max(64, offsets[length]! - offsets[0]!))
  const results = new Int32Array(length + 1)
  let { nulls } = column
  for (let row = 0; row < length; row++) {
    if (column.nulls?.[row] !== 1) {
      if (!change(bytes, offsets[row]!, offsets[row + 1]!, writer)) {
        if (nulls === column.nulls) nulls = copyNulls(nulls, length)
        if (nulls !== undefined) nulls[row] = 1
      }
    }
    results[row + 1] = writer.length
  }
  return { kind: 'plain', offsets: results, bytes: writer.view(), nulls }
}

function copyNulls(nulls: Uint8Array | undefined, length: number): Uint8Array {
  return nulls === undefined ? new Uint8Array(length) : nulls.slice()
}

function answersOf(answers: Answers, dictionary: Dictionary): Int32Array {
  const known = answers.get(dictionary)
  if (known !== undefined && known.length >= dictionary.size) return known
  const larger = new Int32Array(Math.max(64, dictionary.size * 2))
  if (known !== undefined) larger.set(known)
  answers.set(dictionary, larger)
  return larger
}

/**
 * A loop that picks row r from dictionary column `chosen[r]`. The values that were ever picked form
 * a dictionary that lives on over batches; ids are looked up once per value.
 */
export function pickLoop(): (
  columns: readonly DictionaryColumn[],
  chosen: Int32Array,
) => { readonly ids: Int32Array; readonly dictionary: Dictionary } {
  let dictionary = new Dictionary()
  let answers: Answers = new WeakMap()
  return (columns, chosen) => {
    if (dictionary.full) {
      dictionary = new Dictionary()
      answers = new WeakMap()
    }
    const ids = new Int32Array(chosen.length).fill(-1)
    if (columns.every(isLiteral)) {
      const literals = Int32Array.from(columns, ({ dictionary: { bytes, offsets } }) =>
        dictionary.intern(bytes, 0, offsets[1]!),
      )
      for (let row = 0; row < ids.length; row++) ids[row] = literals[chosen[row]!]!
      return { ids, dictionary }
    }
    columns.forEach((column, index) => {
      const { bytes, offsets } = column.dictionary
      const known = answersOf(answers, column.dictionary)
      for (let row = 0; row < ids.length; row++) {
        const id = column.ids[row]!
        if (chosen[row] !== index || id < 0) continue
        if (known[id] === 0) {
          known[id] = dictionary.intern(bytes, offsets[id]!, offsets[id + 1]!) + 1
        }
        ids[row] = known[id]! - 1
      }
    })
    return { ids, dictionary }
  }
}

/** True when every row surely has the one value of the dictionary, as a literal's column does. */
function isLiteral(column: DictionaryColumn): boolean {
  return column.dictionary.size === 1 && column.nulls === undefined
}

/** Where each row's value lies. Null rows are empty ranges. */
export function textRanges(column: TextColumn): {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
} {
  const { bytes, offsets } = column.kind === 'dictionary' ? column.dictionary : column
  if (column.kind === 'plain') {
    return { bytes, starts: offsets.subarray(0, -1), ends: offsets.subarray(1) }
  }
  const { ids } = column
  const starts = new Int32Array(ids.length)
  const ends = new Int32Array(ids.length)
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!
    if (id < 0) continue
    starts[row] = offsets[id]!
    ends[row] = offsets[id + 1]!
  }
  return { bytes, starts, ends }
}

/** Negative, 0 or positive: byte order, which is code point order for UTF-8. */
export function compareRange(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const shared = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

/** A loop for equality with one of several texts. */
export function equalAnyLoop(texts: readonly string[]): TextLoop {
  const wanted = new Dictionary()
  for (const text of texts) wanted.internString(text)
  return testLoop((bytes, start, end) => wanted.find(bytes, start, end) >= 0)
}
