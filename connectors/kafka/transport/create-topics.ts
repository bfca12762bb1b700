// Makes topics and waits until they can be used: a broker answers "created" before the leaders of the
// partitions serve, and whoever is quick meets NOT_LEADER_OR_FOLLOWER there.
import type { Clock } from '../../../engine/clock.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { createTopicsRequest, type NewTopic, type TopicResult } from '../protocol/topic-requests.ts'
import type { KafkaTransport } from './kafka-transport.ts'
import type { Outcome } from './outcome.ts'
import { listOffsets } from './topic-offsets.ts'

const PAUSE_MS = { first: 5, max: 200 } as const

/** How to create, and until when: `timeoutMs` for all of it. */
export interface CreateTopicsOptions {
  readonly clock: Clock
  readonly timeoutMs: number
}

/**
 * One result a topic, in the order given; a topic that exists already is a result with
 * TOPIC_ALREADY_EXISTS and is waited for too. When the time is over before all partitions serve, the
 * outcome is the last of what was in the way, or `timed-out`.
 */
export async function createTopics(
  transport: KafkaTransport,
  topics: readonly NewTopic[],
  { clock, timeoutMs }: CreateTopicsOptions,
): Promise<Outcome<readonly TopicResult[]>> {
  const deadlineMs = clock.elapsedMs() + timeoutMs
  const request = createTopicsRequest(topics, timeoutMs)
  const outcome = await transport.send({ kind: 'controller' }, request, timeoutMs)
  if (outcome.kind !== 'answered') return outcome
  const results = outcome.response.topics
  for (const { topic, errorCode } of results) {
    const exists = errorCode === 0 || errorCode === ErrorCode.topicAlreadyExists
    if (!exists) continue
    const served = await untilServed(transport, topic, clock, deadlineMs)
    if (served.kind !== 'answered') return served
  }
  return { kind: 'answered', response: results }
}

async function untilServed(
  transport: KafkaTransport,
  topic: string,
  clock: Clock,
  deadlineMs: number,
): Promise<Outcome<void>> {
  let last: Outcome<void> = timedOut(topic)
  for (let pauseMs: number = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS.max)) {
    const remainingMs = deadlineMs - clock.elapsedMs()
    if (remainingMs <= 0) return last
    last = await isServed(transport, topic, remainingMs)
    if (last.kind === 'answered') return last
    await clock.delay(Math.min(pauseMs, remainingMs))
  }
}

/** Each partition has a leader that answers for it. */
async function isServed(
  transport: KafkaTransport,
  topic: string,
  timeoutMs: number,
): Promise<Outcome<void>> {
  const refreshed = await transport.refresh([topic], timeoutMs)
  if (refreshed.kind !== 'answered') return refreshed
  const partitions = refreshed.response.topics.flatMap((found) => found.partitions)
  const questions = partitions.map(({ partition }) => ({ partition, at: 'earliest' as const }))
  if (questions.length === 0) return timedOut(topic)
  const listed = await listOffsets(transport, topic, questions, 'read_uncommitted', timeoutMs)
  if (listed.kind !== 'answered') return listed
  const isWhole = listed.response.length === questions.length
  if (isWhole && listed.response.every(({ errorCode }) => errorCode === 0)) {
    return { kind: 'answered', response: undefined }
  }
  return timedOut(topic)
}

function timedOut(topic: string): Outcome<void> {
  const detail = `topic "${topic}" has partitions that nobody serves yet`
  return { kind: 'unknown', reason: 'timed-out', detail }
}
