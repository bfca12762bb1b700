// Question: how fast does the embedded log take and give records, and how long is it from an append
// in one process until a reader in another has the record?
// Shapes: appends of 1,000 records of 150 bytes (throughput); one record at a time (latency).
// It should not win against a broker over many small appends by one waiting writer: each is a
// durable commit.
// Usage: node <compiled>/bench/log.js [small|large]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EmbeddedLog, logSource, openLog } from '../connectors/log/index.ts'
import { systemClock } from '../engine/clock.ts'
import type { RecordDecoder } from '../engine/connector.ts'
import { jsonDecoder } from '../engine/json/index.ts'
import { float64, schema, string } from '../engine/schema/index.ts'
import { isProgram } from './support/command-line.ts'

export const small = { records: 5000, recordsPerAppend: 500, tailed: 20, pauseMs: 2 }
export const large = { records: 1_000_000, recordsPerAppend: 1000, tailed: 1000, pauseMs: 7 }
export type LogShape = typeof small

export interface LogResult {
  readonly appendPerSecond: number
  readonly readPerSecond: number
  /** Records read; all that were appended. */
  readonly read: number
  /** From the call of `append` in another process until `poll` gave the record. */
  readonly tailMs: { readonly p50: number; readonly p99: number; readonly count: number }
  /** Of one record, until it is durable. */
  readonly appendMs: { readonly p50: number; readonly p99: number }
}

const texts = schema({ id: string(), filler: string() })
const stamps = schema({ sent: float64(), took: float64() })

export async function run(shape: LogShape): Promise<LogResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-log-'))
  const log = openLog(folder)
  try {
    const throughput = await measureThroughput(log, shape)
    return { ...throughput, ...(await measureTail(log, folder, shape)) }
  } finally {
    await log.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureThroughput(log: EmbeddedLog, shape: LogShape) {
  log.create('texts', { partitions: 1 })
  const encoder = new TextEncoder()
  const filler = 'x'.repeat(110)
  const values = Array.from({ length: shape.recordsPerAppend }, (_, i) => ({
    key: encoder.encode(`user-${i}`),
    value: encoder.encode(`{"id":"o-${i}","filler":"${filler}"}`),
  }))
  const started = systemClock.elapsedMs()
  for (let i = 0; i < shape.records; i += values.length) await log.append('texts', 0, values)
  const appended = systemClock.elapsedMs()
  const source = logSource(log, 'texts', { bounded: true })
  const reader = source.open(0, undecoded(), 0, undefined)
  let read = 0
  for (let r = reader.poll(); r !== undefined; r = reader.poll()) read += r.length
  const ended = systemClock.elapsedMs()
  return {
    appendPerSecond: Math.round((read / (appended - started)) * 1000),
    readPerSecond: Math.round((read / (ended - appended)) * 1000),
    read,
  }
}

/** Measures the log alone: counts records without looking into them. */
function undecoded(): RecordDecoder {
  return {
    schema: texts,
    decodeLines: jsonDecoder(texts).decodeLines,
    decodeRecords: (_bytes, starts, _ends, offsets, appendTimes) => ({
      columns: [],
      length: starts.length,
      offsets,
      appendTimes,
      rejected: [],
      nextOffset: (offsets[starts.length - 1] ?? 0) + 1,
    }),
  }
}

async function measureTail(log: EmbeddedLog, folder: string, shape: LogShape) {
  log.create('stamps', { partitions: 1 })
  const program = fileURLToPath(import.meta.url)
  const execArgv = program.endsWith('.ts') ? ['--import', 'tsx'] : []
  const child = fork(program, ['append', folder, `${shape.tailed}`, `${shape.pauseMs}`], {
    execArgv,
  })
  const closed = once(child, 'close')
  const reader = logSource(log, 'stamps').open(0, jsonDecoder(stamps), 0, undefined)
  const tail: number[] = []
  const took: number[] = []
  while (tail.length < shape.tailed) {
    const records = reader.poll()
    if (records === undefined) {
      await reader.ready()
      continue
    }
    const now = wallMs()
    const [sent, durable] = records.columns
    if (sent?.kind !== 'float64' || durable?.kind !== 'float64') throw new Error('no stamps')
    for (let i = 0; i < records.length; i++) {
      tail.push(now - sent.values[i]!)
      if (durable.values[i]! > 0) took.push(durable.values[i]!)
    }
  }
  reader.close()
  const [code] = await closed
  if (code !== 0) throw new Error(`the appending process ended with ${code}`)
  return {
    tailMs: { ...percentiles(tail), count: tail.length },
    appendMs: percentiles(took),
  }
}

/** The other process: appends one record at a time, each with when it was sent. */
async function append(folder: string, count: number, pauseMs: number): Promise<void> {
  const log = openLog(folder)
  let took = 0
  for (let i = 0; i < count; i++) {
    // Unlike pauses, so that appends do not fall into step with the reader's looks.
    await systemClock.delay(pauseMs + (i % 7))
    const sent = wallMs()
    const value = Buffer.from(`{"sent":${sent},"took":${took}}`)
    await log.append('stamps', 0, [{ value }])
    took = wallMs() - sent
  }
  await log.close()
}

/** Milliseconds with a fraction that two processes of one machine share. */
function wallMs(): number {
  return performance.timeOrigin + performance.now()
}

function percentiles(values: readonly number[]): { p50: number; p99: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) =>
    Math.round(
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100,
    ) / 100
  return { p50: at(0.5), p99: at(0.99) }
}

if (isProgram(import.meta.url)) {
  const [mode, folder = '', count = '0', pauseMs = '1'] = process.argv.slice(2)
  if (mode === 'append') await append(folder, Number(count), Number(pauseMs))
  else console.log(JSON.stringify(await run(mode === 'small' ? small : large), null, 2))
}
