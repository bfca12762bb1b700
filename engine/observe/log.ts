// Logs: one JSON object a line on stderr. Secrets are taken out wherever they stand, and no part of a
// record is ever written: bytes and batches are named by their size, errors about one record by
// their code only.
import { destination, type Logger, pino } from 'pino'
import type { Clock } from '../clock.ts'
import { BadRecordError, ConfigError, errorCode, MillraceError } from '../errors.ts'
import { timeText } from '../json/index.ts'

export type Log = Logger<never, boolean>

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const HIDDEN = '[redacted]'
/** Values nested deeper than this are left out. */
const DEPTH_MAX = 6
const SECRET_NAME =
  /pass(word|phrase|wd)|secret|token|authorization|credential|cookie|api[-_]?key|private[-_]?key/i
/** Names under which code may hold parts of a record. */
const PAYLOAD_NAME = /^(raw|payload|records?|rows?|values?|body)$/i
/** A name, and what stands between it and its value: `=`, `: "`, `\": \"`. */
const SECRET_MEMBER =
  /\b((?:passw(?:or)?d|secret|token|api[-_]?key)\\?["']?\s*[=:]\s*\\?["']?)[^\s"',;&\\[]+/gi
const SECRET_IN_TEXT = [
  [/(:\/\/[^\s:/@"\\]*:)[^\s@"\\]+@/g, `$1${HIDDEN}@`],
  [/\b(bearer|basic) +[\w.~+/=-]+/gi, `$1 ${HIDDEN}`],
  [SECRET_MEMBER, `$1${HIDDEN}`],
] as const

export interface LogOptions {
  readonly clock: Clock
  /** Default MILLRACE_LOG of the environment, or `info`. */
  readonly level?: string | undefined
  /** Facts of every line, e.g. the job. */
  readonly base?: Readonly<Record<string, unknown>>
  /** Where lines go. Default stderr. */
  readonly out?: { write(line: string): void }
}

/**
 * @example log.warn({ job, slot, err: error }, 'restarting')
 * @throws ConfigError LOG_LEVEL
 */
export function createLog(options: LogOptions): Log {
  const level = options.level ?? process.env.MILLRACE_LOG ?? 'info'
  if (!LEVELS.includes(level)) {
    throw new ConfigError({
      code: 'LOG_LEVEL',
      message: 'the log has no such level',
      expected: `one of ${LEVELS.join(', ')}`,
      found: JSON.stringify(level),
      remedy: 'Correct MILLRACE_LOG.',
    })
  }
  return pino(
    {
      level,
      base: { ...options.base },
      timestamp: () => `,"time":"${timeText(options.clock.nowMicros())}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (facts) => clean(facts),
        bindings: (facts) => clean(facts),
      },
      serializers: {},
      hooks: { streamWrite: textWithoutSecrets },
    },
    options.out ?? destination({ dest: 2, sync: true }),
  )
}

/** Facts without secrets and payloads. Pure; for whoever writes facts elsewhere. */
export function clean(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return members(facts, 0)
}

function members(facts: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, member(name, value, depth)]),
  )
}

function member(name: string, value: unknown, depth: number): unknown {
  if (SECRET_NAME.test(name)) return HIDDEN
  if (PAYLOAD_NAME.test(name) && typeof value !== 'number') return '[payload]'
  return safeValue(value, depth + 1)
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function') return '[function]'
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return errorFacts(value, depth)
  if ('columns' in value && 'length' in value) return `[batch of ${String(value.length)}]`
  if (depth >= DEPTH_MAX) return '[deep]'
  if (Array.isArray(value)) return value.map((item) => safeValue(item, depth + 1))
  if (value instanceof Map) return `[map of ${value.size}]`
  if (value instanceof Set) return `[set of ${value.size}]`
  return members(value, depth)
}

/** The message of an error about one record may quote the record. */
function errorFacts(error: Error, depth: number): Record<string, unknown> {
  const { name, stack, cause } = error
  const code = error instanceof MillraceError ? error.code : errorCode(error)
  if (error instanceof BadRecordError) return { name, code }
  const { message } = error
  return {
    name,
    code,
    message,
    stack: framesOf(stack),
    ...(cause === undefined || depth >= DEPTH_MAX ? {} : { cause: safeValue(cause, depth + 1) }),
  }
}

/** Only where it happened; the text before the frames is the message again. */
function framesOf(stack: string | undefined): readonly string[] {
  const lines = stack?.split('\n') ?? []
  return lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim())
}

/** Works on lines of JSON too: what is put in holds no quote and takes no backslash away. */
function textWithoutSecrets(text: string): string {
  let clear = text
  for (const [pattern, replacement] of SECRET_IN_TEXT) clear = clear.replace(pattern, replacement)
  return clear
}
