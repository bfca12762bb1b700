// What can be wrong with a topic that is read: by what helps, a person or another try.
import { ConfigError, type MillraceError, RetryableError } from '../../../engine/errors.ts'
import type { BrokerError } from '../protocol/error-code.ts'
import { type Failure, failureError, nameOf } from '../transport/outcome.ts'

/** Offsets that a partition holds: from `earliest` up to, not including, `latest`. */
export interface OffsetRange {
  readonly earliest: number
  readonly latest: number
}

export function unknownTopic(topic: string, found: string): ConfigError {
  return new ConfigError({
    code: 'TOPIC_UNKNOWN',
    message: `topic "${topic}" can not be read`,
    expected: 'a topic of the cluster',
    found,
    remedy: 'Check its name and the brokers, or create it.',
  })
}

export function noLeader(topic: string, partitions: readonly number[]): RetryableError {
  return new RetryableError({
    code: 'KAFKA_NO_LEADER',
    message: `topic "${topic}" has partitions that no broker leads at the moment`,
    expected: 'a leader of every partition',
    found: `none of ${partitions.join(', ')}`,
    remedy: 'It is tried again; start the brokers that hold them.',
  })
}

/** A failed request while a source is opened; what time does not cure is for a person. */
export function cannotOpen(topic: string, failure: Failure): MillraceError {
  const { code, message, remedy } = failureError(failure)
  const isPassing =
    failure.kind === 'refused'
      ? failure.error.isPassing
      : failure.reason !== 'denied' && failure.reason !== 'unsupported-version'
  const detail = {
    code,
    message: `topic "${topic}" can not be opened`,
    expected: 'an answer of a broker',
    found: message,
    ...(remedy === undefined ? {} : { remedy }),
  }
  return isPassing ? new RetryableError(detail) : new ConfigError(detail)
}

export function outOfRange(
  partition: string,
  { earliest, latest }: OffsetRange,
  offset: number,
): ConfigError {
  return new ConfigError({
    code: 'OFFSET_OUT_OF_RANGE',
    message: `${partition} does not hold this offset`,
    expected: `${earliest} to ${latest}`,
    found: `${offset}`,
    remedy:
      offset < earliest
        ? 'Retention removed the records. Start from the earliest offset, which skips them.'
        : 'The topic is not the one that was read before, or it lost records.',
  })
}

/** The broker refuses a partition for a reason that does not pass. */
export function refusedPartition(partition: string, { name }: BrokerError): ConfigError {
  return new ConfigError({
    code: `KAFKA_${name}`,
    message: `the broker refuses to give records of ${partition}`,
    expected: 'records',
    found: name,
    remedy: 'Check the rights of the user on the topic, and what the broker logged.',
  })
}

/** Tries went on for as long as they may. */
export function gaveUp(partition: string, retryMs: number, found: string): RetryableError {
  return new RetryableError({
    code: 'KAFKA_UNREADABLE',
    message: `${partition} could not be read for ${retryMs} ms`,
    expected: 'records of its leader',
    found,
    remedy: 'The job is started again; check that the brokers run and can be reached.',
  })
}

export function otherCluster(topic: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'INPUT_CHANGED',
    message: `topic "${topic}" is not the one that was read before`,
    expected: `the cluster ${expected}`,
    found: found === '' ? 'a cluster without an id' : `the cluster ${found}`,
    remedy: 'Name the brokers that were read before, or start afresh with --fresh.',
  })
}

export function describeFailure(failure: Failure): string {
  return `${failure.detail} (${nameOf(failure)})`
}
