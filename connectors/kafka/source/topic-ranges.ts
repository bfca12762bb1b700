// What a source has to know of a topic before it is read: its partitions, where each begins and ends.

import type { MillraceError } from '../../../engine/errors.ts'
import { brokerError, ErrorCode } from '../protocol/error-code.ts'
import type { ListedPartition } from '../protocol/list-offsets.ts'
import type { MetadataResponse, TopicNode } from '../protocol/metadata.ts'
import type { KafkaTransport } from '../transport/kafka-transport.ts'
import type { Failure, Outcome } from '../transport/outcome.ts'
import { listOffsets } from '../transport/topic-offsets.ts'
import {
  cannotOpen,
  noLeader,
  type OffsetRange,
  refusedPartition,
  unknownTopic,
} from './source-error.ts'

type Isolation = 'read_committed' | 'read_uncommitted'

export interface TopicRanges {
  /** '' where the cluster has none. */
  readonly clusterId: string
  /** By partition; `latest` is the last stable offset where committed records are read. */
  readonly partitions: readonly OffsetRange[]
}

/**
 * @throws ConfigError TOPIC_UNKNOWN, KAFKA_DENIED, KAFKA_UNSUPPORTED_VERSION; RetryableError
 *   KAFKA_NO_LEADER, KAFKA_UNREACHABLE and others that may pass
 */
export async function readTopicRanges(
  transport: KafkaTransport,
  topic: string,
  isolation: Isolation,
  timeoutMs: number,
): Promise<TopicRanges> {
  const metadata = await transport.refresh([topic], timeoutMs)
  if (metadata.kind !== 'answered') throw cannotOpen(topic, metadata)
  const count = partitionsOf(topic, metadata.response)
  const numbers = Array.from({ length: count }, (_, partition) => partition)
  const [first, last] = await Promise.all(
    (['earliest', 'latest'] as const).map((at) => {
      const questions = numbers.map((partition) => ({ partition, at }))
      return listOffsets(transport, topic, questions, isolation, timeoutMs)
    }),
  )
  const earliest = offsetsOf(topic, count, first)
  const latest = offsetsOf(topic, count, last)
  return {
    clusterId: metadata.response.clusterId ?? '',
    partitions: earliest.map((offset, partition) => {
      return { earliest: offset, latest: Math.max(offset, latest[partition] ?? offset) }
    }),
  }
}

/** The offsets that a partition has now, committed or not. */
export async function rangeOf(
  transport: KafkaTransport,
  topic: string,
  partition: number,
  timeoutMs: number,
): Promise<Outcome<OffsetRange>> {
  const offsets: number[] = []
  for (const at of ['earliest', 'latest'] as const) {
    const questions = [{ partition, at }]
    const listed = await listOffsets(transport, topic, questions, 'read_uncommitted', timeoutMs)
    if (listed.kind !== 'answered') return listed
    const [found] = listed.response
    if (found?.errorCode !== ErrorCode.none) return notListed(found)
    offsets.push(found.offset)
  }
  const [earliest = 0, latest = 0] = offsets
  return { kind: 'answered', response: { earliest, latest } }
}

function notListed(found: ListedPartition | undefined): Failure {
  const error = brokerError(found?.errorCode ?? ErrorCode.unknownTopicOrPartition)
  return { kind: 'refused', error, detail: `ListOffsets: ${error.name}` }
}

/** The number of partitions, all of which have a leader. */
function partitionsOf(topic: string, { topics }: MetadataResponse): number {
  const node = topics.find((found) => found.topic === topic)
  const fault = faultOf(topic, node)
  if (fault !== undefined) throw fault
  return node?.partitions.length ?? 0
}

function faultOf(topic: string, node: TopicNode | undefined): MillraceError | undefined {
  const error = brokerError(node?.errorCode ?? ErrorCode.unknownTopicOrPartition)
  if (error.code === ErrorCode.unknownTopicOrPartition) return unknownTopic(topic, 'none')
  if (error.code === ErrorCode.leaderNotAvailable) return noLeader(topic, [])
  if (error.code !== ErrorCode.none) return unknownTopic(topic, error.name)
  const leaderless = (node?.partitions ?? []).filter(({ leader }) => leader === -1)
  if (leaderless.length === 0) return undefined
  return noLeader(
    topic,
    leaderless.map(({ partition }) => partition),
  )
}

function offsetsOf(
  topic: string,
  count: number,
  outcome: Outcome<readonly ListedPartition[]> | undefined,
): number[] {
  if (outcome === undefined) return []
  if (outcome.kind !== 'answered') throw cannotOpen(topic, outcome)
  const byPartition = new Map(outcome.response.map((found) => [found.partition, found]))
  return Array.from({ length: count }, (_, partition) => {
    const found = byPartition.get(partition)
    const error = brokerError(found?.errorCode ?? ErrorCode.unknownTopicOrPartition)
    if (found !== undefined && error.code === ErrorCode.none) return found.offset
    if (error.isPassing) throw cannotOpen(topic, notListed(found))
    throw refusedPartition(`${topic}-${partition}`, error)
  })
}
