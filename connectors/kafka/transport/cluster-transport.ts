// ClusterTransport: KafkaTransport over one BrokerLink a broker and lane. Looking up a leader or a
// coordinator is a request like any other: when it fails, the request that needs it was not sent.
import type { Clock } from '../../../engine/clock.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { findCoordinatorRequest } from '../protocol/find-coordinator.ts'
import type { KafkaRequest, Lane } from '../protocol/kafka-request.ts'
import { type BrokerNode, type MetadataResponse, metadataRequest } from '../protocol/metadata.ts'
import { BrokerLink } from './broker-link.ts'
import { ClusterView } from './cluster-view.ts'
import { type BrokerAddress, formatAddress, type KafkaSettings } from './kafka-settings.ts'
import type { KafkaTransport, Leader, Target } from './kafka-transport.ts'
import { type Failure, nameOf, type Outcome } from './outcome.ts'

type Found = { readonly kind: 'found'; readonly address: BrokerAddress } | Failure

/** @example const transport = kafkaTransport({ brokers, clientId: 'fraud' }, systemClock) */
export function kafkaTransport(settings: KafkaSettings, clock: Clock): KafkaTransport {
  return new ClusterTransport(settings, clock)
}

class ClusterTransport implements KafkaTransport {
  readonly #settings: KafkaSettings
  readonly #clock: Clock
  readonly #links = new Map<string, BrokerLink>()
  readonly #view = new ClusterView()
  /** Where the next request to any broker begins: a broker that fails is not asked first again. */
  #turn = 0
  #isClosed = false

  constructor(settings: KafkaSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  get brokers(): readonly BrokerNode[] {
    return this.#view.brokers
  }

  leaderOf(topic: string, partition: number): Leader | undefined {
    return this.#view.leaderOf(topic, partition)
  }

  async send<Response>(
    target: Target,
    request: KafkaRequest<Response>,
    timeoutMs: number,
  ): Promise<Outcome<Response>> {
    if (this.#isClosed) return unsent('closed', `${request.api.name}: the transport was closed`)
    if (target.kind === 'any') return this.#sendToAny(request, timeoutMs)
    const address = this.#known(target)
    if (address !== undefined) return this.#sendTo(address, target, request, timeoutMs)
    const deadlineMs = this.#clock.elapsedMs() + timeoutMs
    const found = await this.#find(target, timeoutMs)
    if (found.kind !== 'found') return notSent(request, found)
    const remainingMs = deadlineMs - this.#clock.elapsedMs()
    return this.#sendTo(found.address, target, request, remainingMs)
  }

  async refresh(
    topics: readonly string[] | undefined,
    timeoutMs: number,
  ): Promise<Outcome<MetadataResponse>> {
    const outcome = await this.#sendToAny(metadataRequest(topics), timeoutMs)
    if (outcome.kind === 'answered') this.#learn(outcome.response)
    return outcome
  }

  close(): void {
    this.#isClosed = true
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }

  /** An answer; what it shows to be out of date is forgotten, so that the next request asks again. */
  async #sendTo<Response>(
    address: BrokerAddress,
    target: Target,
    request: KafkaRequest<Response>,
    timeoutMs: number,
  ): Promise<Outcome<Response>> {
    const outcome = await this.#link(address, request.api.lane).send(request, timeoutMs)
    if (target.kind === 'coordinator' && isElsewhere(outcome)) {
      this.#view.forgetCoordinator(target.of, target.id)
    }
    if (target.kind === 'leader' && outcome.kind !== 'answered') {
      this.#view.forgetLeader(target.topic)
    }
    if (target.kind === 'controller' && outcome.kind !== 'answered') {
      this.#view.controller = undefined
    }
    return outcome
  }

  /** Brokers in turn, until one can be asked at all: a request that left is not repeated. */
  async #sendToAny<Response>(
    request: KafkaRequest<Response>,
    timeoutMs: number,
  ): Promise<Outcome<Response>> {
    const deadlineMs = this.#clock.elapsedMs() + timeoutMs
    const addresses = this.#addresses()
    let last: Outcome<Response> = unsent('no-broker', `${request.api.name}: no address is known`)
    const first = this.#turn
    for (let i = 0; i < addresses.length; i++) {
      const remainingMs = deadlineMs - this.#clock.elapsedMs()
      const address = addresses[(first + i) % addresses.length]
      if (this.#isClosed) return unsent('closed', `${request.api.name}: the transport was closed`)
      if (address === undefined || remainingMs <= 0) break
      // The last address may use up the time; one before it leaves some for the others.
      const shareMs = remainingMs / Math.min(addresses.length - i, 3)
      last = await this.#link(address, request.api.lane).send(request, shareMs)
      const isAnswer = last.kind === 'answered' || last.kind === 'refused'
      this.#turn = first + i + (isAnswer ? 0 : 1)
      if (last.kind !== 'unsent') break
    }
    return last
  }

  /** Known brokers first, then those of the settings. */
  #addresses(): BrokerAddress[] {
    const all = new Map<string, BrokerAddress>()
    for (const address of [...this.#view.brokers, ...this.#settings.brokers]) {
      all.set(formatAddress(address), address)
    }
    return [...all.values()]
  }

  #known(target: Target): BrokerAddress | undefined {
    const broker = this.#brokerOf(target)
    return broker === undefined ? undefined : this.#view.addressOf(broker)
  }

