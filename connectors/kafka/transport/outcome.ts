// Outcome: what became of a request. Law: there is nothing between these cases, and no case hides a
// second try: `unsent` and `refused` are known not to have happened, `unknown` may have happened.
import { type MillraceError, RetryableError } from '../../../engine/errors.ts'
import type { BrokerError } from '../protocol/error-code.ts'

/**
 * Why a request never left: nobody listens or the address is unknown, TLS or the login failed, the
 * broker lacks the version, too much waits already, nobody leads or coordinates, it waited past its
 * deadline, another request of the connection failed before it, the transport was closed.
 */
export type UnsentReason =
  | 'unreachable'
  | 'denied'
  | 'unsupported-version'
  | 'queue-full'
  | 'no-broker'
  | 'deadline'
  | 'connection-lost'
  | 'closed'

/**
 * Why nobody knows whether a request was carried out: the connection ended, or the deadline passed,
 * between the request and its answer; or the answer makes no sense.
 */
export type UnknownReason = 'connection-lost' | 'timed-out' | 'garbled'

export type Outcome<Response> =
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'refused'; readonly error: BrokerError; readonly detail: string }
  | { readonly kind: 'unsent'; readonly reason: UnsentReason; readonly detail: string }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason; readonly detail: string }

export type Failure = Exclude<Outcome<never>, { readonly kind: 'answered' }>

/** One word for metrics and decisions: `NOT_COORDINATOR`, `timed-out`, `answered`. */
export function nameOf(outcome: Outcome<unknown>): string {
  if (outcome.kind === 'answered') return 'answered'
  return outcome.kind === 'refused' ? outcome.error.name : outcome.reason
}

/** The response, for callers whose reaction to every failure is to recover. @throws MillraceError */
export function responseOf<Response>(outcome: Outcome<Response>): Response {
  if (outcome.kind === 'answered') return outcome.response
  throw failureError(outcome)
}

/** A failure as an error: `KAFKA_NOT_COORDINATOR`, `KAFKA_TIMED_OUT`. */
export function failureError(failure: Failure): MillraceError {
  const name = nameOf(failure).replaceAll('-', '_').toUpperCase()
  return new RetryableError({
    code: `KAFKA_${name}`,
    message: failure.detail,
    remedy: remedyOf(failure),
  })
}

function remedyOf(failure: Failure): string {
  if (failure.kind === 'refused') {
    return failure.error.isPassing ? 'It is tried again.' : 'See what the broker logged.'
  }
  if (failure.reason === 'denied') return 'Check the certificates and the credentials.'
  if (failure.reason === 'unsupported-version') return 'Use brokers of version 2.4 or later.'
  if (failure.reason === 'unreachable') return 'Check the addresses, and that the brokers run.'
  return 'It is tried again.'
}
