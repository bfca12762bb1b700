// Question: how long does an epoch stop a slot that holds a million keys of which 5 % changed, how
// long does it take to restore them, and how many bytes is a key?
// Shapes: the real window operator (5 min every 1 min; count, exact sum, exact distinct) keyed by a
// user id as text, its own tables in a real store; every key with one event, then epochs that each
// touch 5 % of the keys at random. A pause is the snapshot of the tables and the durable commit. Slices
// of compaction run between batches while there is work, one after LOOP_SLICE_MS of them, as in the
// slot's loop, and are told apart. The first epochs, in which the process still compiles its code, are
// told apart too.
// It should not win where every key changes in every epoch: the pause grows with the changed rows.
// Usage: npm run build && taskset -c 0 node dist/bench/window-state.js [--small] [--keys n] [--epochs n]
import { join } from 'node:path'
import { type Column, Dictionary, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import { JobStore, type SlotStore } from '../engine/checkpoint/index.ts'
import { type Random, seededRandom, systemClock } from '../engine/clock.ts'
import { BATCH_RECORDS_MAX, COMPACTION_SLICE_BYTES_MAX, LOOP_SLICE_MS } from '../engine/limits.ts'
import type { Output } from '../engine/operator.ts'
import { int64, schema, string } from '../engine/schema/index.ts'
import type { StateTable } from '../engine/state/index.ts'
import { count, countDistinct, sum } from '../operators/aggregates/index.ts'
import { WindowOperator } from '../operators/window/index.ts'
import { hasFlag, isProgram, numberOption, print, withFolder } from './support/command-line.ts'
import { rounded, type Spread, spread } from './support/statistics.ts'

export const small = { keys: 5000, epochs: 5 }
export const large = { keys: 1_000_000, epochs: 100 }
export type WindowStateShape = typeof small

export interface WindowStateResult {
  readonly keys: number
  readonly dirtyPerEpoch: number
  /** All keys are new: what a first epoch after a backfill costs. */
  readonly firstEpochMs: number
  /** The longest of the first epochs of 5 %, while code is compiled. */
  readonly coldPauseMsMax: number
  readonly pauseMs: Spread
  readonly snapshotMs: Spread
  readonly compactionSliceMs: Spread
  /** Slices of compaction between two epochs, and the share of all time that they took. */
  readonly slicesPerEpoch: number
  readonly compactionShare: number
  /** What a restore has to read. */
  readonly storedSegments: number
  readonly storedRowsPerLiveRow: number
  /** From opening the store until the operator can take a batch. */
  readonly restoreMs: number
  readonly memoryBytesPerKey: number
  readonly storedBytesPerKey: number
}

const input = schema({ user_id: string(), restaurant_id: int64(), amount: int64() })
const START = 1_700_000_040_000_000
const MINUTE = 60_000_000
const TASK = 'stage/0'
const DIRTY_SHARE = 0.05
/** The share of the epochs, the first ones, that count as cold. */
const COLD_SHARE = 0.05

export function run(shape: WindowStateShape): Promise<WindowStateResult> {
  return withFolder(async (folder) => {
    const users = new Dictionary()
    for (let i = 0; i < shape.keys; i++) users.internString(`user-${i}`)
    const path = join(folder, 'run')
    const { measured, rows } = await fillAndTouch(path, shape, users)
    const { restoreMs, restoredRows } = await restore(path)
    if (restoredRows !== rows) throw new Error(`${restoredRows} of ${rows} rows came back`)
    return { keys: shape.keys, ...measured, restoreMs: rounded(restoreMs) }
  })
}

async function fillAndTouch(path: string, { keys, epochs }: WindowStateShape, users: Dictionary) {
  const store = JobStore.open(path)
  const slot = store.slot(0, store.claim({ job: 'bench', slots: 1, topology: {} }))
  const window = new OpenWindow()
  const random = seededRandom(1)
  for (let from = 0; from < keys; from += BATCH_RECORDS_MAX) {
    const length = Math.min(BATCH_RECORDS_MAX, keys - from)
    window.push(batchOf(users, random, length, (i) => from + i))
  }
  const firstEpochMs = rounded(commit(slot, window.tables).totalMs)
  const dirty = Math.floor(keys * DIRTY_SHARE)
  const pauses: number[] = []
  const snapshots: number[] = []
  const slices = new Slices(slot)
  const started = systemClock.elapsedMs()
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let from = 0; from < dirty; from += BATCH_RECORDS_MAX) {
      const length = Math.min(BATCH_RECORDS_MAX, dirty - from)
      window.push(batchOf(users, random, length, () => Math.floor(random() * keys)))
      slices.afterBatch()
    }
    const { snapshotMs, totalMs } = commit(slot, window.tables)
    pauses.push(totalMs)
    snapshots.push(snapshotMs)
    slices.hasWork = true
  }
  const elapsedMs = systemClock.elapsedMs() - started
  const cold = Math.ceil(epochs * COLD_SHARE)
  const stored = store.reader().tables()
  const measured = {
    dirtyPerEpoch: dirty,
    firstEpochMs,
    coldPauseMsMax: rounded(Math.max(...pauses.slice(0, cold))),
    pauseMs: spread(pauses.slice(cold)),
    snapshotMs: spread(snapshots.slice(cold)),
    compactionSliceMs: spread(slices.durations),
    slicesPerEpoch: rounded(slices.durations.length / epochs),
    compactionShare: rounded(total(slices.durations) / elapsedMs),
    storedSegments: total(stored.map(({ segments }) => segments)),
    storedRowsPerLiveRow: rounded(total(stored.map(({ rows }) => rows)) / window.rows),
    memoryBytesPerKey: rounded(window.sizeBytes / keys),
    storedBytesPerKey: rounded(slot.storedBytes / keys),
  }
  await store.close()
  return { measured, rows: window.rows }
}

