// Ends a start with one line on stderr: a code, what was expected, what was found, what to do.
// Exit code 2 stands for usage, 1 for failure, 128 + n for signal n.
import { constants } from 'node:os'

export class Stop extends Error {
  constructor(code, message, exitCode = 1) {
    super(`${code}: ${message}`)
    this.exitCode = exitCode
  }
}

export function exitCodeOf(signal) {
  return 128 + constants.signals[signal]
}
