import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type FileSink, fileSink, type RowEncoder } from '../../../connectors/files/index.ts'
import { batchOfRows, Change, valueAt } from '../../../engine/batch/index.ts'
import type { DecisionStores } from '../../../engine/connector.ts'
import { MemoryStores, NUMBERED, numbered, temporaryFolder } from '../../support/connectors.ts'
import { smallDisk } from '../../support/small-disk.ts'

const encoder: RowEncoder = {
  encode(batch, row, out) {
    const column = batch.columns[0]
    if (column === undefined) throw new Error('no column')
    out.raw(Buffer.from(numbered(Number(valueAt(column, { kind: 'int32' }, row)))))
  },
}

function batch(numbers: readonly number[], changes?: readonly number[]) {
  return batchOfRows(
    NUMBERED,
    numbers.map((n) => ({ n, name: 'x' })),
    {
      eventTimes: numbers,
      watermarksBefore: numbers.map(() => 0),
      changes: changes && Uint8Array.from(changes),
    },
  )
}

const lines = (...numbers: number[]) => numbers.map((n) => `${numbered(n)}\n`).join('')

interface Run {
  readonly path: string
  readonly stores: MemoryStores
}

const freshRun = (): Run => ({
  path: join(temporaryFolder(), 'out.jsonl'),
  stores: new MemoryStores(),
})

async function start({ path, stores }: Run, options = {}): Promise<FileSink> {
  const sink = fileSink({ path, name: 'out', encoder, schema: NUMBERED, ...options })
  onTestFinished(() => sink.close())
  await sink.recover((store, key) => stores.get(store, key))
  return sink
}

/** Flushes an epoch; gives its part of the deciding transaction. */
async function flush(sink: FileSink) {
  const steps: ((stores: DecisionStores) => void)[] = []
  await sink.flush({ slot: 0, term: 1, epoch: 1, during: (step) => steps.push(step) })
  return (stores: DecisionStores) => {
    for (const step of steps) step(stores)
  }
}

async function decide(sink: FileSink, { stores }: Run): Promise<void> {
  const step = await flush(sink)
  step(stores)
}

test('rows are lines of the file once an epoch was flushed', async () => {
  const run = freshRun()
  const sink = await start(run)
  sink.write(batch([1, 2]))
  await decide(sink, run)
  sink.write(batch([3]))
  await decide(sink, run)
  expect(readFileSync(run.path, 'utf8')).toBe(lines(1, 2, 3))
  expect(sink.rows).toBe(3)
  expect(sink.promise.delivery).toBe('exactly-once')
})

test('after a crash the file is cut back to what was decided, and goes on from there', async () => {
  const run = freshRun()
  const first = await start(run)
  first.write(batch([1, 2]))
  await decide(first, run)
  first.write(batch([3]))
  await flush(first) // Flushed, but the transaction was not made.
  appendFileSync(run.path, '{"n":')
  const second = await start(run)
  expect(readFileSync(run.path, 'utf8')).toBe(lines(1, 2))
  second.write(batch([3, 4]))
  await decide(second, run)
  expect(readFileSync(run.path, 'utf8')).toBe(lines(1, 2, 3, 4))
})

test('a crash before the first decision leaves a file that the next start empties', async () => {
  const run = freshRun()
  const first = await start(run)
  first.write(batch(Array.from({ length: 1000 }, (_, i) => i)))
  await flush(first)
  expect(readFileSync(run.path).length).toBeGreaterThan(0)
  const second = await start(run)
  second.write(batch([1]))
  await decide(second, run)
  expect(readFileSync(run.path, 'utf8')).toBe(lines(1))
})

test('a file of someone else is refused on a fresh start, and left as it is', async () => {
  const run = freshRun()
  writeFileSync(run.path, 'precious\n')
  await expect(start(run)).rejects.toThrow(/OUTPUT_EXISTS: .*out\.jsonl/)
  expect(readFileSync(run.path, 'utf8')).toBe('precious\n')
  const sink = await start(run, { overwrite: true })
  await decide(sink, run)
  expect(readFileSync(run.path, 'utf8')).toBe('')
})

