// Who may ask: without a token only this machine, and only under its own names, so that no web page
// can reach the API through a name that it points here. With a token any address may be bound, and
// everything but the two probes wants it.
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { ConfigError } from '../errors.ts'

/** Characters of a token: shorter ones could be guessed. */
const TOKEN_CHARACTERS_MIN = 16
/** Routes that tell nothing and that probes call without a token. */
const OPEN_ROUTES = new Set(['/health', '/ready'])

/** What of a request decides. */
export interface AccessFacts {
  /** Pattern of the route; undefined where none matches. */
  readonly route: string | undefined
  /** The header `host`. */
  readonly host: string | undefined
  /** The header `authorization`. */
  readonly authorization: string | undefined
}

/** @throws ConfigError UNAUTHORIZED, HOST_REFUSED */
export type CheckAccess = (facts: AccessFacts) => void

/** @throws ConfigError TOKEN_NEEDED, TOKEN_SHORT */
export function accessCheck(bindHost: string, token: string | undefined): CheckAccess {
  if (token === undefined || token === '') {
    if (!isLoopback(bindHost)) throw tokenNeeded(bindHost)
    return ({ host }) => {
      if (!isLoopback(hostName(host ?? ''))) throw hostRefused(host)
    }
  }
  if (token.length < TOKEN_CHARACTERS_MIN) throw tokenShort(token.length)
  const expected = digest(token)
  return ({ route, authorization }) => {
    if (route !== undefined && OPEN_ROUTES.has(route)) return
    const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1]
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw unauthorized(authorization === undefined)
    }
  }
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

/** `[::1]:8080`, `localhost:8080`, `127.0.0.1` without brackets and port. */
function hostName(header: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(header)
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase()
}

/** Of equal length for all tokens, so that comparing takes the same time for all. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function tokenNeeded(host: string): ConfigError {
  return new ConfigError({
    code: 'TOKEN_NEEDED',
    message: 'the HTTP API serves other machines only with a token',
    expected: 'a loopback address, or a token',
    found: `host ${host} and no token`,
    remedy: 'Set MILLRACE_TOKEN, or serve on 127.0.0.1.',
  })
}

function tokenShort(length: number): ConfigError {
  return new ConfigError({
    code: 'TOKEN_SHORT',
    message: 'the token of the HTTP API could be guessed',
    expected: `at least ${TOKEN_CHARACTERS_MIN} characters`,
    found: `${length}`,
    remedy: 'Set MILLRACE_TOKEN to a longer one, e.g. from: openssl rand -hex 16.',
  })
}

function hostRefused(host: string | undefined): ConfigError {
  return new ConfigError({
    code: 'HOST_REFUSED',
    message: 'without a token this API answers only to names of this machine',
    expected: 'a host header of localhost, 127.0.0.1 or [::1]',
    found: host === undefined ? 'none' : JSON.stringify(host),
    remedy: 'Use http://127.0.0.1, or set MILLRACE_TOKEN.',
  })
}

function unauthorized(isMissing: boolean): ConfigError {
  return new ConfigError({
    code: 'UNAUTHORIZED',
    message: 'this needs the token of the process',
    expected: 'authorization: Bearer <token>',
    found: isMissing ? 'no authorization' : 'another one',
    remedy: 'Send the value of MILLRACE_TOKEN.',
  })
}
