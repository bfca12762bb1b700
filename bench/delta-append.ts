// Question: how many rows per second does a slot append to a Delta table, how much of that costs
// the slot's own thread, and how long does a commit take?
// Shapes: rows of a hopping-window feature (dictionary user, two timestamps, count, decimal, count)
// in batches of 1,024, in epochs of equal size; the small shape is one test epoch.
// It should not win with many tiny epochs: each costs two to three fsyncs whatever its rows.
// Usage: node <compiled>/bench/delta-append.js [small|large]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeltaSink, openTable, readColumns } from '../connectors/delta/index.ts'
import { type Column, Dictionary, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import { seededRandom, systemClock } from '../engine/clock.ts'
import { decimal, int64, schema, string, timestamp } from '../engine/schema/index.ts'
import { isProgram } from './support/command-line.ts'

export const small = { epochs: 2, batchesPerEpoch: 4, users: 100 }
export const large = { epochs: 20, batchesPerEpoch: 250, users: 100_000 }
export type DeltaAppendShape = typeof small

export interface DeltaAppendResult {
  readonly rows: number
  /** Written, made durable, committed. */
  readonly rowsPerSecond: number
  /** Share of the time that the slot's thread was busy with `write`. */
  readonly writeShare: number
  readonly prepareMs: { readonly p50: number; readonly p99: number }
  readonly deliverMs: { readonly p50: number; readonly p99: number }
  readonly lakeBytesPerRow: number
  readonly readRowsPerSecond: number
  readonly hash: number
}

const features = schema({
  user_id: string(),
  window_start: timestamp(),
  window_end: timestamp(),
  orders_5min: int64(),
  spend_5min: decimal(12, 2),
  unique_restaurants_5min: int64(),
})

const BATCH_ROWS = 1024

export async function run(shape: DeltaAppendShape): Promise<DeltaAppendResult> {
  const lake = mkdtempSync(join(tmpdir(), 'millrace-bench-lake-'))
  try {
    return await append(shape, lake)
  } finally {
    rmSync(lake, { recursive: true, force: true })
  }
}

async function append(shape: DeltaAppendShape, lake: string): Promise<DeltaAppendResult> {
  const { epochs, batchesPerEpoch } = shape
  const batches = makeBatches(shape)
  const clock = systemClock
  const identity = { job: 'bench', lineage: 'l1', sink: 'features', slot: 0, term: 1 }
  const folder = join(lake, 'features')
  const sink = new DeltaSink({ ...identity, folder, table: 'features', schema: features, clock })
  // The first file starts the parquet thread and loads its WebAssembly: not the steady state.
  await commitEpoch(sink, 1, batches.slice(0, 1))
  const times = { write: 0, prepare: [0], deliver: [0] }
  const start = clock.elapsedMs()
  for (let epoch = 2; epoch < epochs + 2; epoch++) {
    const [written, preparedMs, deliveredMs] = await commitEpoch(sink, epoch, batches)
    times.write += written
    times.prepare.push(preparedMs)
    times.deliver.push(deliveredMs)
  }
  const elapsedMs = clock.elapsedMs() - start
  await sink.close()
  const rows = epochs * batchesPerEpoch * BATCH_ROWS
  const read = await readBack(lake)
  return {
    rows,
    rowsPerSecond: rate(rows, elapsedMs),
    writeShare: times.write / elapsedMs,
    prepareMs: percentiles(times.prepare.slice(1)),
    deliverMs: percentiles(times.deliver.slice(1)),
    lakeBytesPerRow: read.sizeBytes / read.rows,
    readRowsPerSecond: rate(read.rows, read.elapsedMs),
    hash: read.hash,
  }
}

async function commitEpoch(
  sink: DeltaSink,
  epoch: number,
  batches: readonly RecordBatch[],
): Promise<readonly [number, number, number]> {
  const clock = systemClock
  let written = 0
  for (const batch of batches) {
    const before = clock.elapsedMs()
    sink.write(batch)
    written += clock.elapsedMs() - before
    await sink.ready()
  }
  const prepareStart = clock.elapsedMs()
  const committable = await sink.prepare(epoch)
  const deliverStart = clock.elapsedMs()
  if (committable !== undefined) {
    await sink.deliver(committable, { slot: 0, term: 1, epoch, lineage: 'l1' })
  }
  return [written, deliverStart - prepareStart, clock.elapsedMs() - deliverStart]
}

async function readBack(lake: string) {
  const snapshot = await openTable(lake, 'features')
  const start = systemClock.elapsedMs()
  let [rows, hash] = [0, 0]
  for await (const { columns, length } of readColumns(snapshot)) {
    rows += length
    hash = (hash + hashOf(columns)) | 0
  }
  const sizeBytes = snapshot.files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return { rows, hash, sizeBytes, elapsedMs: systemClock.elapsedMs() - start }
}

/** Order-independent over rows: the sum of the numbers of each column, weighted by its position. */
function hashOf(columns: readonly Column[]): number {
  let hash = 0
  columns.forEach((column, c) => {
    if (column.kind !== 'float64' && column.kind !== 'integer') return
    for (const value of column.values) hash = (hash + (c + 1) * (value % 1_000_003)) | 0
  })
  return hash
}

function makeBatches({ batchesPerEpoch, users }: DeltaAppendShape): RecordBatch[] {
  const random = seededRandom(7)
  const dictionary = new Dictionary()
  for (let i = 0; i < users; i++) dictionary.internString(`user-${i}`)
  return Array.from({ length: batchesPerEpoch }, (_, b) => {
    const ids = new Int32Array(BATCH_ROWS).map(() => Math.floor(random() * users))
    const ends = new Float64Array(BATCH_ROWS).fill((28_000_000 + b) * 60_000_000)
    const starts = ends.map((end) => end - 300_000_000)
    const counts = new Float64Array(BATCH_ROWS).map(() => 1 + Math.floor(random() * 5))
    const spends = counts.map((count) => count * Math.floor(random() * 10_000))
    const integer = (values: Float64Array): Column => {
      return { kind: 'integer', values, wide: undefined, nulls: undefined }
    }
    return recordBatch({
      schema: features,
      columns: [
        { kind: 'dictionary', ids, dictionary, nulls: undefined },
        { kind: 'float64', values: starts, nulls: undefined },
        { kind: 'float64', values: ends, nulls: undefined },
        integer(counts),
        integer(spends),
        integer(counts.slice()),
      ],
      eventTimes: ends,
      watermarksBefore: ends,
    })
  })
}

function rate(rows: number, elapsedMs: number): number {
  return Math.round((rows * 1000) / elapsedMs)
}

function percentiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { p50: at(0.5) ?? 0, p99: at(0.99) ?? 0 }
}

if (isProgram(import.meta.url)) {
  const result = await run(process.argv[2] === 'small' ? small : large)
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
}
