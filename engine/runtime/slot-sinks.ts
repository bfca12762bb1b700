// The sinks of one slot: one instance per logical sink, dead letters, and the writers of repartition
// topics. Flushes them into an epoch's decision, and delivers what follows a decision afterwards,
// in order, while later epochs run.
import { failpoint, type SlotStore } from '../checkpoint/index.ts'
import { type KeyCodec, keyCodec } from '../codec/index.ts'
import type {
  CommitPermit,
  DecisionSink,
  DecisionStores,
  DecisionWriter,
  FollowerSink,
} from '../connector.ts'
import { assert } from '../errors.ts'
import type { Plan, PlannedSink, Stage } from '../graph/index.ts'
import { UNDELIVERED_EPOCHS_MAX } from '../limits.ts'
import { columnIndex, fieldAt, type Schema } from '../schema/index.ts'
import { DeadLetters, deadLetterSchema } from './dead-letters.ts'
import type { BatchTaker, DecidedReader, Deployment, SinkContext } from './deployment.ts'
import { RepartitionWriter } from './repartition.ts'
import type { SlotSettings } from './slot-settings.ts'
import { Ticks, tickSchema } from './ticks.ts'

/** What an epoch's decision gets from the sinks. */
export interface SinkWork {
  readonly steps: readonly ((stores: DecisionStores) => void)[]
  readonly committables: readonly { readonly sink: string; readonly bytes: Uint8Array }[]
}

interface Delivery {
  readonly sink: string
  readonly bytes: Uint8Array
  readonly permit: CommitPermit
}

