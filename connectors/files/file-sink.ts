// fileSink: rows as lines of a file, JSON or CSV. In a file it is exactly-once: an epoch's length is
// decided with the epoch (a header with the first one), and a start cuts the file back to it. Standard
// output can't be cut back: at-least-once. `/dev/null` formats nothing and only counts.
import { writeSync } from 'node:fs'
import { ByteReader, ByteWriter, type RecordBatch } from '../../engine/batch/index.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import type {
  DecisionSink,
  DecisionStore,
  DecisionWriter,
  SinkPromise,
} from '../../engine/connector.ts'
import {
  assert,
  ConfigError,
  errorCode,
  StateMismatchError,
  StorageError,
} from '../../engine/errors.ts'
import type { Schema } from '../../engine/schema/index.ts'
import { csvLines } from './csv-lines.ts'
import { formatOf } from './file-format.ts'
import { jsonLines, type LineFormat, type RowEncoder } from './line-format.ts'
import { type DecidedLength, OutputFile } from './output-file.ts'

/** Bytes that are gathered before they are written. */
const WRITE_BYTES = 256 * 1024
const MARK_VERSION = 1
const RETRY_DELAY_MS = 2

export interface FileSinkOptions {
  /** A path, `-` for standard output, `/dev/null` to count only. */
  readonly path: string
  /** Name of the sink's mark in the run's store; one for each file of the run. */
  readonly name: string
  /** For JSON lines. */
  readonly encoder: RowEncoder
  /** Of the rows. A file whose name ends in `.csv` is written as CSV, any other as JSON lines. */
  readonly schema: Schema<unknown>
  /** The rows carry change kinds: each line begins with `op`. */
  readonly isChangelog?: boolean
  /** Allows a file that is there on a fresh start to be replaced. */
  readonly overwrite?: boolean
  /** Folder of the run's own data, for the claim on the file. */
  readonly claimFolder?: string
  readonly clock?: Clock
}

/** A decision sink that also counts. */
export interface FileSink extends DecisionSink {
  readonly promise: SinkPromise
  /** Rows written since it was opened. */
  readonly rows: number
}

export function fileSink(options: FileSinkOptions): FileSink {
  if (options.path === '/dev/null') return new CountingSink()
  return options.path === '-' ? new StreamSink(options) : new CutBackSink(options)
}

function formatOfLines({ path, encoder, schema, isChangelog }: FileSinkOptions): LineFormat {
  return formatOf(path) === 'csv'
    ? csvLines(schema, isChangelog === true)
    : jsonLines(encoder, isChangelog === true)
}

class CutBackSink implements FileSink {
  readonly promise: SinkPromise = { delivery: 'exactly-once' }
  rows = 0
  readonly #options: FileSinkOptions
  readonly #format: LineFormat
  /** Lines that are not in the file yet. */
  readonly #bytes = new ByteWriter(WRITE_BYTES + 4096)
  readonly #markKey: Uint8Array
  #file: OutputFile | undefined

  constructor(options: FileSinkOptions) {
    this.#options = options
    this.#format = formatOfLines(options)
    this.#markKey = Buffer.from(`file/${options.name}`)
  }

