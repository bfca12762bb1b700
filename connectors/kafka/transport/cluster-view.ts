// ClusterView: what is known of a cluster: addresses of brokers, leaders of partitions, coordinators.
// Only answers change it; it never asks.
import type { CoordinatorKind } from '../protocol/find-coordinator.ts'
import type { BrokerNode, MetadataResponse, PartitionNode } from '../protocol/metadata.ts'
import type { BrokerAddress } from './kafka-settings.ts'
import type { Leader } from './kafka-transport.ts'

export class ClusterView {
  readonly #brokers = new Map<number, BrokerNode>()
  readonly #leaders = new Map<string, ReadonlyMap<number, Leader>>()
  readonly #coordinators = new Map<string, number>()
  controller: number | undefined

  get brokers(): readonly BrokerNode[] {
    return [...this.#brokers.values()]
  }

  /** Takes over an answer: the brokers as a whole, the topics that it names. */
  learn({ brokers, controller, topics }: MetadataResponse): void {
    this.#brokers.clear()
    for (const broker of brokers) this.#brokers.set(broker.id, broker)
    this.controller = controller === -1 ? undefined : controller
    for (const { topic, errorCode, partitions } of topics) {
      if (errorCode === 0) this.#leaders.set(topic, leadersOf(partitions))
      else this.#leaders.delete(topic)
    }
  }

  addressOf(broker: number): BrokerAddress | undefined {
    return this.#brokers.get(broker)
  }

  leaderOf(topic: string, partition: number): Leader | undefined {
    return this.#leaders.get(topic)?.get(partition)
  }

  coordinatorOf(kind: CoordinatorKind, id: string): number | undefined {
    return this.#coordinators.get(`${kind} ${id}`)
  }

  learnCoordinator(kind: CoordinatorKind, id: string, broker: BrokerNode): void {
    this.#brokers.set(broker.id, broker)
    this.#coordinators.set(`${kind} ${id}`, broker.id)
  }

  forgetCoordinator(kind: CoordinatorKind, id: string): void {
    this.#coordinators.delete(`${kind} ${id}`)
  }

  forgetLeader(topic: string): void {
    this.#leaders.delete(topic)
  }
}

function leadersOf(partitions: readonly PartitionNode[]): ReadonlyMap<number, Leader> {
  const leaders = new Map<number, Leader>()
  for (const { partition, leader, leaderEpoch } of partitions) {
    if (leader !== -1) leaders.set(partition, { broker: leader, epoch: leaderEpoch })
  }
  return leaders
}
