// Feeds: a file read synchronously, exactly as it lies there, and standard input read as it comes.
// Standard input can't be read again, so it has no bookmark and promises at-least-once only.
import { read } from 'node:fs'
import { errorCode, StorageError } from '../../engine/errors.ts'
import { FILE_READ_BYTES } from '../../engine/limits.ts'
import { decodeBookmark, encodeBookmark, InputFile } from './input-file.ts'
import type { ByteFeed } from './line-reader.ts'

export class FileFeed implements ByteFeed {
  readonly #file: InputFile

  /** @throws ConfigError INPUT_MISSING, INPUT_NOT_A_FILE, INPUT_CHANGED */
  constructor(path: string, bookmark: Uint8Array | undefined) {
    this.#file = new InputFile(path, bookmark && decodeBookmark(bookmark))
  }

  read(bytes: Uint8Array, from: number, to: number): number {
    return this.#file.read(bytes, from, to)
  }

  ready(): Promise<void> {
    return Promise.resolve()
  }

  consume(bytes: Uint8Array, from: number, to: number, isUnterminated: boolean): void {
    this.#file.consume(bytes, from, to, isUnterminated)
  }

  bookmark(): Uint8Array {
    return encodeBookmark(this.#file.bookmark())
  }

  close(): void {
    this.#file.close()
  }
}

/** One read is under way at any time; its bytes wait until they are asked for. */
export class PipeFeed implements ByteFeed {
  readonly #descriptor: number
  readonly #name: string
  readonly #buffer = Buffer.allocUnsafe(FILE_READ_BYTES / 4)
  #from = 0
  #to = 0
  #isAtEnd = false
  #failure: StorageError | undefined
  #reading: Promise<void> | undefined

  constructor(descriptor: number, name: string) {
    this.#descriptor = descriptor
    this.#name = name
  }

  read(bytes: Uint8Array, from: number, to: number): number {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#from === this.#to) {
      if (this.#isAtEnd) return 0
      this.#reading ??= this.#readNext()
      return -1
    }
    const count = Math.min(to - from, this.#to - this.#from)
    bytes.set(this.#buffer.subarray(this.#from, this.#from + count), from)
    this.#from += count
    return count
  }

  ready(): Promise<void> {
    return this.#reading ?? Promise.resolve()
  }

  consume(): void {}

  bookmark(): undefined {
    return undefined
  }

  close(): void {}

  #readNext(): Promise<void> {
    return new Promise((resolve) => {
      read(this.#descriptor, this.#buffer, 0, this.#buffer.length, null, (error, count) => {
        this.#reading = undefined
        // A terminal may have nothing yet; the end of a closed one is EOF.
        if (error !== null && errorCode(error) === 'EOF') this.#isAtEnd = true
        else if (error !== null && errorCode(error) !== 'EAGAIN') this.#failure = this.#named(error)
        else if (error === null) {
          this.#from = 0
          this.#to = count
          this.#isAtEnd = count === 0
        }
        resolve()
      })
    })
  }

  #named(error: unknown): StorageError {
    return new StorageError({
      code: 'INPUT_UNREADABLE',
      message: `${this.#name} can not be read`,
      found: errorCode(error),
      remedy: 'Check what is piped in.',
      cause: error,
    })
  }
}