  #brokerOf(target: Target): number | undefined {
    switch (target.kind) {
      case 'any':
        return undefined
      case 'broker':
        return target.broker
      case 'controller':
        return this.#view.controller
      case 'coordinator':
        return this.#view.coordinatorOf(target.of, target.id)
      case 'leader':
        return this.#view.leaderOf(target.topic, target.partition)?.broker
    }
  }

  async #find(target: Target, timeoutMs: number): Promise<Found> {
    const outcome = await this.#ask(target, timeoutMs)
    if (outcome.kind !== 'answered') return outcome
    const address = this.#known(target)
    if (address !== undefined) return { kind: 'found', address }
    return unsent('no-broker', `nobody is known for ${JSON.stringify(target)}`)
  }

  async #ask(target: Target, timeoutMs: number): Promise<Outcome<unknown>> {
    if (target.kind !== 'coordinator') {
      return this.refresh(target.kind === 'leader' ? [target.topic] : [], timeoutMs)
    }
    const request = findCoordinatorRequest(target.of, target.id)
    const outcome = await this.#sendToAny(request, timeoutMs)
    if (outcome.kind === 'answered') {
      const { broker, host, port } = outcome.response
      this.#view.learnCoordinator(target.of, target.id, { id: broker, host, port, rack: undefined })
    }
    return outcome
  }

  /** Links to addresses where no broker is any more are closed. */
  #learn(response: MetadataResponse): void {
    this.#view.learn(response)
    const living = new Set(this.#addresses().map(formatAddress))
    for (const [name, link] of this.#links) {
      if (living.has(name.slice(name.indexOf(' ') + 1))) continue
      link.close()
      this.#links.delete(name)
    }
  }

  #link(address: BrokerAddress, lane: Lane): BrokerLink {
    const name = `${lane} ${formatAddress(address)}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link = new BrokerLink(address, this.#settings, this.#clock)
    this.#links.set(name, link)
    return link
  }
}

/** Another broker may be the coordinator by now. */
function isElsewhere(outcome: Outcome<unknown>): boolean {
  if (outcome.kind === 'answered') return false
  if (outcome.kind !== 'refused') return true
  const { code } = outcome.error
  return code === ErrorCode.notCoordinator || code === ErrorCode.coordinatorNotAvailable
}

/** The look-up before a request failed: a refusal keeps its name, for it may need a person. */
function notSent(request: KafkaRequest<unknown>, failure: Failure): Failure {
  const detail = `${request.api.name} was not sent, for ${failure.detail}`
  if (failure.kind === 'refused') return { ...failure, detail }
  const reason = failure.kind === 'unsent' ? failure.reason : 'no-broker'
  return unsent(reason, `${detail} (${nameOf(failure)})`)
}

function unsent(reason: Extract<Failure, { kind: 'unsent' }>['reason'], detail: string): Failure {
  return { kind: 'unsent', reason, detail }
}
