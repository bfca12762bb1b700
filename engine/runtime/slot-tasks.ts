// Opens the tasks that a slot owns: wires them, restores their state, and connects their channels
// where the restored positions say.
import type { SlotStore } from '../checkpoint/index.ts'
import type { PartitionReader } from '../connector.ts'
import { assert, ConfigError } from '../errors.ts'
import type { Plan, Stage, StageInput } from '../graph/index.ts'
import type { Operator } from '../operator.ts'
import { type Channel, TopicChannel } from './channel.ts'
import { recordDecoder } from './decoder.ts'
import type { DecidedReader, Deployment } from './deployment.ts'
import type { Meters } from './meters.ts'
import { checkedDecoder } from './partition-check.ts'
import { RepartitionChannel, RepartitionLog } from './repartition.ts'
import type { SlotSettings } from './slot-settings.ts'
import { type SlotSinks, schemaOf } from './slot-sinks.ts'
import { Task } from './task.ts'

export interface SlotTasks {
  readonly tasks: readonly Task[]
  readonly repartitionLogs: readonly RepartitionLog[]
  /** Inputs that a bounded run had read to their ends: none may give anything more. */
  readonly endedInputs: readonly EndedInput[]
}

export interface EndedInput {
  readonly topic: string
  readonly reader: PartitionReader
}

/** What opening tasks gathers. */
interface Gathered {
  readonly repartitionLogs: RepartitionLog[]
  readonly endedInputs: EndedInput[]
}

export interface SlotTasksParts {
  readonly plan: Plan
  readonly deployment: Deployment
  readonly store: SlotStore
  readonly decided: DecidedReader
  readonly settings: SlotSettings
  readonly sinks: SlotSinks
  readonly meters: Meters
  readonly wrap?: (operator: Operator, id: string) => Operator
}

/** Tasks with `task mod slots = slot`, of every stage, in stage order. */
export function openTasks(parts: SlotTasksParts): SlotTasks {
  const { plan, settings } = parts
  const tasks: Task[] = []
  const gathered: Gathered = { repartitionLogs: [], endedInputs: [] }
  for (const stage of plan.stages) {
    for (let task = settings.slot; task < stage.tasks; task += settings.claim.slots) {
      tasks.push(openTask(parts, stage, task, gathered))
    }
  }
  return { tasks, ...gathered }
}

function openTask(parts: SlotTasksParts, stage: Stage, ordinal: number, gathered: Gathered): Task {
  const { sinks, meters, store, wrap } = parts
  const task = new Task({
    stage,
    task: ordinal,
    meters,
    deadLetters: sinks.deadLetters,
    sinkFor: (id, of) => sinks.takerFor(id, stage, of),
    ...(wrap === undefined ? {} : { wrap }),
  })
  store.restore(task.id, task.tables)
  const channels = stage.inputs.flatMap((input, at) =>
    input.kind === 'topic'
      ? [topicChannel(parts, task, input, at, gathered)]
      : repartitionChannels(parts, task, input, at, gathered.repartitionLogs),
  )
  task.start(channels)
  return task
}

function topicChannel(
  parts: SlotTasksParts,
  task: Task,
  input: Extract<StageInput, { kind: 'topic' }>,
  at: number,
  gathered: Gathered,
): Channel {
  const { topic } = input
  const partition = task.task
  const restored = task.channelTable.restored.get(`${topic.name}/${partition}`)
  const keys = task.stage.checkedInputs.get(input.id)
  const plain = recordDecoder(topic)
  const decoder =
    keys === undefined
      ? plain
      : checkedDecoder(plain, { topic, keys, partition, partitions: task.stage.tasks })
  const source = parts.deployment.source(topic)
  const { settings } = parts
  const first = settings.from === 'latest' ? source.latest : source.earliest
  const offset = restored?.offset ?? first?.(partition) ?? 0
  const reader = source.open(partition, decoder, offset, restored?.bookmark)
  if (restored?.isEnded === true) {
    if (settings.mode === 'live') throw runEnded(topic.name)
    gathered.endedInputs.push({ topic: topic.name, reader })
  }
  return new TopicChannel({ topic, partition, input: at, reader, offset, restored })
}

/** Windows that a final watermark has closed can not be opened again. */
function runEnded(topic: string): ConfigError {
  return new ConfigError({
    code: 'RUN_ENDED',
    message: `the bounded run over topic "${topic}" has ended, its windows are closed`,
    expected: 'a run that has not ended',
    found: 'an ended one',
    remedy: 'Run live in another data folder, or begin anew with --fresh.',
  })
}

/**
 * Whether an ended input is at its end still; false while that can not be told yet.
 * @throws ConfigError INPUT_CHANGED
 */
export function isStillEnded({ topic, reader }: EndedInput): boolean {
  if (reader.poll() === undefined) return reader.isEnded
  throw new ConfigError({
    code: 'INPUT_CHANGED',
    message: `topic "${topic}" gives more after the bounded run over it had ended`,
    expected: 'the input as it was read to its end',
    found: 'more records',
    remedy: 'Begin anew with --fresh, or follow the topic live in another data folder.',
  })
}

function repartitionChannels(
  parts: SlotTasksParts,
  task: Task,
  input: Extract<StageInput, { kind: 'repartition' }>,
  at: number,
  logs: RepartitionLog[],
): Channel[] {
  const upstream = parts.plan.stages[input.from.stage]
  assert(upstream !== undefined, `stage ${input.from.stage} of the plan`)
  const { restored } = task.channelTable
  const states = Array.from({ length: upstream.tasks }, (_, i) => restored.get(`${input.id}/${i}`))
  const log = new RepartitionLog(
    {
      topic: input.id,
      partition: task.task,
      schema: schemaOf(upstream, input.from),
      lineages: parts.settings.claim.accepted,
      decided: parts.decided,
    },
    states[0]?.offset ?? 0,
  )
  logs.push(log)
  return states.map(
    (state, i) => new RepartitionChannel(log, { id: input.id, input: at, task: i }, state),
  )
}
