// Question: how many rows per second does the embedded online store take in an epoch, and give in
// multi-gets of 1 and of 100 entities?
// Shapes: one row of six columns for each of n users, written by epochs of equal size, then
// replaced once in random order (the steady state); lookups of random users.
// It should not win when an epoch touches few of very many users: each of them writes a bucket of
// two or three pages anew.
// Usage: node <compiled>/bench/online-store.js [small|large]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OnlineReader, OnlineSink } from '../connectors/online/index.ts'
import { Dictionary, type RecordBatch, recordBatch } from '../engine/batch/index.ts'
import { Environment } from '../engine/checkpoint/index.ts'
import { seededRandom, systemClock } from '../engine/clock.ts'
import type { DecisionStores } from '../engine/connector.ts'
import { decimal, int64, schema, string, timestamp } from '../engine/schema/index.ts'
import { isProgram } from './support/command-line.ts'

export const small = { users: 500, usersPerEpoch: 250, lookups: 200 }
export const large = { users: 100_000, usersPerEpoch: 10_000, lookups: 20_000 }
export type OnlineStoreShape = typeof small

export interface OnlineStoreResult {
  readonly rows: number
  /** `write` of the sink (no disk), and the whole epoch with its durable commit. */
  readonly writeRowsPerSecond: number
  readonly firstRowsPerSecond: number
  readonly replaceRowsPerSecond: number
  readonly getOne: { readonly perSecond: number; readonly p50Us: number; readonly p99Us: number }
  readonly getHundredRowsPerSecond: number
  readonly present: number
}

const features = schema({
  user_id: string(),
  window_start: timestamp(),
  window_end: timestamp(),
  orders_5min: int64(),
  spend_5min: decimal(12, 2),
  unique_restaurants_5min: int64(),
})

const BATCH_ROWS = 1000

export async function run(shape: OnlineStoreShape): Promise<OnlineStoreResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-online-'))
  const env = new Environment(folder)
  try {
    return await measure(shape, env)
  } finally {
    await env.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(shape: OnlineStoreShape, env: Environment): Promise<OnlineStoreResult> {
  const clock = systemClock
  const random = seededRandom(11)
  const ascending = Array.from({ length: shape.users }, (_, i) => i)
  const shuffled = [...ascending].sort(() => random() - 0.5)
  const sink = newSink()
  const first = await fill(sink, env, shape, ascending, 1)
  const second = await fill(sink, env, shape, shuffled, 2)
  const handle = {
    read: <T>(work: (snapshot: { get: typeof get; range: typeof range }) => T) =>
      work({ get, range }),
  }
  const get = (key: Uint8Array) => env.get('online', key)
  const range = (from: Uint8Array, to: Uint8Array) => env.range('online', from, to)
  const reader = new OnlineReader(handle, clock)
  const keys = Array.from({ length: shape.lookups }, () => ({
    user_id: `user-${Math.floor(random() * shape.users)}`,
  }))
  const single = keys.map((key) => {
    const before = clock.elapsedMs()
    const { status } = reader.get('features', key)
    return { ms: clock.elapsedMs() - before, isPresent: status === 'present' }
  })
  const start = clock.elapsedMs()
  let present = 0
  for (let i = 0; i < keys.length; i += 100) {
    for (const answer of reader.getMany('features', keys.slice(i, i + 100))) {
      if (answer.status === 'present') present++
    }
  }
  const manyMs = clock.elapsedMs() - start
  const times = single.map((each) => each.ms).sort((a, b) => a - b)
  const total = times.reduce((sum, ms) => sum + ms, 0)
  const at = (share: number) => Math.round((times[Math.floor(share * times.length)] ?? 0) * 1000)
  return {
    rows: 2 * shape.users,
    writeRowsPerSecond: rate(2 * shape.users, first.writeMs + second.writeMs),
    firstRowsPerSecond: rate(shape.users, first.epochMs),
    replaceRowsPerSecond: rate(shape.users, second.epochMs),
    getOne: { perSecond: rate(times.length, total), p50Us: at(0.5), p99Us: at(0.99) },
    getHundredRowsPerSecond: rate(keys.length, manyMs),
    present: present === single.filter((each) => each.isPresent).length ? present : -1,
  }
}

async function fill(
  sink: OnlineSink,
  env: Environment,
  { usersPerEpoch }: OnlineStoreShape,
  users: readonly number[],
  round: number,
): Promise<{ writeMs: number; epochMs: number }> {
  const dictionary = new Dictionary()
  for (let i = 0; i < users.length; i++) dictionary.internString(`user-${i}`)
  let [writeMs, epochMs] = [0, 0]
  for (let from = 0; from < users.length; from += usersPerEpoch) {
    const batches = batchesOf(users.slice(from, from + usersPerEpoch), dictionary, round)
    const start = systemClock.elapsedMs()
    for (const batch of batches) sink.write(batch)
    writeMs += systemClock.elapsedMs() - start
    const steps: ((stores: DecisionStores) => void)[] = []
    const epoch = round * 100_000 + from
    await sink.flush({ slot: 0, term: 1, epoch, during: (step) => steps.push(step) })
    env.write(() => {
      for (const step of steps) step(storesOf(env))
    })
    epochMs += systemClock.elapsedMs() - start
  }
  return { writeMs, epochMs }
}

function storesOf(env: Environment): DecisionStores {
  return {
    get: (store, key) => env.get(store, key),
    put: (store, key, value) => env.put(store, key, value),
    remove: (store, key) => env.remove(store, key),
    before: (store, key) => env.before(store, key),
  }
}

function newSink(): OnlineSink {
  return new OnlineSink({
    view: 'features',
    schema: features,
    key: ['user_id'],
    order: 'window_end',
    ttlMicros: Number.MAX_SAFE_INTEGER,
    mode: 'live',
    job: 'bench',
    lineage: 'l1',
    clock: systemClock,
  })
}

function batchesOf(users: readonly number[], dictionary: Dictionary, round: number): RecordBatch[] {
  const batches: RecordBatch[] = []
  for (let from = 0; from < users.length; from += BATCH_ROWS) {
    const ids = Int32Array.from(users.slice(from, from + BATCH_ROWS))
    const ends = new Float64Array(ids.length).fill(1_700_000_000_000_000 + round * 60_000_000)
    const integer = (values: Float64Array) => {
      return { kind: 'integer', values, wide: undefined, nulls: undefined } as const
    }
    const counts = Float64Array.from(ids, (id) => 1 + (id % 5))
    batches.push(
      recordBatch({
        schema: features,
        columns: [
          { kind: 'dictionary', ids, dictionary, nulls: undefined },
          { kind: 'float64', values: ends.map((end) => end - 300_000_000), nulls: undefined },
          { kind: 'float64', values: ends, nulls: undefined },
          integer(counts),
          integer(counts.map((count) => count * 1250)),
          integer(counts.slice()),
        ],
        eventTimes: ends,
        watermarksBefore: ends,
      }),
    )
  }
  return batches
}

function rate(rows: number, elapsedMs: number): number {
  return Math.round((rows * 1000) / elapsedMs)
}

if (isProgram(import.meta.url)) {
  const result = await run(process.argv[2] === 'small' ? small : large)
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
}
