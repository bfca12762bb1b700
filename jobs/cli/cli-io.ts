// What commands read and write: data goes to stdout, everything else to stderr. Given to the commands,
// so that a test can run them in its own process.
import { createReadStream } from 'node:fs'
import { errorCode } from '../../engine/errors.ts'

export interface CliIo {
  /** Data. */
  out(data: string | Uint8Array): void
  /** A remark for a person; a line. */
  note(line: string): void
  /** The bytes of a file, or of stdin for `-`. */
  read(path: string): AsyncIterable<Uint8Array>
  /** Aborted when a person ends a command that would go on for ever. */
  readonly interrupted: AbortSignal
}

export function processIo(): CliIo {
  const abort = new AbortController()
  let isListening = false
  // A reader such as `head` that has enough ends the command without an error.
  process.stdout.on('error', (error) => {
    process.exit(errorCode(error) === 'EPIPE' ? 0 : 1)
  })
  return {
    out: (data) => {
      process.stdout.write(data)
    },
    note: (line) => {
      process.stderr.write(`${line}\n`)
    },
    read: (path) => (path === '-' ? process.stdin : createReadStream(path)),
    get interrupted() {
      if (!isListening) process.once('SIGINT', () => abort.abort())
      isListening = true
      return abort.signal
    },
  }
}