export class SlotSinks {
  readonly deadLetters: DeadLetters
  readonly ticks: Ticks
  /** Last epoch of which everything is delivered. */
  deliveredEpoch = 0
  readonly #settings: SlotSettings
  readonly #plan: Plan
  readonly #store: SlotStore
  readonly #decisions = new Map<string, DecisionSink>()
  readonly #followers = new Map<string, FollowerSink>()
  readonly #repartitions = new Map<string, RepartitionWriter>()
  readonly #waiting: Delivery[] = []
  #delivering: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(plan: Plan, deployment: Deployment, store: SlotStore, settings: SlotSettings) {
    this.#plan = plan
    this.#store = store
    this.#settings = settings
    const context = (schema: Schema<unknown>, isChangelog: boolean): SinkContext => ({
      job: plan.job,
      lineage: settings.claim.lineage,
      slot: settings.slot,
      slots: settings.claim.slots,
      term: settings.claim.term,
      continues: settings.claim.accepted.filter((each) => each !== settings.claim.lineage),
      schema,
      isChangelog,
    })
    const deadLetterSink = deployment.ownTopic('dead-letters', context(deadLetterSchema, false))
    const tickSink = deployment.ownTopic('ticks', context(tickSchema, false))
    this.deadLetters = new DeadLetters(deadLetterSink)
    this.ticks = new Ticks(tickSink)
    this.#decisions.set('dead-letters', deadLetterSink).set('ticks', tickSink)
    for (const stage of plan.stages) {
      for (const sink of stage.sinks) {
        const { schema, isChangelog } = outputOf(sink)
        const bound = deployment.sink(sink.logical, context(schema, isChangelog))
        if (bound.kind === 'decision') this.#decisions.set(sink.id, bound.sink)
        else this.#followers.set(sink.id, bound.sink)
      }
    }
  }

  /** The taker of a sink or repartition topic for one task. */
  takerFor(id: string, stage: Stage, task: number): BatchTaker {
    const sink = this.#decisions.get(id) ?? this.#followers.get(id)
    if (sink !== undefined) return sink
    const topic = stage.repartitions.find((each) => each.id === id)
    assert(topic !== undefined, `nothing takes the rows of ${id}`)
    const known = this.#repartitions.get(`${id}/${task}`)
    if (known !== undefined) return known
    const schema = schemaOf(stage, topic.from)
    const keyColumns = topic.keys.map((key) => columnIndex(schema, key))
    const writer = new RepartitionWriter({
      topic: id,
      lineage: this.#settings.claim.lineage,
      partitions: topic.channels,
      keyColumns,
      keys: keysOf(schema, keyColumns),
      task,
    })
    this.#repartitions.set(`${id}/${task}`, writer)
    return writer
  }

  /** Goes back to what was decided, and delivers what was decided but not delivered. */
  async recover(decided: DecidedReader): Promise<void> {
    const read: DecidedReader['get'] = (store, key) => decided.get(store, key)
    for (const sink of this.#decisions.values()) await sink.recover(read)
    const undelivered = this.#store.undelivered()
    for (const [id, sink] of this.#followers) {
      await sink.sweep(undelivered.filter((each) => each.sink === id).map((each) => each.bytes))
    }
    this.#waiting.push(...undelivered)
    await this.delivered()
  }

  /** A promise when a sink wants the loop to wait. */
  ready(): Promise<void> | undefined {
    for (const sink of this.#decisions.values()) {
      const ready = sink.ready()
      if (ready !== undefined) return ready
    }
    for (const sink of this.#followers.values()) {
      const ready = sink.ready()
      if (ready !== undefined) return ready
    }
    return undefined
  }

  /** Makes everything of the epoch durable, and gathers what its transaction must do. */
  async flush(epoch: number): Promise<SinkWork> {
    this.deadLetters.flush()
    this.ticks.flush()
    const steps: ((stores: DecisionStores) => void)[] = []
    const { slot, claim } = this.#settings
    const writer: DecisionWriter = {
      slot,
      term: claim.term,
      epoch,
      during: (step) => steps.push(step),
    }
    for (const sink of this.#decisions.values()) await sink.flush(writer)
    for (const topic of this.#repartitions.values()) topic.flush(writer.during)
    // All of them at once: their files are written and flushed side by side.
    const prepared = await Promise.all(
      Array.from(this.#followers, async ([sink, follower]) => ({
        sink,
        bytes: await follower.prepare(epoch),
      })),
    )
    const committables = prepared.flatMap(({ sink, bytes }) => (bytes ? [{ sink, bytes }] : []))
    return { steps, committables }
  }

  /** Starts the delivery of a decided epoch; waits only when too many epochs are behind. */
  async follow(epoch: number, committables: SinkWork['committables']): Promise<void> {
    const { slot, claim } = this.#settings
    const permit = { slot, term: claim.term, epoch, lineage: claim.lineage }
    this.#waiting.push(...committables.map((each) => ({ ...each, permit })))
    if (this.#waiting.length === 0) this.deliveredEpoch = epoch
    this.#startDelivery()
    if (this.#waiting.length > UNDELIVERED_EPOCHS_MAX * Math.max(1, this.#followers.size)) {
      await this.#delivering
    }
    this.#rethrow()
  }

  /** Resolves when everything that was decided is delivered. */
  async delivered(): Promise<void> {
    this.#startDelivery()
    await this.#delivering
    this.#rethrow()
  }

  async close(): Promise<void> {
    for (const sink of this.#decisions.values()) await sink.close()
    for (const sink of this.#followers.values()) await sink.close()
  }

  #startDelivery(): void {
    if (this.#delivering !== undefined || this.#waiting.length === 0) return
    this.#delivering = this.#deliverAll()
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .finally(() => {
        this.#delivering = undefined
      })
  }

  async #deliverAll(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const sink = this.#followers.get(next.sink)
      assert(sink !== undefined, `job "${this.#plan.job}" has no sink ${next.sink} any more`)
      failpoint('deliver.before')
      await sink.deliver(next.bytes, next.permit)
      failpoint('deliver.after')
      this.#store.markDelivered(next.permit.epoch, next.sink, next.permit)
      this.deliveredEpoch = next.permit.epoch
      this.#waiting.shift()
    }
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

function outputOf(sink: PlannedSink) {
  const { operator, port } = sink.logical.input
  const output = operator.outputs[port]
  assert(output !== undefined, `sink ${sink.id}: operator ${operator.kind} has no output ${port}`)
  return output
}

/** Schema of an output port within a stage: of an input or of an operator. */
export function schemaOf(stage: Stage, reference: { id: string; port: number }): Schema<unknown> {
  const operator = stage.operators.find((each) => each.id === reference.id)
  const output = operator?.logical.outputs[reference.port]
  if (output !== undefined) return output.schema
  const input = stage.inputs.find((each) => each.id === reference.id)
  assert(input?.kind === 'topic', `stage ${stage.id} has nothing called "${reference.id}"`)
  return input.topic.schema
}

function keysOf(schema: Schema<unknown>, columns: readonly number[]): KeyCodec {
  return keyCodec(columns.map((column) => fieldAt(schema, column)))
}
