// TransactionSteps: the requests of a transaction one by one, each repeated while the coordinator asks
// for patience, for tests of single steps.
import { ErrorCode } from '../../../connectors/kafka/protocol/error-code.ts'
import { initProducerIdRequest } from '../../../connectors/kafka/protocol/init-producer-id.ts'
import { offsetFetchRequest } from '../../../connectors/kafka/protocol/offset-fetch.ts'
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  endTxnRequest,
  type TransactionOwner,
  txnOffsetCommitRequest,
} from '../../../connectors/kafka/protocol/transaction-requests.ts'
import type { KafkaTransport } from '../../../connectors/kafka/transport/kafka-transport.ts'
import { type Outcome, responseOf } from '../../../connectors/kafka/transport/outcome.ts'
import { systemClock } from '../../../engine/clock.ts'
import { TIMEOUT_MS } from './topic-values.ts'

const comingCodes = new Set<number>([
  ErrorCode.coordinatorNotAvailable,
  ErrorCode.coordinatorLoading,
  ErrorCode.notCoordinator,
])

function coordinatorOf(owner: { readonly transactionalId: string }) {
  return { kind: 'coordinator', of: 'transaction', id: owner.transactionalId } as const
}

export class TransactionSteps {
  readonly #transport: KafkaTransport

  constructor(transport: KafkaTransport) {
    this.#transport = transport
  }

  /** Asks until the coordinator is done with the transaction before. */
  async #settled<Response>(ask: () => Promise<Outcome<Response>>): Promise<Response> {
    for (;;) {
      const outcome = await ask()
      const isWaiting =
        outcome.kind === 'refused' ? outcome.error.isPassing : outcome.kind === 'unsent'
      if (!isWaiting) return responseOf(outcome)
      await systemClock.delay(20)
    }
  }

  async begin(transactionalId: string): Promise<TransactionOwner> {
    const request = initProducerIdRequest({ transactionalId, transactionTimeoutMs: 30_000 })
    const { producerId, producerEpoch } = await this.#settled(() =>
      this.#transport.send(coordinatorOf({ transactionalId }), request, TIMEOUT_MS),
    )
    return { transactionalId, producerId, producerEpoch }
  }

  add(owner: TransactionOwner, topic: string) {
    return this.#settled(() => this.tryAdd(owner, [topic]))
  }

  /** Once, whatever becomes of it. */
  tryAdd(owner: TransactionOwner, topics: readonly string[]) {
    const partitions = topics.map((topic) => ({ topic, partitions: [0] }))
    const request = addPartitionsToTxnRequest(owner, partitions)
    return this.#transport.send(coordinatorOf(owner), request, TIMEOUT_MS)
  }

  end(owner: TransactionOwner, how: 'commit' | 'abort') {
    return this.#transport.send(coordinatorOf(owner), endTxnRequest(owner, how), TIMEOUT_MS)
  }

  /** The first group of a cluster waits for the topic of offsets to be made. */
  async #groupAnswer<Response>(ask: () => Promise<Outcome<Response>>) {
    for (;;) {
      const outcome = await ask()
      const isComing = outcome.kind === 'refused' && comingCodes.has(outcome.error.code)
      if (!isComing) return outcome
      await systemClock.delay(20)
    }
  }

  async offsetCommit(owner: TransactionOwner, topic: string, metadata: string) {
    const group = owner.transactionalId
    const adding = addOffsetsToTxnRequest(owner, group)
    await this.#settled(() => this.#transport.send(coordinatorOf(owner), adding, TIMEOUT_MS))
    const offsets = [{ topic, partitions: [{ partition: 0, offset: 42, metadata }] }]
    const target = { kind: 'coordinator', of: 'group', id: group } as const
    const request = txnOffsetCommitRequest(owner, group, offsets)
    return this.#groupAnswer(() => this.#transport.send(target, request, TIMEOUT_MS))
  }

  offsetFetch(group: string, topic: string) {
    const target = { kind: 'coordinator', of: 'group', id: group } as const
    const request = offsetFetchRequest(group, [{ topic, partitions: [0] }])
    return this.#transport.send(target, request, TIMEOUT_MS)
  }
}
