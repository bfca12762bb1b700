// Errors as the HTTP API answers them: a status and `{code, message, expected, found, remedy}`. What
// nobody foresaw is answered without its text, which may hold data; the log has it.
import { ConfigError, errorCode, MillraceError } from '../errors.ts'

export interface ApiErrorBody {
  readonly code: string
  readonly message: string
  readonly expected: string | null
  readonly found: string | null
  readonly remedy: string | null
}

export interface ApiFailure {
  readonly status: number
  readonly body: ApiErrorBody
}

/** Codes that are not answered with 400. */
const STATUSES: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 401,
  HOST_REFUSED: 403,
  VIEW_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
}

/** Faults of requests that fastify finds by itself. */
const FOUND_BY_FASTIFY: Readonly<Record<string, { code: string; remedy: string }>> = {
  FST_ERR_VALIDATION: {
    code: 'REQUEST_INVALID',
    remedy: 'See GET /openapi.json for what is taken.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'BODY_TOO_LARGE', remedy: 'Ask for fewer keys at once.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'MEDIA_TYPE',
    remedy: 'Send JSON with content-type: application/json.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'BODY_EMPTY', remedy: 'Send {"keys": […]}.' },
  FST_ERR_BAD_URL: { code: 'ADDRESS_INVALID', remedy: 'Encode the key as a part of a URL.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'KEY_TOO_LONG', remedy: 'Use POST for long keys.' },
}

export function apiFailure(error: unknown): ApiFailure {
  if (error instanceof ConfigError) {
    return { status: STATUSES[error.code] ?? 400, body: errorBody(error) }
  }
  if (error instanceof MillraceError) {
    const { code } = error
    return { status: 500, body: { ...unforeseen(), code } }
  }
  const status = statusOf(error)
  if (status < 400 || status > 499 || !(error instanceof Error)) {
    return { status: 500, body: unforeseen() }
  }
  const known = FOUND_BY_FASTIFY[errorCode(error)]
  const code = known?.code ?? 'REQUEST_INVALID'
  const remedy = known?.remedy ?? 'See GET /openapi.json for what is taken.'
  return { status, body: { code, message: error.message, expected: null, found: null, remedy } }
}

/** The parts of a named error; its message without the other parts. */
function errorBody(error: MillraceError): ApiErrorBody {
  const { code, expected, found, remedy } = error
  let { message } = error
  if (message.startsWith(`${code}: `)) message = message.slice(code.length + 2)
  for (const rest of [`; expected ${expected}`, `; found ${found}`, `. ${remedy}`]) {
    const at = message.indexOf(rest)
    if (at >= 0) message = message.slice(0, at)
  }
  return {
    code,
    message,
    expected: expected ?? null,
    found: found ?? null,
    remedy: remedy ?? null,
  }
}

function statusOf(error: unknown): number {
  if (typeof error === 'object' && error !== null && 'statusCode' in error) {
    return Number(error.statusCode)
  }
  return 500
}

function unforeseen(): ApiErrorBody {
  return {
    code: 'INTERNAL',
    message: 'the request could not be answered',
    expected: null,
    found: null,
    remedy: 'See the log of the process.',
  }
}
