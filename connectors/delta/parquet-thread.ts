// ParquetThread: the thread that writes Parquet files. All lake sinks of one slot share it; it
// starts with the first rows and ends when the last sink lets go. Rows are handed over as they
// come, so that the slot's loop never stops for a whole file.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { errorCode, RetryableError, StorageError } from '../../engine/errors.ts'

export type ParquetRequest =
  | {
      readonly kind: 'rows'
      readonly file: number
      readonly ipc: Uint8Array
      readonly dictionaries: readonly string[]
    }
  | { readonly kind: 'finish'; readonly file: number; readonly path: string }
  | { readonly kind: 'drop'; readonly file: number }

export interface ParquetAnswer {
  readonly file: number
  readonly sizeBytes: number
  readonly error?: { readonly code: string; readonly message: string }
}

interface Waiting {
  readonly path: string
  resolve(sizeBytes: number): void
  reject(error: Error): void
}

export class ParquetThread {
  static #shared: ParquetThread | undefined
  #users = 0
  #worker: Worker | undefined
  #nextFile = 0
  /** Files with rows in the thread: lost with it. */
  readonly #open = new Set<number>()
  readonly #waiting = new Map<number, Waiting>()

  /** The thread that this slot's sinks share; each call needs one `release`. */
  static acquire(): ParquetThread {
    ParquetThread.#shared ??= new ParquetThread()
    ParquetThread.#shared.#users++
    return ParquetThread.#shared
  }

  async release(): Promise<void> {
    this.#users--
    if (this.#users > 0) return
    if (ParquetThread.#shared === this) ParquetThread.#shared = undefined
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  /** A file to be; rows are added in order. */
  begin(): number {
    const file = this.#nextFile++
    this.#open.add(file)
    return file
  }

  /**
   * Adds an Arrow IPC stream, whose memory is handed over.
   * @param dictionaries columns that get a dictionary; heard with a file's first rows
   */
  addRows(file: number, ipc: Uint8Array, dictionaries: readonly string[] = []): void {
    const isWhole = ipc.byteOffset === 0 && ipc.byteLength === ipc.buffer.byteLength
    const transfer = isWhole && ipc.buffer instanceof ArrayBuffer ? [ipc.buffer] : []
    this.#post({ kind: 'rows', file, ipc, dictionaries }, transfer)
  }

  /**
   * Writes the file, fsynced, under a new name; resolves with its size.
   * @throws StorageError STORAGE when the disk refuses, FILE_EXISTS when the name is taken
   * @throws RetryableError PARQUET_THREAD_LOST when the thread ended with rows in it
   */
  finish(file: number, path: string): Promise<number> {
    const isHeld = this.#open.delete(file)
    return new Promise((resolve, reject) => {
      if (!isHeld) return reject(lost('an earlier end'))
      this.#waiting.set(file, { path, resolve, reject })
      this.#post({ kind: 'finish', file, path })
      this.#worker?.ref()
    })
  }

  drop(file: number): void {
    if (this.#open.delete(file)) this.#post({ kind: 'drop', file })
  }

  #post(request: ParquetRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker ??= this.#start()
    this.#worker.postMessage(request, transfer)
  }

  #start(): Worker {
    const worker = newWorker()
    worker.on('message', (answer: ParquetAnswer) => this.#settle(answer))
    worker.on('error', (cause) => this.#lose(worker, cause))
    worker.on('exit', (status) => this.#lose(worker, `exit ${status}`))
    worker.unref()
    return worker
  }

  #settle({ file, sizeBytes, error }: ParquetAnswer): void {
    const waiting = this.#waiting.get(file)
    this.#waiting.delete(file)
    if (this.#waiting.size === 0) this.#worker?.unref()
    if (error === undefined) waiting?.resolve(sizeBytes)
    else waiting?.reject(writeError(waiting.path, error.code, error.message))
  }

  #lose(worker: Worker, cause: unknown): void {
    if (this.#worker === worker) this.#worker = undefined
    this.#open.clear()
    for (const waiting of this.#waiting.values()) waiting.reject(lost(cause))
    this.#waiting.clear()
  }
}

/** Runs from source as well (tests, jobs in TypeScript): then tsx loads the worker's file. */
function newWorker(): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  if (!isSource) return new Worker(new URL('./parquet-worker.js', import.meta.url))
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx'))
  const tsx = JSON.stringify(new URL('./esm/api/index.mjs', loader).href)
  const entry = JSON.stringify(new URL('./parquet-worker.ts', import.meta.url).href)
  // `--import tsx` has no effect in a worker of Node 20; a registration inside it has.
  const script = `import(${tsx}).then((tsx) => { tsx.register(); return import(${entry}) })`
  return new Worker(script, { eval: true })
}

function lost(cause: unknown): RetryableError {
  return new RetryableError({
    code: 'PARQUET_THREAD_LOST',
    message: 'the thread that writes Parquet files ended',
    found: cause instanceof Error ? `${errorCode(cause)} ${cause.message}` : String(cause),
    remedy: 'The job starts again from its last epoch.',
    cause,
  })
}

function writeError(path: string, code: string, found: string): StorageError {
  const isTaken = code === 'EEXIST'
  return new StorageError({
    code: isTaken ? 'FILE_EXISTS' : 'STORAGE',
    message: `the data file ${path} could not be written`,
    found,
    remedy: isTaken
      ? 'Two writers use one term; end one of them.'
      : 'Make room or grant access, then start again: nothing that was decided is lost.',
  })
}
