// How every command ends when something is wrong: one line on stderr with the code, what was
// expected, what was found and what to do; exit code 2 for usage, 1 for failure.
import { ConfigError, errorCode, MillraceError } from '../../engine/errors.ts'

/** Exit codes of the CLI. */
export const ExitCode = { ok: 0, failure: 1, usage: 2 } as const

/** The line that tells a person what went wrong. */
export function failureLine(error: unknown): string {
  if (error instanceof MillraceError) return error.message
  const code = errorCode(error)
  const text = error instanceof Error ? error.message : String(error)
  if (text.startsWith(`${code}: `)) return text
  return `${code === 'UNKNOWN' ? 'UNEXPECTED' : code}: ${text}`
}

/** The same for an error of this thread and for one that a slot's thread reported by its name. */
export function exitCodeOf(error: unknown): number {
  const isUsage = error instanceof ConfigError || nameOf(error) === ConfigError.name
  return isUsage ? ExitCode.usage : ExitCode.failure
}

function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined
}

/** Prints the line (and the stack where MILLRACE_LOG=debug) and ends the process. */
export function exitWith(error: unknown): never {
  process.stderr.write(`${failureLine(error)}\n`)
  if (process.env.MILLRACE_LOG === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`)
  }
  process.exit(exitCodeOf(error))
}
