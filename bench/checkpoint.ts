// How long does an epoch stop a slot, and how long does a start take? Shapes: n keys of the window kind
// (a key index and one row of 40 bytes a key), 5 % of them dirty an epoch; then a restart. It should
// not win where every key changes every epoch: the pause grows with the dirty rows.
// Usage: node <compiled>/bench/checkpoint.js [keys=1000000] [epochs=60]
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Column, Dictionary, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import { JobStore, type SlotStore } from '../engine/checkpoint/index.ts'
import { seededRandom, systemClock } from '../engine/clock.ts'
import { COMPACTION_SLICE_BYTES_MAX } from '../engine/limits.ts'
import { schema, string } from '../engine/schema/index.ts'
import { KeyIndex, type SegmentWriter, type StateTable } from '../engine/state/index.ts'
import { isProgram } from './support/command-line.ts'

const TASK = 'stage/0'
const ROW_BYTES = 40
const BATCH = 1024
const users = schema({ user: string() })

/** One row a key by its sequence, as a window keeps its panes: columns in memory, dirty flags. */
class Rows implements StateTable {
  readonly name = 'rows'
  readonly format = { version: 1 }
  readonly #values: Float64Array
  readonly #dirty: Uint8Array
  rows = 0

  constructor(keys: number) {
    this.#values = new Float64Array(keys)
    this.#dirty = new Uint8Array(keys)
  }

  get sizeBytes(): number {
    return this.#values.byteLength + this.#dirty.byteLength
  }

  touch(sequence: number): void {
    this.#values[sequence]!++
    this.#dirty[sequence] = 1
  }

