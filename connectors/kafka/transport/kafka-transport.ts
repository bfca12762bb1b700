// KafkaTransport: requests to the brokers of one cluster. It finds the broker and keeps connections;
// it repeats nothing that may have happened, and waits for nothing past the deadline it was given.
import type { CoordinatorKind } from '../protocol/find-coordinator.ts'
import type { KafkaRequest } from '../protocol/kafka-request.ts'
import type { BrokerNode, MetadataResponse } from '../protocol/metadata.ts'
import type { Outcome } from './outcome.ts'

/** To whom a request goes. */
export type Target =
  | { readonly kind: 'any' }
  | { readonly kind: 'broker'; readonly broker: number }
  | { readonly kind: 'controller' }
  | { readonly kind: 'coordinator'; readonly of: CoordinatorKind; readonly id: string }
  | { readonly kind: 'leader'; readonly topic: string; readonly partition: number }

/** The leader of a partition, as of the last metadata. */
export interface Leader {
  readonly broker: number
  readonly epoch: number
}

export interface KafkaTransport {
  /**
   * One outcome within `timeoutMs` (and a few milliseconds). The request is encoded at once when its
   * broker is known, and at the latest before the outcome: what it names is not changed before.
   * Requests of one lane to one broker that is known keep the order of the calls.
   */
  send<Response>(
    target: Target,
    request: KafkaRequest<Response>,
    timeoutMs: number,
  ): Promise<Outcome<Response>>
  /** Asks for topics and remembers their leaders; `undefined` asks for all topics. */
  refresh(
    topics: readonly string[] | undefined,
    timeoutMs: number,
  ): Promise<Outcome<MetadataResponse>>
  /** From what was asked last; undefined: not known, or nobody leads. */
  leaderOf(topic: string, partition: number): Leader | undefined
  /** From what was asked last. */
  readonly brokers: readonly BrokerNode[]
  /** Ends all connections; what is in flight is unknown. */
  close(): void
}
