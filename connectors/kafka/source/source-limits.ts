// The bounds of reading topics.
import { assert } from '../../../engine/errors.ts'
import { RESPONSE_BYTES_MAX } from '../transport/transport-limits.ts'

/** Bytes of one partition in one response; a larger batch at its beginning comes whole. */
export const FETCH_BYTES = 1024 * 1024
/** Bytes of one response. */
export const FETCH_RESPONSE_BYTES = 16 * 1024 * 1024
/** A partition with so many fetched bytes that were not decoded is not fetched. */
export const BUFFER_BYTES_MAX = 2 * 1024 * 1024
/** Milliseconds a broker waits for records when all its partitions are asked for. */
export const POLL_WAIT_MS = 250
/** The same when some partitions are left out of the request: they must not wait long for theirs. */
export const SHARED_WAIT_MS = 5
/** Milliseconds for an answer, beyond what the broker was asked to wait. */
export const ANSWER_TIMEOUT_MS = 10_000
/** Milliseconds of trouble with a partition after which the reader gives up. */
export const RETRY_MS = 60_000
/** Milliseconds between two tries. */
export const RETRY_PAUSE_MS = { first: 20, max: 1000 } as const
/** How often bytes that arrive damaged are fetched again in a row. */
export const DAMAGED_FETCHES_MAX = 3
/** Milliseconds that `ready` takes at the most. */
export const READY_MS = 4

assert(FETCH_BYTES <= BUFFER_BYTES_MAX, 'a buffer takes a response')
assert(FETCH_RESPONSE_BYTES < RESPONSE_BYTES_MAX, 'the transport takes a response')
