// PartitionFetcher: keeps the queues of one topic filled. One request at a time to each broker asks
// for all of its partitions that have room, and waits there for records; a full queue is left out. A
// failure marks the partitions concerned: their leaders are asked for again, after a pause that grows,
// until records come or the queue gives up. It decides about no offset by itself.
import type { Clock } from '../../../engine/clock.ts'
import { brokerError, ErrorCode } from '../protocol/error-code.ts'
import { type FetchedPartition, type FetchResponse, fetchRequest } from '../protocol/fetch.ts'
import type { KafkaTransport } from '../transport/kafka-transport.ts'
import type { Outcome } from '../transport/outcome.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { describeFailure, outOfRange, refusedPartition } from './source-error.ts'
import {
  ANSWER_TIMEOUT_MS,
  FETCH_RESPONSE_BYTES,
  POLL_WAIT_MS,
  RETRY_PAUSE_MS,
  SHARED_WAIT_MS,
} from './source-limits.ts'
import { rangeOf } from './topic-ranges.ts'

export type Isolation = 'read_committed' | 'read_uncommitted'

export interface FetcherOptions {
  readonly transport: KafkaTransport
  readonly topic: string
  readonly isolation: Isolation
  readonly clock: Clock
  /** Bytes of one partition in one response. */
  readonly fetchBytes: number
}

/** A partition as it was asked for. */
interface Asked {
  readonly queue: PartitionQueue
  readonly offset: number
}

interface BrokerQueues {
  readonly wanting: PartitionQueue[]
  /** All that are open, with those that have no room. */
  open: number
}

export class PartitionFetcher {
  readonly #options: FetcherOptions
  readonly #queues = new Set<PartitionQueue>()
  /** Brokers that work on a request of ours. */
  readonly #busy = new Set<number>()
  #isWoken = false
  #isRecovering = false
  #isClosed = false
  #pauseMs: number = RETRY_PAUSE_MS.first

  constructor(options: FetcherOptions) {
    this.#options = options
  }

  add(queue: PartitionQueue): void {
    this.#queues.add(queue)
    this.wake()
  }

  remove(queue: PartitionQueue): void {
    queue.close()
    this.#queues.delete(queue)
  }

