// Every error the engine raises, one class per reaction of the runtime. An error is one line for a
// person (what was expected, what was found, what to do) and a stable `code` for a program.

/** The parts of an error message; `remedy` says what to do next. */
export interface ErrorDetail {
  readonly code: string
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly remedy?: string
  readonly cause?: unknown
}

/** Base of all named errors. `toString` and `message` give the whole line. */
export abstract class MillraceError extends Error {
  readonly code: string
  readonly expected: string | undefined
  readonly found: string | undefined
  readonly remedy: string | undefined

  constructor(detail: ErrorDetail) {
    super(describe(detail), detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = new.target.name
    this.code = detail.code
    this.expected = detail.expected
    this.found = detail.found
    this.remedy = detail.remedy
  }
}

/** The definition, the configuration or the call is wrong: fixed by a person, never retried. */
export class ConfigError extends MillraceError {}

/** A passing fault of something outside: the job restarts with back-off. */
export class RetryableError extends MillraceError {}

/** One record can't be used: it becomes a dead letter and the job goes on. */
export class BadRecordError extends MillraceError {}

/** A user's function threw on a stateful path: the job stops at once and names the record. */
export class UserCodeError extends MillraceError {}

/** A quality gate closed: the job halts until a person decides. */
export class GateError extends MillraceError {}

/** Stored state is damaged: the job refuses to start from it. */
export class StateCorruptError extends MillraceError {}

/** Stored state is whole but does not belong to this definition or history: refused with words. */
export class StateMismatchError extends MillraceError {}

/** A newer term owns the slot: this process must end and change nothing. */
export class FencedError extends MillraceError {}

/** A disk is full, a folder can't be written, a file can't be read. */
export class StorageError extends MillraceError {}

/** A broken invariant of the engine itself: always stops the job. */
export class InvariantError extends MillraceError {}

/** Stops the job when an invariant is broken; `message` carries the values. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError({ code: 'INVARIANT', message })
}

/** The default branch of a switch over a discriminated union. */
export function assertNever(value: never): never {
  throw new InvariantError({ code: 'INVARIANT', message: `unexpected ${JSON.stringify(value)}` })
}

/** The code of anything thrown: ours, Node's (`ENOSPC`), or `UNKNOWN`. */
export function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) {
    return String(error.code)
  }
  return 'UNKNOWN'
}

function describe(detail: ErrorDetail): string {
  const parts = [`${detail.code}: ${detail.message}`]
  if (detail.expected !== undefined) parts.push(`expected ${detail.expected}`)
  if (detail.found !== undefined) parts.push(`found ${detail.found}`)
  const line = parts.join('; ')
  return detail.remedy === undefined ? line : `${line}. ${detail.remedy}`
}
