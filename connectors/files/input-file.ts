// InputFile: the bytes of one file in order, read synchronously, with what must be remembered to
// know it again: position, length and CRC32C of what was consumed. A file that only grew goes on;
// any other change is INPUT_CHANGED. The bookmark is read and checked here, and nowhere else.
//
//   bookmark   uint8 version (1) · uint8 1 = the last record had no newline yet ·
//              float64 position · float64 length · uint32 CRC32C of [0, position)
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32c } from '@node-rs/crc32'
import { ByteReader, ByteWriter } from '../../engine/batch/index.ts'
import { ConfigError, errorCode, StorageError } from '../../engine/errors.ts'
import { FILE_READ_BYTES } from '../../engine/limits.ts'

const BOOKMARK_VERSION = 1
const NEWLINE = 10
const CARRIAGE_RETURN = 13

/** What was consumed of a file. */
export interface FileBookmark {
  /** Bytes that were consumed. */
  readonly position: number
  /** Length of the file when it was read last. */
  readonly length: number
  /** CRC32C of the bytes before `position`. */
  readonly crc: number
  /** The last record was taken at the end of the file, without a newline after it. */
  readonly isUnterminated: boolean
}

export function encodeBookmark(bookmark: FileBookmark): Uint8Array {
  const writer = new ByteWriter(24)
  writer.uint8(BOOKMARK_VERSION)
  writer.uint8(bookmark.isUnterminated ? 1 : 0)
  writer.float64(bookmark.position)
  writer.float64(bookmark.length)
  writer.uint32(bookmark.crc)
  return writer.toBytes()
}

/** @throws StateCorruptError BYTES_SHORT; ConfigError BOOKMARK_UNKNOWN for another version */
export function decodeBookmark(bytes: Uint8Array): FileBookmark {
  const reader = new ByteReader(bytes)
  const version = reader.uint8()
  if (version !== BOOKMARK_VERSION) {
    throw new ConfigError({
      code: 'BOOKMARK_UNKNOWN',
      message: 'the place in the input file was stored by another version',
      expected: `${BOOKMARK_VERSION}`,
      found: `${version}`,
      remedy: 'Start afresh with --fresh.',
    })
  }
  const isUnterminated = reader.uint8() === 1
  const position = reader.float64()
  const length = reader.float64()
  return { position, length, crc: reader.uint32(), isUnterminated }
}

export class InputFile {
  readonly path: string
  readonly #file: number
  #crc: number
  #consumed: number
  #read: number
  /** Length of the file at the last read. */
  #length: number
  #isUnterminated = false

  /**
   * @param bookmark where to go on; undefined: at the beginning
   * @throws ConfigError INPUT_MISSING, INPUT_NOT_A_FILE, INPUT_CHANGED
   * @throws StorageError INPUT_UNREADABLE
   */
  constructor(path: string, bookmark?: FileBookmark) {
    this.path = path
    this.#file = openInput(path)
    this.#crc = 0
    this.#consumed = 0
    if (bookmark !== undefined) {
      try {
        this.#resume(bookmark)
      } catch (error) {
        this.close()
        throw error
      }
    }
    this.#read = this.#consumed
    this.#length = this.#currentLength()
  }

  /** Bytes consumed so far. */
  get consumed(): number {
    return this.#consumed
  }

  /** Fills `bytes[from .. to)` with what follows; 0 at the end of the file. */
  read(bytes: Uint8Array, from: number, to: number): number {
    const count = this.#readAt(bytes, from, to - from, this.#read)
    this.#read += count
    this.#length = this.#currentLength()
    return count
  }

  /** Counts bytes that were read as consumed. */
  consume(bytes: Uint8Array, from: number, to: number, isUnterminated: boolean): void {
    if (from === to) return
    this.#crc = crc32c(bytes.subarray(from, to), this.#crc)
    this.#consumed += to - from
    this.#isUnterminated = isUnterminated
  }

  bookmark(): FileBookmark {
    return {
      position: this.#consumed,
      length: this.#length,
      crc: this.#crc,
      isUnterminated: this.#isUnterminated,
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #resume(bookmark: FileBookmark): void {
    const length = this.#currentLength()
    if (length < bookmark.length) {
      throw changed(this.path, `at least ${bookmark.length} bytes`, `${length} bytes`)
    }
    const buffer = new Uint8Array(FILE_READ_BYTES)
    while (this.#consumed < bookmark.position) {
      const wanted = Math.min(buffer.length, bookmark.position - this.#consumed)
      const count = this.#readAt(buffer, 0, wanted, this.#consumed)
      if (count === 0) throw changed(this.path, `${bookmark.position} bytes`, 'fewer')
      this.#crc = crc32c(buffer.subarray(0, count), this.#crc)
      this.#consumed += count
    }
    if (this.#crc !== bookmark.crc) {
      const expected = `CRC32C ${bookmark.crc.toString(16)} of the first ${bookmark.position} bytes`
      throw changed(this.path, expected, this.#crc.toString(16))
    }
    this.#isUnterminated = bookmark.isUnterminated
    if (bookmark.isUnterminated) this.#endLine(buffer)
  }

  /** The last record was taken without a newline: only a newline may follow it now. */
  #endLine(buffer: Uint8Array): void {
    const count = this.#readAt(buffer, 0, 2, this.#consumed)
    if (count === 0) return
    const ending = buffer[0] === CARRIAGE_RETURN ? 2 : 1
    if (buffer[ending - 1] !== NEWLINE || count < ending) {
      throw changed(this.path, 'a newline after the last record that was read', 'more of its line')
    }
    this.consume(buffer, 0, ending, false)
  }

  #currentLength(): number {
    return fstatSync(this.#file).size
  }

  #readAt(bytes: Uint8Array, at: number, length: number, position: number): number {
    try {
      return readSync(this.#file, bytes, at, length, position)
    } catch (error) {
      throw unreadable(this.path, error)
    }
  }
}

function openInput(path: string): number {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw unreadable(path, error)
    throw new ConfigError({
      code: 'INPUT_MISSING',
      message: `there is no file ${path}`,
      remedy: 'Check the path; it is relative to the current folder.',
      cause: error,
    })
  }
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw new ConfigError({
    code: 'INPUT_NOT_A_FILE',
    message: `${path} can not be read as a file`,
    expected: 'a regular file, or - for standard input',
    found: 'a folder, a pipe or a device',
    remedy: 'Name a file, or pipe the data in and name -.',
  })
}

function unreadable(path: string, error: unknown): StorageError {
  return new StorageError({
    code: 'INPUT_UNREADABLE',
    message: `${path} can not be read`,
    expected: 'a readable file',
    found: errorCode(error),
    remedy: 'Check the rights of the file and its disk.',
    cause: error,
  })
}

function changed(path: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'INPUT_CHANGED',
    message: `${path} is not the file that was read before`,
    expected,
    found,
    remedy: 'Restore the file (it may only grow), or start afresh with --fresh.',
  })
}