test('the claim can be kept among the data of the run', async () => {
  const run = freshRun()
  const claimFolder = join(temporaryFolder(), 'claims')
  await start(run, { claimFolder })
  expect(existsSync(join(claimFolder, 'out.jsonl.claim'))).toBe(true)
  appendFileSync(run.path, 'undecided')
  await start(run, { claimFolder })
  expect(readFileSync(run.path, 'utf8')).toBe('')
})

test('a file that lost or changed decided bytes is refused', async () => {
  const run = freshRun()
  const sink = await start(run)
  sink.write(batch([1, 2]))
  await decide(sink, run)
  const whole = readFileSync(run.path, 'utf8')
  writeFileSync(run.path, whole.replace('name-1', 'name-7'))
  await expect(start(run)).rejects.toThrow(/OUTPUT_CHANGED.*CRC32C/)
  truncateSync(run.path, 10)
  await expect(start(run)).rejects.toThrow(/OUTPUT_CHANGED.*expected 48 bytes; found 10/)
})

test('rows of a changelog carry their operation as first field', async () => {
  const run = freshRun()
  const sink = await start(run, { isChangelog: true })
  sink.write(batch([1], undefined))
  const { updateBefore, updateAfter, delete: gone } = Change
  sink.write(batch([1, 2, 2], [updateBefore, updateAfter, gone]))
  await decide(sink, run)
  const rows = readFileSync(run.path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map((row) => [Object.keys(row)[0], row.op, row.n])).toEqual([
    ['op', '+I', 1],
    ['op', '-U', 1],
    ['op', '+U', 2],
    ['op', '-D', 2],
  ])
})

test('many rows leave in large writes and arrive whole', async () => {
  const run = freshRun()
  const sink = await start(run)
  const numbers = Array.from({ length: 1024 }, (_, i) => i)
  for (let i = 0; i < 40; i++) sink.write(batch(numbers))
  // More than the buffer holds went out before the epoch ended.
  expect(readFileSync(run.path).length).toBeGreaterThan(256 * 1024)
  await decide(sink, run)
  const rows = readFileSync(run.path, 'utf8').trim().split('\n')
  expect(rows).toEqual(Array.from({ length: 40 }, () => numbers.map(numbered)).flat())
})

test('a device is refused: it can not be cut back', async () => {
  const run = { ...freshRun(), path: '/dev/full' }
  const started = start(run, { claimFolder: temporaryFolder(), overwrite: true })
  await expect(started).rejects.toThrow(/OUTPUT_UNWRITABLE/)
})

test('a folder that can not be written is a named error', async () => {
  const run = { ...freshRun(), path: join(freshRun().path, 'under-a-file') }
  writeFileSync(join(run.path, '..'), '')
  await expect(start(run)).rejects.toThrow(/OUTPUT_UNWRITABLE/)
})

test('/dev/null formats nothing and counts', async () => {
  const throwing: RowEncoder = {
    encode() {
      throw new Error('formatted')
    },
  }
  const sink = fileSink({ path: '/dev/null', name: 'out', encoder: throwing, schema: NUMBERED })
  sink.write(batch([1, 2, 3]))
  await flush(sink)
  expect(sink.rows).toBe(3)
})

test('a full disk is a named error, and the next start goes on', async (context) => {
  const folder = smallDisk(1024 * 1024)
  if (folder === undefined) return context.skip('this machine does not allow mounting')
  const run = { ...freshRun(), path: join(folder, 'out.jsonl') }
  const first = await start(run)
  first.write(batch([1]))
  await decide(first, run)
  const numbers = Array.from({ length: 1024 }, (_, i) => i)
  const fill = async () => {
    for (let i = 0; i < 100; i++) first.write(batch(numbers))
    await decide(first, run)
  }
  await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' })
  const second = await start(run)
  second.write(batch([2]))
  await decide(second, run)
  expect(readFileSync(run.path, 'utf8')).toBe(lines(1, 2))
})
