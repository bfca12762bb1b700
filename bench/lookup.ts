// Question: how long does a lookup of live features over HTTP take, for 1 entity × 3 features and for
// 100 entities, while epochs are being written to the same store?
// Shapes: n users with one row of six columns each; lookups of random users over one kept-alive
// connection, one after the other (what a caller waits for) and over eight at once (throughput).
// Three processes as in production: caller, server, and a writer that replaces rows in epochs.
// It should not win against a store in the caller's own memory: a round trip over loopback alone
// (`/health`, which is reported too) takes most of the time.
// Usage: node <compiled>/bench/lookup.js [small|large]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OnlineReader, OnlineSink } from '../connectors/online/index.ts'
import { batchOfRows } from '../engine/batch/index.ts'
import { Environment } from '../engine/checkpoint/index.ts'
import { seededRandom, systemClock } from '../engine/clock.ts'
import type { DecisionStores } from '../engine/connector.ts'
import { type ApiServer, serveApi } from '../engine/observe/index.ts'
import { decimal, int64, schema, string, timestamp } from '../engine/schema/index.ts'
import { featureSource } from '../jobs/run/serve-run.ts'
import { isProgram } from './support/command-line.ts'

export const small = { users: 200, lookups: 60, warmUp: 20, isApart: false, rowsPerEpoch: 0 }
export const large = {
  users: 20_000,
  lookups: 20_000,
  warmUp: 2000,
  isApart: true,
  rowsPerEpoch: 5000,
}
export type LookupShape = typeof small

interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface LookupResult {
  /** The first requests of a fresh server. */
  readonly first: Latency
  readonly health: Latency
  readonly one: Latency
  readonly hundred: Latency
  /** Requests for one entity each, eight at once. */
  readonly onePerSecond: number
  readonly present: number
  readonly lookups: number
}

const features = schema({
  user_id: string(),
  window_start: timestamp(),
  window_end: timestamp(),
  orders_5min: int64(),
  spend_5min: decimal(12, 2),
  unique_restaurants_5min: int64(),
})
const VIEW = 'user_fraud_5m'
const BATCH_ROWS = 1000

export async function run(shape: LookupShape): Promise<LookupResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-lookup-'))
  const env = new Environment(folder)
  try {
    await writeEpoch(
      env,
      Array.from({ length: shape.users }, (_, i) => i),
      1,
    )
    return shape.isApart ? await measureApart(folder, shape) : await measureHere(env, shape)
  } finally {
    await env.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureHere(env: Environment, shape: LookupShape): Promise<LookupResult> {
  const server = await serve(env)
  const result = await measure(server.url, shape)
  await server.close()
  return result
}

async function measureApart(folder: string, shape: LookupShape): Promise<LookupResult> {
  const script = process.argv[1] ?? ''
  const server = fork(script, ['serve', folder])
  const writer = fork(script, ['write', folder, `${shape.users}`, `${shape.rowsPerEpoch}`])
  try {
    const [url] = await once(server, 'message')
    return await measure(String(url), shape)
  } finally {
    for (const child of [server, writer]) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
}

async function measure(url: string, shape: LookupShape): Promise<LookupResult> {
  const random = seededRandom(7)
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const user = () => `user-${Math.floor(random() * shape.users)}`
  const one = () => ask(agent, `${url}/features/${VIEW}/${user()}`)
  const many = () => {
    const keys = Array.from({ length: 100 }, user)
    return ask(agent, `${url}/features/${VIEW}`, JSON.stringify({ keys }))
  }
  const first = await latencies(shape.warmUp, one)
  const health = await latencies(shape.lookups, () => ask(agent, `${url}/health`))
  const ones = await latencies(shape.lookups, one)
  const hundred = await latencies(Math.ceil(shape.lookups / 10), many)
  const start = systemClock.elapsedMs()
  let started = 0
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (started++ < shape.lookups) await one()
    }),
  )
  const onePerSecond = Math.round((shape.lookups * 1000) / (systemClock.elapsedMs() - start))
  agent.destroy()
  const found = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + text.split('"status":"present"').length - 1, 0)
  return {
    first: first.summary,
    health: health.summary,
    one: ones.summary,
    hundred: hundred.summary,
    onePerSecond,
    present: found(ones.texts) + found(hundred.texts),
    lookups: ones.texts.length + hundred.texts.length * 100,
  }
}

