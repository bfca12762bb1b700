// What a run left behind, read without the runtime: the chunks of topics, the files that a Delta log
// names, the values of an online view. Rows become plain JSON values without system columns, so that
// they can be compared with rows from anywhere; a hash names a whole result.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import { readParquet } from 'parquet-wasm'
import { readDefinition, readRecords, topicHome } from '../../connectors/log/index.ts'
import { Bucket } from '../../connectors/online/bucket.ts'
import { generationPrefix, prefixEnd, viewRecordKey } from '../../connectors/online/online-key.ts'
import { readHeader, VALUE_HEADER_BYTES, ValueKind } from '../../connectors/online/online-value.ts'
import { decodeViewRecord } from '../../connectors/online/view-record.ts'
import { JobStore, type StoreReader } from '../../engine/checkpoint/index.ts'
import { rowCodec } from '../../engine/codec/index.ts'

type Row = Readonly<Record<string, unknown>>

/** Rows by sink of the main job. */
export interface SinkRows {
  readonly topic: readonly Row[]
  readonly lake: readonly Row[]
  readonly raw: readonly Row[]
  readonly late: readonly Row[]
  readonly online: readonly Row[]
  readonly deadLetters: readonly Row[]
}

export interface Findings {
  /** Rows that are expected and not there, there more often than expected, or not expected. */
  readonly lost: number
  readonly duplicated: number
  readonly wrong: number
  /** Up to three of them, for a person. */
  readonly examples: readonly string[]
}

const JOB = 'fraud-features'
const VIEW = 'user_fraud_5m'
/** Above the records of one partition of any test. */
const RECORDS_MAX = 10_000_000

/** @param file where the features went when they did not go to a topic */
export async function readSinks(data: string, file?: string): Promise<SinkRows> {
  const store = JobStore.openReadOnly(join(data, 'jobs', JOB, 'run'))
  try {
    return {
      topic: file === undefined ? topicRows(store, JOB) : jsonLines(readFileSync(file, 'utf8')),
      lake: lakeRows(join(data, 'lake/features/user_fraud_5m')),
      raw: lakeRows(join(data, 'lake/raw/orders')),
      late: lakeRows(join(data, 'lake/late/orders')),
      online: onlineRows(store),
      deadLetters: topicRows(store, `${JOB}.dead-letters`).map(({ partition, offset, raw }) => ({
        partition,
        offset,
        raw,
      })),
    }
  } finally {
    await store.close()
  }
}

/** How many processes took the job over so far: the others were killed before. */
export async function startsOf(data: string): Promise<number> {
  const store = JobStore.openReadOnly(join(data, 'jobs', JOB, 'run'))
  try {
    return store.job()?.term ?? 0
  } finally {
    await store.close()
  }
}

/** Compares every sink with what it must hold. */
export function compareSinks(found: SinkRows, expected: SinkRows): Findings {
  const parts = [
    compareRows('topic', found.topic, expected.topic),
    compareRows('lake', found.lake, expected.lake),
    compareRows('raw', found.raw, expected.raw),
    compareRows('late', found.late, expected.late),
    compareRows('online', found.online, expected.online),
    compareRows('dead letters', found.deadLetters, expected.deadLetters),
  ]
  return {
    lost: parts.reduce((sum, part) => sum + part.lost, 0),
    duplicated: parts.reduce((sum, part) => sum + part.duplicated, 0),
    wrong: parts.reduce((sum, part) => sum + part.wrong, 0),
    examples: parts.flatMap((part) => part.examples).slice(0, 3),
  }
}

function compareRows(sink: string, found: readonly Row[], expected: readonly Row[]): Findings {
  const left = new Map<string, number>()
  for (const text of expected.map(canonical)) left.set(text, (left.get(text) ?? 0) + 1)
  const known = new Set(left.keys())
  const examples: string[] = []
  let duplicated = 0
  let wrong = 0
  for (const text of found.map(canonical)) {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    if (count > 0) continue
    if (known.has(text)) duplicated++
    else wrong++
    examples.push(`${sink} has ${known.has(text) ? 'again' : 'wrongly'} ${text}`)
  }
  let lost = 0
  for (const [text, count] of left) {
    if (count <= 0) continue
    lost += count
    examples.push(`${sink} lacks ${text}`)
  }
  return { lost, duplicated, wrong, examples }
}