  /** Looks soon for queues that have room. */
  wake(): void {
    if (this.#isWoken || this.#isClosed) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#fill()
    })
  }

  close(): void {
    this.#isClosed = true
    for (const queue of this.#queues) queue.close()
    this.#queues.clear()
  }

  #fill(): void {
    if (this.#isClosed) return
    for (const [broker, { wanting, open }] of this.#byBroker()) {
      if (wanting.length > 0) void this.#fetch(broker, wanting, wanting.length === open)
    }
    if ([...this.#queues].some((queue) => isStale(queue))) void this.#recover()
  }

  /** Brokers that are free, with their queues; queues without a leader become stale. */
  #byBroker(): Map<number, BrokerQueues> {
    const { transport, topic, clock } = this.#options
    const groups = new Map<number, BrokerQueues>()
    for (const queue of this.#queues) {
      if (!queue.isOpen) continue
      const broker = transport.leaderOf(topic, queue.partition)?.broker
      if (broker === undefined) {
        if (queue.isWanting) queue.trouble(clock.elapsedMs(), 'no leader')
        continue
      }
      if (this.#busy.has(broker)) continue
      const group = groups.get(broker) ?? { wanting: [], open: 0 }
      groups.set(broker, group)
      group.open++
      if (queue.isWanting) group.wanting.push(queue)
    }
    return groups
  }

  async #fetch(broker: number, wanting: PartitionQueue[], isWhole: boolean): Promise<void> {
    // The first partition of a request is given a batch however large: each has its turn.
    const asked = [
      ...wanting.filter(({ isStarved }) => isStarved),
      ...wanting.filter(({ isStarved }) => !isStarved),
    ].map((queue) => ({ queue, offset: queue.fetchOffset }))
    for (const { queue } of asked) queue.state = 'asked'
    this.#busy.add(broker)
    const outcome = await this.#send(broker, asked, isWhole ? POLL_WAIT_MS : SHARED_WAIT_MS)
    this.#busy.delete(broker)
    if (this.#isClosed) return
    if (outcome.kind === 'answered') this.#take(asked, outcome.response)
    else this.#failAll(asked, describeFailure(outcome))
    // Those that answered last stand behind those that did not.
    for (const { queue } of asked) if (this.#queues.delete(queue)) this.#queues.add(queue)
    this.wake()
  }

  #send(broker: number, asked: readonly Asked[], waitMs: number): Promise<Outcome<FetchResponse>> {
    const { transport, topic, isolation, fetchBytes } = this.#options
    const partitions = asked.map(({ queue, offset }) => {
      const { partition } = queue
      const epoch = transport.leaderOf(topic, partition)?.epoch
      const place = { partition, offset, bytesMax: fetchBytes }
      return epoch === undefined ? place : { ...place, leaderEpoch: epoch }
    })
    const request = fetchRequest({
      topics: [{ topic, partitions }],
      waitMs,
      bytesMin: 1,
      bytesMax: FETCH_RESPONSE_BYTES,
      isolation,
    })
    return transport.send({ kind: 'broker', broker }, request, waitMs + ANSWER_TIMEOUT_MS)
  }

  #take(asked: readonly Asked[], { partitions }: FetchResponse): void {
    for (const { queue, offset } of asked) {
      const answer = partitions.find(({ partition }) => partition === queue.partition)
      if (queue.state === 'closed') continue
      if (answer === undefined) this.#failAll([{ queue, offset }], 'an answer without it')
      else if (answer.errorCode === ErrorCode.none) this.#accept(queue, offset, answer)
      else this.#refuse(queue, offset, answer.errorCode)
    }
  }

  #accept(queue: PartitionQueue, offset: number, answer: FetchedPartition): void {
    this.#pauseMs = RETRY_PAUSE_MS.first
    queue.accept(offset, answer)
  }

  #refuse(queue: PartitionQueue, offset: number, code: number): void {
    const error = brokerError(code)
    if (code === ErrorCode.offsetOutOfRange) void this.#checkRange(queue, offset)
    else if (error.isPassing) queue.trouble(this.#options.clock.elapsedMs(), error.name)
    else queue.fail(refusedPartition(queue.name, error))
  }

  #failAll(asked: readonly Asked[], found: string): void {
    const nowMs = this.#options.clock.elapsedMs()
    for (const { queue } of asked) queue.trouble(nowMs, found)
  }

  /** The broker says that it has no such offset: names the range, or tries again if it is inside. */
  async #checkRange(queue: PartitionQueue, offset: number): Promise<void> {
    const { transport, topic, clock } = this.#options
    const range = await rangeOf(transport, topic, queue.partition, ANSWER_TIMEOUT_MS)
    if (this.#isClosed || queue.state === 'closed') return
    if (offset !== queue.fetchOffset) queue.state = 'idle'
    else if (range.kind !== 'answered') queue.trouble(clock.elapsedMs(), describeFailure(range))
    else if (offset < range.response.earliest || offset > range.response.latest) {
      queue.fail(outOfRange(queue.name, range.response, offset))
    } else queue.trouble(clock.elapsedMs(), 'OFFSET_OUT_OF_RANGE')
    this.wake()
  }

  /** Asks for the leaders of stale partitions until all have one. */
  async #recover(): Promise<void> {
    if (this.#isRecovering) return
    this.#isRecovering = true
    const { transport, topic, clock } = this.#options
    while (!this.#isClosed && [...this.#queues].some(isStale)) {
      await clock.delay(this.#pauseMs)
      this.#pauseMs = Math.min(this.#pauseMs * 2, RETRY_PAUSE_MS.max)
      if (this.#isClosed) break
      const outcome = await transport.refresh([topic], ANSWER_TIMEOUT_MS)
      for (const queue of this.#queues) {
        if (!isStale(queue)) continue
        const isLed = transport.leaderOf(topic, queue.partition) !== undefined
        if (outcome.kind !== 'answered') {
          queue.trouble(clock.elapsedMs(), describeFailure(outcome))
        } else if (isLed) queue.state = 'idle'
        else queue.trouble(clock.elapsedMs(), 'no leader')
      }
    }
    this.#isRecovering = false
    this.wake()
  }
}

function isStale(queue: PartitionQueue): boolean {
  return queue.state === 'stale' && queue.isOpen
}
