import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { expect, test } from 'vitest'
import { arrowIpcOfParquet } from '../../../connectors/delta/parquet-codec.ts'
import { ParquetThread } from '../../../connectors/delta/parquet-thread.ts'
import { toArrowIpc } from '../../../engine/codec/arrow/index.ts'
import { batchOf, orderRows, orders, prepared, sinkOn, temporaryLake } from './lake-fixture.ts'

const ipc = (from: number, to: number) => toArrowIpc([batchOf(orders, orderRows(from, to))])

function rowsIn(path: string): number {
  return tableFromIPC(arrowIpcOfParquet(readFileSync(path))).numRows
}

test('files of several sinks are written side by side, each with its own rows', async () => {
  const folder = temporaryLake()
  const thread = ParquetThread.acquire()
  expect(ParquetThread.acquire()).toBe(thread)
  const [a, b, c] = [thread.begin(), thread.begin(), thread.begin()]
  thread.addRows(a, ipc(0, 10))
  thread.addRows(b, ipc(0, 3))
  thread.addRows(c, ipc(0, 500))
  thread.addRows(a, ipc(10, 15))
  thread.drop(c)
  const sizes = await Promise.all([
    thread.finish(b, join(folder, 'b')),
    thread.finish(a, join(folder, 'a')),
  ])
  expect(rowsIn(join(folder, 'a'))).toBe(15)
  expect(rowsIn(join(folder, 'b'))).toBe(3)
  expect(sizes).toEqual(['b', 'a'].map((name) => readFileSync(join(folder, name)).length))
  await thread.release()
  await thread.release()
})

test('a file that exists is never overwritten', async () => {
  const path = join(temporaryLake(), 'taken')
  writeFileSync(path, 'committed rows')
  const thread = ParquetThread.acquire()
  const file = thread.begin()
  thread.addRows(file, ipc(0, 10))
  await expect(thread.finish(file, path)).rejects.toThrow('FILE_EXISTS')
  expect(readFileSync(path, 'utf8')).toBe('committed rows')
  await thread.release()
})

test('a file that can not be written is a storage error, and the next one can', async () => {
  const folder = temporaryLake()
  const thread = ParquetThread.acquire()
  const lost = thread.begin()
  thread.addRows(lost, ipc(0, 10))
  await expect(thread.finish(lost, join(folder, 'none', 'x'))).rejects.toThrow(/STORAGE.*ENOENT/)
  const next = thread.begin()
  thread.addRows(next, ipc(0, 10))
  await thread.finish(next, join(folder, 'x'))
  expect(rowsIn(join(folder, 'x'))).toBe(10)
  await thread.release()
})

test('rows that are no Arrow stream fail their file, which then does not exist', async () => {
  const path = join(temporaryLake(), 'x')
  const thread = ParquetThread.acquire()
  const file = thread.begin()
  thread.addRows(file, ipc(0, 10))
  thread.addRows(file, Uint8Array.of(1, 2, 3))
  await expect(thread.finish(file, path)).rejects.toThrow('STORAGE')
  expect(existsSync(path)).toBe(false)
  await thread.release()
})

test('a sink that lets go leaves the thread to the others', async () => {
  const sink = sinkOn(temporaryLake())
  sink.write(batchOf(orders, orderRows(0, 10)))
  const writing = sink.prepare(1)
  await ParquetThread.acquire().release()
  await expect(writing).resolves.toBeDefined()
})

test('a thread that ends fails the epoch by name, and the next sink starts a new one', async () => {
  const lake = temporaryLake()
  const thread = ParquetThread.acquire()
  const file = thread.begin()
  thread.addRows(file, ipc(0, 10))
  const finish = thread.finish(file, join(lake, 'x'))
  const refused = expect(finish).rejects.toThrow('PARQUET_THREAD_LOST')
  await thread.release()
  await refused
  await expect(prepared(sinkOn(lake, { term: 2 }), 1, orderRows(0, 5))).resolves.toBeDefined()
})