  snapshot(segment: SegmentWriter): void {
    for (let sequence = 0; sequence < this.#dirty.length; sequence++) {
      if (this.#dirty[sequence] === 0) continue
      this.#dirty[sequence] = 0
      segment.beginKey()
      segment.bytes.uint32Ordered(0)
      segment.bytes.uint32Ordered(sequence)
      segment.beginValue()
      for (let i = 0; i < ROW_BYTES / 8; i++) segment.bytes.float64(this.#values[sequence]!)
      segment.end()
    }
  }

  restore(key: Uint8Array, value: Uint8Array): void {
    const sequence = new DataView(key.buffer, key.byteOffset).getUint32(4)
    const view = new DataView(value.buffer, value.byteOffset)
    this.#values[sequence] = view.getFloat64(0, true)
    this.rows++
  }
}

function batchOf(dictionary: Dictionary, ids: Int32Array): RecordBatch {
  const column: Column = { kind: 'dictionary', ids, dictionary, nulls: undefined }
  const times = new Float64Array(ids.length)
  return recordBatch({
    schema: users,
    columns: [column],
    eventTimes: times,
    watermarksBefore: times,
  })
}

/** What one run measured, in milliseconds, bytes and millions of keys a second. */
export interface CheckpointResult {
  readonly keys: number
  readonly firstEpochMs: number
  readonly pauseP50: number
  readonly pauseP99: number
  readonly snapshotP50: number
  readonly sliceP50: number
  readonly sliceP99: number
  readonly restoreMs: number
  readonly memoryBytesPerKey: number
  readonly storedBytesPerKey: number
  readonly fileBytes: number
  readonly resolveMillions: number
}

export async function benchCheckpoint(keys: number, epochs: number): Promise<CheckpointResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const topology = { bench: 'checkpoint' }
  try {
    const dictionary = new Dictionary()
    for (let i = 0; i < keys; i++) dictionary.internString(`user-${i}`)
    const index = new KeyIndex(users.fields)
    const rows = new Rows(keys)
    const store = JobStore.open(join(folder, 'run'))
    const slot = store.slot(0, store.claim({ job: 'bench', slots: 1, topology }))
    const ids = Int32Array.from({ length: keys }, (_, i) => i)
    const slots = new Int32Array(BATCH)
    for (let at = 0; at < keys; at += BATCH) {
      const part = ids.subarray(at, at + BATCH)
      index.resolve(batchOf(dictionary, part), [0], slots)
      for (let i = 0; i < part.length; i++) rows.touch(index.sequenceOf[slots[i]!]!)
    }
    const firstEpochMs = commit(slot, index, rows).totalMs
    const measured = runEpochs(slot, index, rows, dictionary, keys, epochs)
    const resolveMillions = measureResolve(index, dictionary, keys)
    const memory = index.sizeBytes + rows.sizeBytes
    const storedBytes = slot.storedBytes
    await store.close()
    const restoreMs = await measureRestore(folder, keys, topology)
    return {
      keys,
      firstEpochMs,
      ...measured,
      restoreMs,
      memoryBytesPerKey: memory / keys,
      storedBytesPerKey: storedBytes / keys,
      fileBytes: statSync(join(folder, 'run/data.mdb')).size,
      resolveMillions,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function commit(slot: SlotStore, index: KeyIndex, rows: Rows) {
  const tables = [
    { operatorId: 'window', table: index },
    { operatorId: 'window', table: rows },
  ]
  const started = systemClock.elapsedMs()
  const { snapshotMs } = slot.commit({
    epoch: slot.epoch + 1,
    tasks: [{ taskId: TASK, tables }],
    committables: [],
    steps: [],
  })
  return { snapshotMs, totalMs: systemClock.elapsedMs() - started }
}

function runEpochs(
  slot: SlotStore,
  index: KeyIndex,
  rows: Rows,
  dictionary: Dictionary,
  keys: number,
  epochs: number,
) {
  const random = seededRandom(1)
  const pauses: number[] = []
  const snapshots: number[] = []
  const slices: number[] = []
  const ids = new Int32Array(BATCH)
  const slots = new Int32Array(BATCH)
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let touched = 0; touched < keys / 20; touched += BATCH) {
      for (let i = 0; i < BATCH; i++) ids[i] = Math.floor(random() * keys)
      index.resolve(batchOf(dictionary, ids), [0], slots)
      for (let i = 0; i < BATCH; i++) rows.touch(index.sequenceOf[slots[i]!]!)
    }
    const { snapshotMs, totalMs } = commit(slot, index, rows)
    pauses.push(totalMs)
    snapshots.push(snapshotMs)
    const started = systemClock.elapsedMs()
    slot.compact(COMPACTION_SLICE_BYTES_MAX)
    slices.push(systemClock.elapsedMs() - started)
  }
  return {
    pauseP50: quantile(pauses, 0.5),
    pauseP99: quantile(pauses, 0.99),
    snapshotP50: quantile(snapshots, 0.5),
    sliceP50: quantile(slices, 0.5),
    sliceP99: quantile(slices, 0.99),
  }
}

function measureResolve(index: KeyIndex, dictionary: Dictionary, keys: number): number {
  const random = seededRandom(2)
  const slots = new Int32Array(BATCH)
  const hot = Math.min(keys, 100_000)
  const batches = Array.from({ length: 64 }, () => {
    const ids = Int32Array.from({ length: BATCH }, () => Math.floor(random() * hot))
    return batchOf(dictionary, ids)
  })
  const rounds = 40
  const started = systemClock.elapsedMs()
  for (let round = 0; round < rounds; round++) {
    for (const batch of batches) index.resolve(batch, [0], slots)
  }
  const elapsed = systemClock.elapsedMs() - started
  return (rounds * batches.length * BATCH) / elapsed / 1000
}

async function measureRestore(folder: string, keys: number, topology: unknown): Promise<number> {
  const started = systemClock.elapsedMs()
  const store = JobStore.open(join(folder, 'run'))
  const slot = store.slot(0, store.claim({ job: 'bench', slots: 1, topology }))
  const index = new KeyIndex(users.fields)
  const rows = new Rows(keys)
  slot.restore(TASK, [
    { operatorId: 'window', table: index },
    { operatorId: 'window', table: rows },
  ])
  const elapsed = systemClock.elapsedMs() - started
  if (index.rows !== keys || rows.rows !== keys) throw new Error(`${rows.rows} of ${keys} rows`)
  await store.close()
  return elapsed
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}

if (isProgram(import.meta.url)) {
  const [keys = '1000000', epochs = '60'] = process.argv.slice(2)
  const result = await benchCheckpoint(Number(keys), Number(epochs))
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
}
