// Offsets of the partitions of a topic by earliest, latest or a time: one request to each leader.
import {
  type ListedPartition,
  listOffsetsRequest,
  type OffsetQuery,
} from '../protocol/list-offsets.ts'
import type { KafkaTransport } from './kafka-transport.ts'
import type { Outcome } from './outcome.ts'

/** What is asked of one partition. */
export interface OffsetQuestion {
  readonly partition: number
  readonly at: OffsetQuery
}

/**
 * Each partition's answer, with its own error code, in the order asked. Fails as a whole when a leader
 * cannot be asked. With read_committed, `latest` is the last stable offset.
 */
export async function listOffsets(
  transport: KafkaTransport,
  topic: string,
  questions: readonly OffsetQuestion[],
  isolation: 'read_committed' | 'read_uncommitted',
  timeoutMs: number,
): Promise<Outcome<readonly ListedPartition[]>> {
  const isKnown = questions.every(({ partition }) => transport.leaderOf(topic, partition))
  if (!isKnown) {
    const refreshed = await transport.refresh([topic], timeoutMs)
    if (refreshed.kind !== 'answered') return refreshed
  }
  const groups = new Map<number | undefined, OffsetQuestion[]>()
  for (const question of questions) {
    const broker = transport.leaderOf(topic, question.partition)?.broker
    const group = groups.get(broker)
    if (group === undefined) groups.set(broker, [question])
    else group.push(question)
  }
  const outcomes = await Promise.all(
    Array.from(groups, ([broker, partitions]) =>
      transport.send(
        broker === undefined ? { kind: 'any' } : { kind: 'broker', broker },
        listOffsetsRequest({ topics: [{ topic, partitions }], isolation }),
        timeoutMs,
      ),
    ),
  )
  const listed = new Map<number, ListedPartition>()
  for (const outcome of outcomes) {
    if (outcome.kind !== 'answered') return outcome
    for (const found of outcome.response.partitions) listed.set(found.partition, found)
  }
  const response = questions.flatMap(({ partition }) => listed.get(partition) ?? [])
  return { kind: 'answered', response }
}
