// Entry of the parquet thread: gathers the rows of files as Arrow IPC streams; a finished one becomes
// a Parquet file, fsynced. It decides nothing: a file that nobody commits is an orphan.
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { joinArrowStreams } from './arrow-stream.ts'
import { parquetOfArrowIpc } from './parquet-codec.ts'
import type { ParquetAnswer, ParquetRequest } from './parquet-thread.ts'

const port = parentPort
const streams = new Map<number, Uint8Array[]>()

port?.on('message', (request: ParquetRequest) => {
  if (request.kind === 'drop') streams.delete(request.file)
  else if (request.kind === 'finish') port.postMessage(finish(request.file, request.path))
  else {
    const known = streams.get(request.file)
    if (known === undefined) streams.set(request.file, [request.ipc])
    else known.push(request.ipc)
  }
})

function finish(file: number, path: string): ParquetAnswer {
  const parts = streams.get(file) ?? []
  streams.delete(file)
  try {
    return { file, sizeBytes: writeNew(path, parquetOfArrowIpc(joinArrowStreams(parts))) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
    return { file, sizeBytes: 0, error: { code, message: String(error) } }
  }
}

/** Never overwrites: a name that is taken may belong to a committed file. */
function writeNew(path: string, bytes: Uint8Array): number {
  const file = openSync(path, 'wx')
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } catch (error) {
    unlinkSync(path)
    throw error
  } finally {
    closeSync(file)
  }
  return bytes.length
}