/** One hash of the sorted rows of all sinks. */
export function hashOf(rows: SinkRows): string {
  const hash = createHash('sha256')
  for (const sink of [rows.topic, rows.lake, rows.raw, rows.late, rows.online, rows.deadLetters]) {
    for (const text of sink.map(canonical).sort()) hash.update(text).update('\n')
    hash.update('--\n')
  }
  return hash.digest('hex').slice(0, 16)
}

/** A row as JSON with sorted names. */
export function canonical(row: Row): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))),
  )
}

function topicRows(store: StoreReader, topic: string): Row[] {
  const home = topicHome({
    get: (key) => store.get('topics', key),
    before: (key) => store.before('topics', key),
    range: (from, to) => store.range('topics', from, to),
  })
  const definition = readDefinition(home.store, topic)
  if (definition === undefined) return []
  return Array.from({ length: definition.partitions }, (_, partition) =>
    readRecords(home.store, topic, partition, 0, RECORDS_MAX),
  )
    .flat()
    .map(({ value }) => JSON.parse(Buffer.from(value ?? new Uint8Array()).toString()))
}

function onlineRows(store: StoreReader): Row[] {
  const bytes = store.get('online', viewRecordKey(VIEW))
  if (bytes === undefined) return []
  const { current, generations } = decodeViewRecord(bytes)
  const generation = generations.find((each) => each.generation === current)
  if (generation === undefined) return []
  const codec = rowCodec({ fields: generation.definition.fields })
  const prefix = generationPrefix(VIEW, current)
  const rows: Row[] = []
  for (const { value: bytes } of store.range('online', prefix, prefixEnd(prefix))) {
    const bucket = new Bucket(bytes)
    for (let at = 0; at < bucket.rows; at++) {
      const value = bucket.value(at)
      if (readHeader(value).kind === ValueKind.tombstone) continue
      const row = codec.decode(value.subarray(VALUE_HEADER_BYTES))
      rows.push(
        Object.fromEntries(
          codec.fields.map(({ name, type }) => [name, cellValue(type.kind, row[name])]),
        ),
      )
    }
  }
  return rows
}

/** A cell of the row codec: times are whole microseconds, decimals are texts. */
function cellValue(kind: string, cell: unknown): unknown {
  if (kind === 'timestamp') return new Date(Number(cell) / 1000).toISOString()
  return kind === 'decimal' ? Number(cell) : plain(cell)
}

/** Rows of the files that the log of a table names now. */
export function lakeRows(folder: string): Row[] {
  const log = join(folder, '_delta_log')
  if (!existsSync(log)) return []
  const names = readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name))
  const files = new Set<string>()
  names.sort().forEach((name, version) => {
    if (Number.parseInt(name, 10) !== version) throw new Error(`${log} has a gap before ${name}`)
    for (const action of jsonLines(readFileSync(join(log, name), 'utf8'))) {
      const added = pathOf(action.add)
      const removed = pathOf(action.remove)
      if (added !== undefined && files.has(added)) throw new Error(`${added} is added twice`)
      if (added !== undefined) files.add(added)
      if (removed !== undefined) files.delete(removed)
    }
  })
  return [...files].flatMap((path) => parquetRows(join(folder, decodeURIComponent(path))))
}

function pathOf(action: unknown): string | undefined {
  if (typeof action !== 'object' || action === null || !('path' in action)) return undefined
  return String(action.path)
}

function parquetRows(path: string): Row[] {
  const table = arrow.tableFromIPC(readParquet(readFileSync(path)).intoIPCStream())
  const { fields } = table.schema
  const columns = fields.map(({ name, type }) => {
    const vector = table.getChild(name)
    return Array.from({ length: table.numRows }, (_, row) => cellOf(type, vector?.get(row)))
  })
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(fields.map(({ name }, column) => [name, columns[column]?.[row]])),
  )
}

function cellOf(type: arrow.DataType, cell: unknown): unknown {
  if (arrow.DataType.isTimestamp(type)) return new Date(Number(cell)).toISOString()
  if (arrow.DataType.isDecimal(type)) return decimalOf(cell, type.scale)
  return plain(cell)
}

function decimalOf(cell: unknown, scale: number): number {
  if (!(cell instanceof Uint32Array)) throw new Error(`a decimal cell ${String(cell)}`)
  const words = BigInt.asIntN(
    128,
    cell.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
  )
  return Number(words) / 10 ** scale
}

/** Values as rows of topics have them: numbers, texts, ISO times. */
function plain(cell: unknown): unknown {
  return typeof cell === 'bigint' ? Number(cell) : cell
}

function jsonLines(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