/** Slices of compaction between batches, as the slot's loop runs them. */
class Slices {
  readonly durations: number[] = []
  hasWork = true
  readonly #slot: SlotStore
  #sliceEnd = systemClock.elapsedMs() + LOOP_SLICE_MS

  constructor(slot: SlotStore) {
    this.#slot = slot
  }

  afterBatch(): void {
    const started = systemClock.elapsedMs()
    if (started < this.#sliceEnd) return
    if (this.hasWork) {
      this.hasWork = this.#slot.compact(COMPACTION_SLICE_BYTES_MAX)
      this.durations.push(systemClock.elapsedMs() - started)
    }
    this.#sliceEnd = systemClock.elapsedMs() + LOOP_SLICE_MS
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

function commit(slot: SlotStore, tables: readonly StateTable[]) {
  const started = systemClock.elapsedMs()
  const { snapshotMs } = slot.commit({
    epoch: slot.epoch + 1,
    tasks: [{ taskId: TASK, tables: owned(tables) }],
    committables: [],
    steps: [],
  })
  return { snapshotMs, totalMs: systemClock.elapsedMs() - started }
}

function owned(tables: readonly StateTable[]) {
  return tables.map((table) => ({ operatorId: 'window', table }))
}

async function restore(path: string) {
  const started = systemClock.elapsedMs()
  const store = JobStore.open(path)
  const slot = store.slot(0, store.claim({ job: 'bench', slots: 1, topology: {} }))
  const window = new OpenWindow((tables) => slot.restore(TASK, owned(tables)))
  const restoreMs = systemClock.elapsedMs() - started
  await store.close()
  return { restoreMs, restoredRows: window.rows }
}

/** A window operator with its tables; no window ends while the bench runs. */
class OpenWindow {
  readonly tables: StateTable[] = []
  readonly #operator = new WindowOperator({
    input,
    keyColumns: [0],
    aggregates: {
      orders: count(),
      amount: sum('amount'),
      restaurants: countDistinct('restaurant_id'),
    },
    size: 5 * MINUTE,
    slide: MINUTE,
  })

  constructor(restore: (tables: readonly StateTable[]) => void = () => {}) {
    this.#operator.open({
      operatorId: 'window',
      task: 0,
      tasks: 1,
      timers: { schedule: () => {}, cancel: () => {} },
      meters: { count: () => {} },
      addTable: (table) => this.tables.push(table),
      deadLetter: () => {},
      processingTime: () => undefined,
    })
    restore(this.tables)
    this.#operator.restored()
  }

  get rows(): number {
    return this.tables.reduce((sum, table) => sum + table.rows, 0)
  }

  get sizeBytes(): number {
    return this.tables.reduce((sum, table) => sum + table.sizeBytes, 0)
  }

  push(batch: RecordBatch): void {
    this.#operator.onBatch(batch, 0, nowhere)
  }
}

const nowhere: Output = {
  emit: () => {
    throw new Error('no window ends in this bench')
  },
  watermark: () => {},
}

function batchOf(
  users: Dictionary,
  random: Random,
  length: number,
  userAt: (row: number) => number,
): RecordBatch {
  const ids = new Int32Array(length)
  const restaurants = new Float64Array(length)
  const amounts = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    ids[i] = userAt(i)
    restaurants[i] = Math.floor(random() * 5000)
    amounts[i] = 500 + Math.floor(random() * 9500)
  }
  return recordBatch({
    schema: input,
    columns: [
      { kind: 'dictionary', ids, dictionary: users, nulls: undefined },
      integer(restaurants),
      integer(amounts),
    ],
    eventTimes: new Float64Array(length).fill(START),
    watermarksBefore: new Float64Array(length).fill(START - MINUTE),
  })
}

function integer(values: Float64Array): Column {
  return { kind: 'integer', values, wide: undefined, nulls: undefined }
}

if (isProgram(import.meta.url)) {
  const shape = hasFlag('small') ? small : large
  const keys = numberOption('keys', shape.keys)
  print(await run({ keys, epochs: numberOption('epochs', shape.epochs) }))
}
