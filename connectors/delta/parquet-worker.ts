// Entry of the parquet thread: encodes the rows of files as they come; a finished one is written
// and fsynced. It decides nothing: a file that nobody commits is an orphan.
import { open, unlink } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import { ParquetEncoder } from './parquet-codec.ts'
import type { ParquetAnswer, ParquetRequest } from './parquet-thread.ts'

const port = parentPort
const encoders = new Map<number, ParquetEncoder>()

port?.on('message', (request: ParquetRequest) => {
  const { file } = request
  if (request.kind === 'rows') {
    const encoder = encoders.get(file) ?? new ParquetEncoder(request.dictionaries)
    encoders.set(file, encoder)
    encoder.add(request.ipc)
    return
  }
  const encoder = encoders.get(file) ?? new ParquetEncoder([])
  encoders.delete(file)
  if (request.kind === 'drop') encoder.drop()
  else finish(file, request.path, encoder).then((answer) => port.postMessage(answer))
})

async function finish(file: number, path: string, encoder: ParquetEncoder): Promise<ParquetAnswer> {
  try {
    return { file, sizeBytes: await writeNew(path, await encoder.finish()) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
    return { file, sizeBytes: 0, error: { code, message: String(error) } }
  }
}

/** Never overwrites: a name that is taken may belong to a committed file. */
async function writeNew(path: string, parts: readonly Uint8Array[]): Promise<number> {
  const file = await open(path, 'wx')
  try {
    for (const part of parts) await file.writeFile(part)
    await file.sync()
  } catch (error) {
    await unlink(path)
    throw error
  } finally {
    await file.close()
  }
  return parts.reduce((sum, part) => sum + part.length, 0)
}
