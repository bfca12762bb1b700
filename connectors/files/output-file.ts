// OutputFile: a file that only grows, written in large pieces, and cut back to what was decided
// when a run goes on. A claim beside the run's data remembers which file a fresh start created, so
// that a crash before the first decision leaves no file that the next start would take for a
// foreign one.
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import { ConfigError, errorCode, StateMismatchError, StorageError } from '../../engine/errors.ts'
import { FILE_READ_BYTES } from '../../engine/limits.ts'

/** Bytes of a header that an error shows, beyond the length of the expected one. */
const SHOWN_BYTES = 1000

/** How much of a file belongs to decided epochs. */
export interface DecidedLength {
  readonly length: number
  /** CRC32C of those bytes. */
  readonly crc: number
}

export interface OutputFileOptions {
  readonly path: string
  /** Folder for the claim; default: the file's own, as a dot-file. */
  readonly claimFolder?: string | undefined
  /** A file that is there on a fresh start is emptied instead of refused. */
  readonly overwrite?: boolean | undefined
}

export class OutputFile {
  readonly path: string
  readonly #file: number
  #length: number
  #crc: number
  #isDirty = false

  private constructor(path: string, file: number, decided: DecidedLength) {
    this.path = path
    this.#file = file
    this.#length = decided.length
    this.#crc = decided.crc
  }

  /**
   * A new, empty file for a fresh start; one that this run created and nothing was decided of is
   * emptied.
   * @throws ConfigError OUTPUT_EXISTS; StorageError OUTPUT_UNWRITABLE
   */
  static create(options: OutputFileOptions): OutputFile {
    const path = resolve(options.path)
    const claim = claimPath(path, options.claimFolder)
    const file = openOutput(path)
    try {
      const { size } = fstatSync(file)
      const mayEmpty = options.overwrite === true || isClaimed(claim, file)
      if (size > 0 && !mayEmpty) throw outputExists(path, size)
      ftruncateSync(file, 0)
      writeClaim(claim, file)
      fsyncSync(file)
      syncFolder(dirname(path))
      return new OutputFile(path, file, { length: 0, crc: 0 })
    } catch (error) {
      closeSync(file)
      throw named(path, error)
    }
  }

  /**
   * The file as it was decided; what lies behind is cut off.
   * @param header what a file that is not empty begins with
   * @throws StateMismatchError OUTPUT_CHANGED when it is shorter or its bytes are others,
   * OUTPUT_COLUMNS when it has another header
   */
  static recover(
    options: OutputFileOptions,
    decided: DecidedLength,
    header: Uint8Array,
  ): OutputFile {
    const path = resolve(options.path)
    const file = openOutput(path)
    try {
      const { size } = fstatSync(file)
      if (size < decided.length) throw changed(path, `${decided.length} bytes`, `${size}`)
      const crc = crcOf(file, decided.length)
      if (crc !== decided.crc) {
        const expected = `CRC32C ${decided.crc.toString(16)} of ${decided.length} bytes`
        throw changed(path, expected, crc.toString(16))
      }
      if (decided.length > 0) checkHeader(path, file, header)
      if (size > decided.length) ftruncateSync(file, decided.length)
      fsyncSync(file)
      syncFolder(dirname(path))
      return new OutputFile(path, file, decided)
    } catch (error) {
      closeSync(file)
      throw named(path, error)
    }
  }

  /** What is written so far, decided or not. */
  get written(): DecidedLength {
    return { length: this.#length, crc: this.#crc }
  }

  /** @throws StorageError DISK_FULL, OUTPUT_UNWRITABLE */
  append(bytes: Uint8Array): void {
    let done = 0
    this.#isDirty = true
    try {
      while (done < bytes.length) {
        const position = this.#length + done
        done += writeSync(this.#file, bytes, done, bytes.length - done, position)
      }
    } catch (error) {
      throw named(this.path, error)
    }
    this.#length += bytes.length
    this.#crc = crc32c(bytes, this.#crc)
  }

  /** Resolves when all that was appended is on disk. */
  sync(): Promise<void> {
    if (!this.#isDirty) return Promise.resolve()
    return new Promise((resolve, reject) => {
      fdatasync(this.#file, (error) => {
        if (error !== null) {
          reject(named(this.path, error))
          return
        }
        this.#isDirty = false
        resolve()
      })
    })
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Opened for reading and writing, created where it is missing, never truncated. */
function openOutput(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    // Not 'w+': that would empty a file of someone else before it was looked at.
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
  } catch (error) {
    throw named(path, error)
  }
}

/** @throws StateMismatchError OUTPUT_COLUMNS */
function checkHeader(path: string, file: number, header: Uint8Array): void {
  const found = Buffer.alloc(header.length + SHOWN_BYTES)
  const length = readSync(file, found, 0, found.length, 0)
  if (found.subarray(0, header.length).equals(header)) return
  const [line = ''] = found.toString('utf8', 0, length).split('\n')
  throw new StateMismatchError({
    code: 'OUTPUT_COLUMNS',
    message: `${path} was begun with other columns`,
    expected: line,
    found: Buffer.from(header).toString().trimEnd(),
    remedy: 'Write to another file, or keep the columns; --fresh begins the file anew.',
  })
}

function crcOf(file: number, length: number): number {
  const buffer = new Uint8Array(FILE_READ_BYTES)
  let crc = 0
  for (let at = 0; at < length; ) {
    const count = readSync(file, buffer, 0, Math.min(buffer.length, length - at), at)
    if (count === 0) return -1
    crc = crc32c(buffer.subarray(0, count), crc)
    at += count
  }
  return crc
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function claimPath(path: string, folder: string | undefined): string {
  const name = basename(path)
  return folder === undefined
    ? join(dirname(path), `.${name}.claim`)
    : join(folder, `${name}.claim`)
}

/** Names a file for as long as it exists, whatever is written into it. */
function identity(file: number): string {
  const { dev, ino, birthtimeMs } = fstatSync(file)
  return `${dev} ${ino} ${birthtimeMs}`
}

function writeClaim(claim: string, file: number): void {
  mkdirSync(dirname(claim), { recursive: true })
  writeFileSync(claim, identity(file), { flush: true })
  syncFolder(dirname(claim))
}

function isClaimed(claim: string, file: number): boolean {
  try {
    return readFileSync(claim, 'utf8') === identity(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

function named(path: string, error: unknown): unknown {
  if (error instanceof ConfigError || error instanceof StateMismatchError) return error
  if (error instanceof StorageError) return error
  const code = errorCode(error)
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new StorageError({
    code: isFull ? 'DISK_FULL' : 'OUTPUT_UNWRITABLE',
    message: `${path} can not be written`,
    expected: isFull ? 'space on its disk' : 'a file that can be written',
    found: code,
    remedy: isFull
      ? 'Free space and start again: nothing that was decided is lost.'
      : 'Check the path and the rights of its folder.',
    cause: error,
  })
}

function outputExists(path: string, size: number): ConfigError {
  return new ConfigError({
    code: 'OUTPUT_EXISTS',
    message: `${path} is there already and was not written by this run`,
    expected: 'no file, or an empty one',
    found: `${size} bytes`,
    remedy: 'Move it away or name another file; --fresh overwrites it.',
  })
}

function changed(path: string, expected: string, found: string): StateMismatchError {
  return new StateMismatchError({
    code: 'OUTPUT_CHANGED',
    message: `${path} is not what this run has written`,
    expected,
    found,
    remedy: 'Restore the file, or start afresh with --fresh.',
  })
}
