// The bounds of connections to brokers.
import { assert } from '../../../engine/errors.ts'
import { RECORD_BYTES_MAX } from '../../../engine/limits.ts'

/** Requests of one connection that wait for their answers; brokers keep order up to five. */
export const IN_FLIGHT_MAX = 5
/** Requests that wait for one connection, in flight or not yet. */
export const REQUESTS_WAITING_MAX = 256
/** Bytes of all requests that wait for one connection. */
export const REQUEST_BYTES_WAITING_MAX = 64 * 1024 * 1024
/** Bytes of one response; a fetch asks for less, but a single large batch comes whole. */
export const RESPONSE_BYTES_MAX = 64 * 1024 * 1024
/** Bytes of one response before the login is done. */
export const LOGIN_BYTES_MAX = 1024 * 1024
/** Milliseconds for opening a connection, with TLS and authentication. */
export const CONNECT_TIMEOUT_MS = 5000
/** Milliseconds without a request after which a connection is opened again: brokers close at ten minutes. */
export const IDLE_MS_MAX = 4 * 60_000
/** Milliseconds between two looks at deadlines. */
export const DEADLINE_TICK_MS = 10
/** The part of an authenticated session's life after which it is begun anew. */
export const SESSION_USED_MAX = 0.85

assert(RECORD_BYTES_MAX < RESPONSE_BYTES_MAX, 'a response holds the longest record')
assert(RECORD_BYTES_MAX < REQUEST_BYTES_WAITING_MAX, 'a request holds the longest record')