  async recover(
    read: (store: DecisionStore, key: Uint8Array) => Uint8Array | undefined,
  ): Promise<void> {
    const mark = read('marks', this.#markKey)
    const { header } = this.#format
    const file =
      mark === undefined
        ? OutputFile.create(this.#options)
        : OutputFile.recover(this.#options, decodeMark(mark), header)
    this.#file = file
    if (file.written.length === 0) this.#bytes.raw(header)
  }

  write(batch: RecordBatch): void {
    for (let row = 0; row < batch.length; row++) {
      this.#format.add(batch, row, this.#bytes)
      if (this.#bytes.length >= WRITE_BYTES) this.#append()
    }
    this.rows += batch.length
  }

  ready(): undefined {
    return undefined
  }

  async flush(decision: DecisionWriter): Promise<void> {
    this.#append()
    const file = this.#opened()
    const { written } = file
    await file.sync()
    decision.during((stores) => {
      stores.put('marks', this.#markKey, encodeMark(written))
    })
  }

  async close(): Promise<void> {
    this.#file?.close()
    this.#file = undefined
  }

  #append(): void {
    if (this.#bytes.length === 0) return
    this.#opened().append(this.#bytes.view())
    this.#bytes.clear()
  }

  #opened(): OutputFile {
    assert(this.#file !== undefined, `${this.#options.path} is written before recover`)
    return this.#file
  }
}

/** Standard output: written at the end of an epoch, before it is decided. */
class StreamSink implements FileSink {
  readonly promise: SinkPromise = {
    delivery: 'at-least-once',
    remark: 'standard output can not be cut back after a crash',
  }
  rows = 0
  readonly #format: LineFormat
  readonly #bytes = new ByteWriter(WRITE_BYTES + 4096)
  readonly #clock: Clock
  #written = 0

  constructor(options: FileSinkOptions) {
    this.#format = formatOfLines(options)
    this.#clock = options.clock ?? systemClock
  }

  write(batch: RecordBatch): void {
    for (let row = 0; row < batch.length; row++) this.#format.add(batch, row, this.#bytes)
    this.rows += batch.length
    if (this.#bytes.length >= WRITE_BYTES) this.#write()
  }

  /** While the reader of the pipe is behind, the loop waits. */
  ready(): Promise<void> | undefined {
    return this.#bytes.length < WRITE_BYTES ? undefined : this.#drain()
  }

  async flush(): Promise<void> {
    await this.#drain()
  }

  async recover(): Promise<void> {}

  async close(): Promise<void> {}

  async #drain(): Promise<void> {
    while (!this.#write()) await this.#clock.delay(RETRY_DELAY_MS)
  }

  /** False when the pipe is full; the rest stays. */
  #write(): boolean {
    const bytes = this.#bytes
    try {
      while (this.#written < bytes.length) {
        this.#written += writeSync(1, bytes.bytes, this.#written, bytes.length - this.#written)
      }
    } catch (error) {
      if (errorCode(error) === 'EAGAIN') return false
      throw outputClosed(error)
    }
    bytes.clear()
    this.#written = 0
    return true
  }
}

class CountingSink implements FileSink {
  readonly promise: SinkPromise = { delivery: 'exactly-once', remark: 'rows are only counted' }
  rows = 0

  write(batch: RecordBatch): void {
    this.rows += batch.length
  }

  ready(): undefined {
    return undefined
  }

  async flush(): Promise<void> {}

  async recover(): Promise<void> {}

  async close(): Promise<void> {}
}

function encodeMark(decided: DecidedLength): Uint8Array {
  const writer = new ByteWriter(16)
  writer.uint8(MARK_VERSION)
  writer.float64(decided.length)
  writer.uint32(decided.crc)
  return writer.toBytes()
}

/** @throws StateMismatchError MARK_UNKNOWN for another version */
function decodeMark(bytes: Uint8Array): DecidedLength {
  const reader = new ByteReader(bytes)
  const version = reader.uint8()
  if (version === MARK_VERSION) return { length: reader.float64(), crc: reader.uint32() }
  throw new StateMismatchError({
    code: 'MARK_UNKNOWN',
    message: 'the mark of an output file was stored by another version',
    expected: `${MARK_VERSION}`,
    found: `${version}`,
    remedy: 'Go on with the version that wrote it, or start afresh with --fresh.',
  })
}

function outputClosed(error: unknown): Error {
  if (errorCode(error) === 'EPIPE') {
    return new ConfigError({
      code: 'OUTPUT_CLOSED',
      message: 'nobody reads standard output any more',
      remedy: 'Write to a file, or keep the reader open.',
      cause: error,
    })
  }
  return new StorageError({
    code: errorCode(error) === 'ENOSPC' ? 'DISK_FULL' : 'OUTPUT_UNWRITABLE',
    message: 'standard output can not be written',
    found: errorCode(error),
    remedy: 'Check where it goes.',
    cause: error,
  })
}