async function latencies(count: number, lookup: () => Promise<string>) {
  const texts: string[] = []
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const start = systemClock.elapsedMs()
    texts.push(await lookup())
    times.push(systemClock.elapsedMs() - start)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => Math.round((times[Math.floor(share * count)] ?? 0) * 1000) / 1000
  return { texts, summary: { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1 - 1 / count) } }
}

function ask(agent: Agent, url: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options =
      body === undefined
        ? { agent }
        : { agent, method: 'POST', headers: { 'content-type': 'application/json' } }
    const asked = request(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    asked.on('error', reject).end(body)
  })
}

function serve(env: Environment): Promise<ApiServer> {
  const handle = {
    read: <T>(work: (snapshot: { get: typeof get; range: typeof range }) => T) =>
      work({ get, range }),
  }
  const get = (key: Uint8Array) => env.get('online', key)
  const range = (from: Uint8Array, to: Uint8Array) => env.range('online', from, to)
  const source = {
    jobs: () => [],
    features: featureSource(new OnlineReader(handle, systemClock), systemClock),
  }
  return serveApi(source, { clock: systemClock, port: 0, token: undefined })
}

async function writeEpoch(env: Environment, users: readonly number[], epoch: number) {
  const sink = new OnlineSink({
    view: VIEW,
    schema: features,
    key: ['user_id'],
    order: 'window_end',
    ttlMicros: Number.MAX_SAFE_INTEGER,
    mode: 'live',
    job: 'bench',
    lineage: 'l1',
    clock: systemClock,
  })
  const end = 1_700_000_000_000_000 + epoch * 60_000_000
  for (let from = 0; from < users.length; from += BATCH_ROWS) {
    const rows = users.slice(from, from + BATCH_ROWS).map((user) => ({
      user_id: `user-${user}`,
      window_start: end - 300_000_000,
      window_end: end,
      orders_5min: BigInt(1 + (user % 5)),
      spend_5min: `${user % 500}.50`,
      unique_restaurants_5min: 1n,
    }))
    const times = new Float64Array(rows.length).fill(end)
    sink.write(batchOfRows(features, rows, { eventTimes: times, watermarksBefore: times }))
  }
  const steps: ((stores: DecisionStores) => void)[] = []
  await sink.flush({ slot: 0, term: 1, epoch, during: (step) => steps.push(step) })
  env.write(() => {
    for (const step of steps) step(storesOf(env))
  })
}

function storesOf(env: Environment): DecisionStores {
  return {
    get: (store, key) => env.get(store, key),
    put: (store, key, value) => env.put(store, key, value),
    remove: (store, key) => env.remove(store, key),
    before: (store, key) => env.before(store, key),
  }
}

/** Replaces random rows once a second until it is killed. */
async function writeForEver(env: Environment, users: number, rows: number): Promise<void> {
  const random = seededRandom(3)
  for (let epoch = 2; ; epoch++) {
    const chosen = new Set(Array.from({ length: rows }, () => Math.floor(random() * users)))
    await writeEpoch(env, [...chosen], epoch)
    await systemClock.delay(1000)
  }
}

if (isProgram(import.meta.url)) {
  const [, , role = 'large', folder = '', users = '', rows = ''] = process.argv
  if (role === 'serve') {
    const server = await serve(new Environment(folder))
    process.send?.(server.url)
  } else if (role === 'write') {
    await writeForEver(new Environment(folder), Number(users), Number(rows))
  } else {
    const result = await run(role === 'small' ? small : large)
    process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
  }
}
