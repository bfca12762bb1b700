// DeltaSink: appends the rows of one slot to one Delta table, at most one commit an epoch. Rows go
// to Parquet files as they come (in a thread of their own); `prepare` makes the files durable and
// names them in a committable; only `deliver`, after the decision, makes them part of the table.
//
// It takes inserts only: a changelog needs a table that can replace rows. It leaves the orphans of
// other lineages alone, because these may still deliver.
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Change, type Column, type RecordBatch, recordBatch } from '../../engine/batch/index.ts'
import type { Clock } from '../../engine/clock.ts'
import { toArrowIpc } from '../../engine/codec/arrow/index.ts'
import type { CommitPermit, FollowerSink, SinkPromise } from '../../engine/connector.ts'
import { assert, ConfigError, errorCode } from '../../engine/errors.ts'
import { type Schema, schemaOf } from '../../engine/schema/index.ts'
import { type DataFile, decodeCommittable, encodeCommittable } from './committable.ts'
import { appIdOf, DATA_FILE_ENDING, type FileOwner, fileNamePrefix } from './data-file-name.ts'
import { DeltaCommitter } from './delta-committer.ts'
import { commitsOf, namesIn } from './delta-log.ts'
import { deltaSchemaText } from './delta-schema.ts'
import { dictionaryColumns } from './dictionary-columns.ts'
import { makeFolder, type StepHook, storageError, syncFolder } from './durable-file.ts'
import { FileStatistics } from './file-statistics.ts'
import { ParquetThread } from './parquet-thread.ts'
import { RowBuffer } from './row-buffer.ts'

/** Bounds of one data file and of the rows that wait for the parquet thread. */
export interface DeltaSinkBounds {
  /** Rows and bytes (as Arrow) of one file; a Parquet file is smaller. */
  readonly fileRows: number
  readonly fileBytes: number
  /** Rows and bytes handed to the parquet thread at once. */
  readonly chunkRows: number
  readonly chunkBytes: number
  /** Files being written before the slot's loop waits. */
  readonly filesInFlight: number
}

export const deltaSinkBounds: DeltaSinkBounds = {
  fileRows: 2_000_000,
  fileBytes: 96 * 1024 * 1024,
  chunkRows: 32_768,
  chunkBytes: 4 * 1024 * 1024,
  filesInFlight: 2,
}

export interface DeltaSinkOptions extends FileOwner {
  /** Folder of the table, and its name for messages and committables. */
  readonly folder: string
  readonly table: string
  readonly schema: Schema<unknown>
  /** Rises with each recovery: files of two terms never share a name. */
  readonly term: number
  readonly clock: Clock
  /** Adds `_partition` and `_offset` of each record's source. */
  readonly positions?: boolean
  readonly bounds?: Partial<DeltaSinkBounds>
  /** Called at each step of a commit; crash tests end the process in it. */
  readonly hook?: StepHook
}

interface OpenFile {
  readonly id: number
  readonly statistics: FileStatistics
  sizeBytes: number
}

export class DeltaSink implements FollowerSink {
  static readonly promise: SinkPromise = {
    delivery: 'exactly-once',
    remark: 'follows the decision; one commit an epoch, table and slot',
  }
  /** The table's schema: the rows' columns, then positions where asked. */
  readonly schema: Schema
  readonly #options: DeltaSinkOptions
  readonly #bounds: DeltaSinkBounds
  readonly #prefix: string
  readonly #committer: DeltaCommitter
  readonly #buffer = new RowBuffer()
  #thread: ParquetThread | undefined
  #file: OpenFile | undefined
  #nextFile = 0
  #folderMade = false
  /** Files of the current epoch, written or being written. */
  #files: Promise<DataFile>[] = []
  readonly #unfinished = new Set<Promise<unknown>>()
  /** Names given out and not yet delivered: a sweep spares them. */
  readonly #live = new Set<string>()
  #deliveries: Promise<unknown> = Promise.resolve()

