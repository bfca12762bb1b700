// Question: how many order events per second does the columnar JSON reader make on one core,
// against JSON.parse of each line?
// Shapes: `numbers` has int64 ids and a timestamp in milliseconds, `texts` has string ids, a
// decimal and an ISO timestamp; each is read whole and as a projection.
// It should not win where every record has other keys: the exact path then reads each of them.
// Usage: node <compiled>/bench/json-reader.js [small|large] [file of orders.mjs]
import { readFileSync } from 'node:fs'
import type { Column } from '../engine/batch/index.ts'
import { hashBytes } from '../engine/batch/index.ts'
import { seededRandom } from '../engine/clock.ts'
import { type DecodePolicies, jsonDecoder } from '../engine/json/index.ts'
import { decimal, int64, type Schema, schema, string, timestamp } from '../engine/schema/index.ts'
import { isProgram } from './support/command-line.ts'

export const small = { records: 5000, rounds: 1 }
export const large = { records: 1_000_000, rounds: 9 }

/** One shape's result; `hash` covers every value of every column. */
export interface JsonReaderResult {
  readonly shape: string
  readonly records: number
  readonly columnarPerSecond: {
    readonly first: number
    readonly median: number
    readonly best: number
  }
  readonly parsePerSecond: number
  readonly hash: number
}

const numbers = schema({
  event_type: string(),
  order_id: int64(),
  user_id: int64(),
  restaurant_id: int64(),
  amount_cents: int64(),
  event_time: timestamp({ unit: 'ms' }),
})

const numbersProjected = schema({
  user_id: int64(),
  restaurant_id: int64(),
  amount_cents: int64(),
  event_time: timestamp({ unit: 'ms' }),
})

const texts = schema({
  event_type: string(),
  order_id: string(),
  user_id: string(),
  restaurant_id: string(),
  order_total: decimal(10, 2),
  event_time: timestamp(),
})

const textsProjected = schema({
  user_id: string(),
  restaurant_id: string(),
  order_total: decimal(10, 2),
  event_time: timestamp(),
})

export function run(size: typeof small, file?: string): JsonReaderResult[] {
  const numberLines = file === undefined ? linesOf(size.records, numberLine) : readFileSync(file)
  const textLines = linesOf(size.records, textLine)
  return [
    measure('numbers', numbers, numberLines, size.rounds),
    measure('numbers, projected', numbersProjected, numberLines, size.rounds),
    measure('texts', texts, textLines, size.rounds),
    measure('texts, projected', textsProjected, textLines, size.rounds),
  ]
}

function measure(
  shape: string,
  of: Schema<unknown>,
  bytes: Uint8Array,
  rounds: number,
): JsonReaderResult {
  const speeds: number[] = []
  let records = 0
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    records = decodeAll(of, bytes, {}, false).records
    speeds.push(perSecond(records, began))
  }
  const { hash } = decodeAll(of, bytes, {}, true)
  const began = performance.now()
  const parsed = parseAll(bytes)
  const parsePerSecond = perSecond(parsed, began)
  const first = speeds[0] ?? 0
  const ordered = speeds.toSorted((a, b) => a - b)
  const median = ordered[Math.floor(ordered.length / 2)] ?? 0
  return {
    shape,
    records,
    columnarPerSecond: { first, median, best: Math.max(...speeds) },
    parsePerSecond,
    hash,
  }
}

/** Decodes all lines in blocks of 1 MiB, as a file source does. */
function decodeAll(
  of: Schema<unknown>,
  bytes: Uint8Array,
  policies: DecodePolicies,
  isHashed: boolean,
) {
  const decoder = jsonDecoder(of, policies)
  let at = 0
  let offset = 0
  let records = 0
  let hash = 0
  while (at < bytes.length) {
    const end = Math.min(bytes.length, at + (1 << 20))
    const decoded = decoder.decodeLines(bytes, at, end, offset, end === bytes.length)
    at += decoded.consumed
    offset = decoded.records.nextOffset
    records += decoded.records.length
    if (decoded.records.rejected.length > 0) throw new Error(decoded.records.rejected[0]?.reason)
    if (isHashed) for (const column of decoded.records.columns) hash = hashColumn(column, hash)
  }
  return { records, hash }
}

function parseAll(bytes: Uint8Array): number {
  const decoder = new TextDecoder()
  let records = 0
  let at = 0
  while (at < bytes.length) {
    const newline = bytes.indexOf(10, at)
    const end = newline < 0 ? bytes.length : newline
    const row: unknown = JSON.parse(decoder.decode(bytes.subarray(at, end)))
    if (typeof row === 'object') records++
    at = end + 1
  }
  return records
}

function hashColumn(column: Column, seed: number): number {
  switch (column.kind) {
    case 'dictionary': {
      let hash = seed
      for (const id of column.ids) {
        const value = column.dictionary.valueBytes(id)
        hash = Math.imul(hash, 31) + hashBytes(value, 0, value.length)
      }
      return hash | 0
    }
    case 'plain': {
      let hash = seed
      for (let row = 0; row + 1 < column.offsets.length; row++) {
        const value = hashBytes(column.bytes, column.offsets[row]!, column.offsets[row + 1]!)
        hash = Math.imul(hash, 31) + value
      }
      return hash | 0
    }
    case 'list':
    case 'struct':
      return seed
    default: {
      const { buffer, byteOffset, byteLength } = column.values
      const values = new Uint8Array(buffer, byteOffset, byteLength)
      return (Math.imul(seed, 31) + hashBytes(values, 0, values.length)) | 0
    }
  }
}

function linesOf(count: number, line: (i: number, random: () => number) => string): Uint8Array {
  const random = seededRandom(1)
  const parts: string[] = []
  for (let i = 0; i < count; i++) parts.push(line(i, random))
  return new TextEncoder().encode(parts.join(''))
}

function numberLine(i: number, random: () => number): string {
  const user = Math.floor(random() * 100_000)
  const restaurant = Math.floor(random() * 5000)
  const cents = 500 + Math.floor(random() * 9500)
  const time = 1_700_000_000_000 + i - Math.floor(random() * 5000)
  const ids = `"order_id":${i},"user_id":${user},"restaurant_id":${restaurant}`
  return `{"event_type":"order_placed",${ids},"amount_cents":${cents},"event_time":${time}}\n`
}

function textLine(i: number, random: () => number): string {
  const user = Math.floor(random() * 100_000)
  const restaurant = Math.floor(random() * 5000)
  const total = ((500 + Math.floor(random() * 9500)) / 100).toFixed(2)
  const time = new Date(1_700_000_000_000 + i - Math.floor(random() * 5000)).toISOString()
  const id = String(i).padStart(6, '0')
  const ids = `"order_id":"o-${id}","user_id":"u${user}","restaurant_id":"r${restaurant}"`
  return `{"event_type":"order_placed",${ids},"order_total":${total},"event_time":"${time}"}\n`
}

function perSecond(records: number, began: number): number {
  return Math.round((records / (performance.now() - began)) * 1000)
}

if (isProgram(import.meta.url)) {
  const size = process.argv[2] === 'small' ? small : large
  for (const result of run(size, process.argv[3])) console.log(JSON.stringify(result))
}
