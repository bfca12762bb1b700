// KafkaRequest: one request of the Kafka protocol in one fixed version, with the reader of its
// response. Pure: it knows no connection.
import type { ProtocolReader } from './protocol-reader.ts'
import type { ProtocolWriter } from './protocol-writer.ts'

/**
 * A broker works on one request of a connection at a time, so what may wait there (a long poll) and
 * what may not (a commit) go over connections of their own.
 */
export type Lane = 'write' | 'fetch' | 'admin'

export interface Api {
  readonly name: string
  readonly key: number
  readonly version: number
  readonly lane: Lane
  /** The version has compact forms and tags in bodies and headers. */
  readonly isFlexible?: boolean
}

export interface KafkaRequest<Response> {
  readonly api: Api
  /** About how many bytes `write` writes: the first size of its buffer. */
  readonly bytesHint: number
  write(writer: ProtocolWriter): void
  /** @throws RetryableError KAFKA_GARBLED */
  read(reader: ProtocolReader): Response
  /**
   * The error code for the request as a whole, 0 when there is none. Where partitions answer one by
   * one and their caller goes on with those that succeeded (Produce, Fetch, ListOffsets), their codes
   * stay in the response.
   */
  refusal(response: Response): number
}

/** Room for the fixed part of requests without records. */
export const SMALL_REQUEST_BYTES = 256

/** Of results one by one, the code of the first that was itself to blame; 0 when all succeeded. */
export function firstError(codes: Iterable<number>): number {
  let first = 0
  for (const code of codes) {
    if (code !== 0 && (first === 0 || first === OPERATION_NOT_ATTEMPTED)) first = code
  }
  return first
}

/** Another item of the same request failed, so this one was left alone. */
const OPERATION_NOT_ATTEMPTED = 55