  constructor(options: DeltaSinkOptions) {
    this.#options = options
    this.#bounds = { ...deltaSinkBounds, ...options.bounds }
    this.#prefix = fileNamePrefix(options)
    this.schema =
      options.positions === true ? withPositions(options.schema) : schemaOf(options.schema.fields)
    this.#committer = new DeltaCommitter({
      table: options.table,
      folder: options.folder,
      clock: options.clock,
      temporaryPrefix: this.#prefix,
      hook: options.hook ?? (() => {}),
    })
  }

  /** Optional early look: does an existing table take such rows? `prepare` checks as well. */
  check(): Promise<void> {
    return this.#committer.check(this.schema)
  }

  /** @throws ConfigError LAKE_APPEND_ONLY for a batch that changes or deletes rows */
  write(batch: RecordBatch): void {
    if (batch.length === 0) return
    checkInserts(batch, this.#options.table)
    const { positions } = this.#options
    const rows = positions === true ? positionedBatch(batch, this.schema) : batch
    this.#file ??= this.#begin()
    this.#file.statistics.add(rows.columns, rows.length)
    this.#buffer.add(rows)
    const { chunkRows, chunkBytes, fileRows, fileBytes } = this.#bounds
    if (this.#buffer.rows < chunkRows && this.#buffer.sizeBytes < chunkBytes) return
    this.#handOver(this.#file)
    const isFull = this.#file.statistics.rows >= fileRows || this.#file.sizeBytes >= fileBytes
    if (isFull) this.#cut()
  }

  ready(): Promise<void> | undefined {
    if (this.#unfinished.size < this.#bounds.filesInFlight) return undefined
    return Promise.race(this.#unfinished).then(() => undefined)
  }

  async prepare(epoch: number): Promise<Uint8Array | undefined> {
    this.#cut()
    if (this.#files.length === 0) return undefined
    const writing = this.#files
    this.#files = []
    await this.check()
    const files = await Promise.all(writing)
    await this.#syncTableFolder()
    const { table, lineage, slot, term } = this.#options
    const appId = appIdOf(this.#options)
    const schemaText = deltaSchemaText(this.schema)
    return encodeCommittable({ table, appId, lineage, slot, term, epoch, schemaText, files })
  }

  /** Deliveries of one sink run one after another, in the order asked. */
  deliver(committable: Uint8Array, permit: CommitPermit): Promise<void> {
    return this.#inTurn(async () => {
      await this.#committer.deliver(committable, permit)
      for (const { path } of decodeCommittable(committable).committable.files) {
        this.#live.delete(path)
      }
    })
  }

  /** Removes data files and temporary files of this owner that nothing refers to. */
  sweep(keep: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(() => this.#sweep(keep))
  }

  async #sweep(keep: readonly Uint8Array[]): Promise<void> {
    const { folder } = this.#options
    const kept = new Set(this.#live)
    for (const bytes of keep) {
      for (const { path } of decodeCommittable(bytes).committable.files) kept.add(path)
    }
    const names = await namesIn(folder)
    const orphans = new Set(
      names.filter((name) => name.startsWith(this.#prefix) && !kept.has(name)),
    )
    if (orphans.size > 0) {
      for await (const commit of commitsOf(folder)) {
        for (const action of commit.actions) {
          if (action.kind === 'add') orphans.delete(action.file.path)
        }
      }
    }
    for (const name of orphans) await removeFile(join(folder, name))
    const logFolder = join(folder, '_delta_log')
    for (const name of await namesIn(logFolder)) {
      if (name.startsWith(`.${this.#prefix}`)) await removeFile(join(logFolder, name))
    }
  }

  async close(): Promise<void> {
    await this.#deliveries
    await Promise.allSettled(this.#unfinished)
    if (this.#file !== undefined) this.#thread?.drop(this.#file.id)
    this.#file = undefined
    this.#buffer.take()
    const thread = this.#thread
    this.#thread = undefined
    await thread?.release()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#deliveries.then(work)
    this.#deliveries = done.catch(() => undefined)
    return done
  }

  #begin(): OpenFile {
    this.#thread ??= ParquetThread.acquire()
    const statistics = new FileStatistics(this.schema.fields)
    return { id: this.#thread.begin(), statistics, sizeBytes: 0 }
  }

  #handOver(file: OpenFile): void {
    if (this.#buffer.rows === 0) return
    const batches = this.#buffer.take()
    const ipc = toArrowIpc(batches)
    file.sizeBytes += ipc.length
    this.#thread?.addRows(file.id, ipc, dictionaryColumns(batches))
  }

  /** Ends the open file, which is then written without anyone waiting for it. */
  #cut(): void {
    const file = this.#file
    if (file === undefined) return
    this.#handOver(file)
    this.#file = undefined
    const writing = this.#finish(file)
    this.#files.push(writing)
    // `prepare` rethrows what went wrong; this only tells `ready` that the file is done.
    const settled: Promise<void> = writing.then(
      () => void this.#unfinished.delete(settled),
      () => void this.#unfinished.delete(settled),
    )
    this.#unfinished.add(settled)
  }

  async #finish(file: OpenFile): Promise<DataFile> {
    const { folder, term, clock } = this.#options
    const thread = this.#thread
    assert(thread !== undefined, 'a file is written by the parquet thread')
    const name = `${this.#prefix}t${term}-${this.#nextFile++}${DATA_FILE_ENDING}`
    this.#live.add(name)
    if (!this.#folderMade) await makeFolder(folder)
    this.#folderMade = true
    const sizeBytes = await thread.finish(file.id, join(folder, name))
    const modificationMs = Math.floor(clock.nowMicros() / 1000)
    const { rows } = file.statistics
    return { path: name, sizeBytes, rows, stats: file.statistics.toJson(), modificationMs }
  }

  async #syncTableFolder(): Promise<void> {
    const { folder } = this.#options
    try {
      await syncFolder(folder)
    } catch (error) {
      throw storageError(`the folder ${folder} could not be synced`, error)
    }
  }
}

function checkInserts({ changes }: RecordBatch, table: string): void {
  if (changes === undefined || changes.every((change) => change === Change.insert)) return
  throw new ConfigError({
    code: 'LAKE_APPEND_ONLY',
    message: `the lake table ${table} takes new rows only`,
    expected: 'inserts',
    found: 'updates or deletes',
    remedy: 'Write the final rows only (wait until the allowed lateness has passed).',
  })
}

function withPositions(schema: Schema<unknown>): Schema {
  return schemaOf([
    ...schema.fields,
    { name: '_partition', type: { kind: 'int32' }, nullable: true },
    { name: '_offset', type: { kind: 'int64' }, nullable: true },
  ])
}

function positionedBatch(batch: RecordBatch, schema: Schema<unknown>): RecordBatch {
  const { source, length } = batch
  const offsets = new Float64Array(length)
  const nulls = new Uint8Array(length).fill(source === undefined ? 1 : 0)
  for (let i = 0; i < length && source !== undefined; i++) {
    const offset = source.offsets[i]!
    if (offset >= 0) offsets[i] = offset
    else nulls[i] = 1
  }
  const partitions = new Int32Array(length).fill(source?.partition ?? 0)
  const added: Column[] = [
    { kind: 'int32', values: partitions, nulls: source === undefined ? nulls.slice() : undefined },
    { kind: 'integer', values: offsets, wide: undefined, nulls },
  ]
  return recordBatch({ ...batch, schema, columns: [...batch.columns, ...added] })
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw storageError(`${path} could not be removed`, error)
  }
}
