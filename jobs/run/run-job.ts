// Runs a job from the main thread: binds and plans it, claims its store, and supervises its slots
// until they ended, stopped or failed. Everything a command or a test needs to watch it is here.
import { mkdirSync } from 'node:fs'
import { registerTopics } from '../../connectors/log/index.ts'
import { JobStore, type RestoreReport } from '../../engine/checkpoint/index.ts'
import { type Clock, systemClock } from '../../engine/clock.ts'
import { ConfigError } from '../../engine/errors.ts'
import {
  type LogicalJob,
  operatorsOf,
  type Plan,
  planJob,
  topicOf,
} from '../../engine/graph/index.ts'
import { type JobState, type SlotError, Supervisor } from '../../engine/runtime/index.ts'
import { type JobFolder, jobFolder, makeDataFolder } from './data-folder.ts'
import { EmbeddedDeployment } from './embedded-deployment.ts'
import { loadJob } from './job-file.ts'
import { openSchemas } from './job-schemas.ts'
import { restoreRun } from './restore-run.ts'
import { openSinks, type RunOptions, topologyOf } from './run-options.ts'

/** A job that is bound and planned, not yet running. */
export interface PreparedRun {
  readonly options: RunOptions
  readonly logical: LogicalJob
  readonly plan: Plan
  readonly folder: JobFolder
  readonly store: JobStore
  readonly supervisor: Supervisor
  /** What restoring a savepoint changed, where one was named. */
  readonly restored: RestoreReport | undefined
  readonly startedMs: number
}

export interface RunHooks {
  readonly onState?: (state: JobState, error: SlotError | undefined) => void
  readonly clock?: Clock
}

/** @throws ConfigError, StateMismatchError, StateCorruptError, StorageError */
export async function prepareRun(options: RunOptions, hooks: RunHooks = {}): Promise<PreparedRun> {
  const clock = hooks.clock ?? systemClock
  const loaded = await loadJob(options.jobFile)
  const logical = loaded.build()
  checkNames(logical, options)
  const folder = jobFolder(options.data, logical.name)
  const deployment = new EmbeddedDeployment(options, logical.name)
  const plan = planJob(logical, (topic) => deployment.source(topic).partitions, openSinks(options))
  await deployment.close()
  makeDataFolder(options.data)
  const homes = await registerTopics(options.data, writtenTopics(logical, options))
  await openSchemas(logical, options, homes, clock)
  const topology = topologyOf(plan, options)
  const isNamed = options.from !== 'earliest' && options.from !== 'latest'
  const restored = isNamed ? await restoreRun(logical, topology, folder, options) : undefined
  mkdirSync(folder.run, { recursive: true })
  const store = JobStore.open(folder.run)
  let isFresh = options.fresh
  const supervisor = new Supervisor({
    worker: new URL('./slot-worker.js', import.meta.url),
    clock,
    claim: () => {
      const claim = store.claim({
        job: logical.name,
        slots: options.slots,
        topology,
        ...(isFresh ? { fresh: true } : {}),
      })
      isFresh = false
      return claim
    },
    workerData: (slot, claim) => ({ options, claim, slot }),
    ...(hooks.onState === undefined ? {} : { onState: hooks.onState }),
  })
  const startedMs = clock.elapsedMs()
  return { options, logical, plan, folder, store, supervisor, restored, startedMs }
}

/** The topics that live in the job's own store: a topic has one home. */
function writtenTopics(job: LogicalJob, options: RunOptions) {
  const named = job.sinks
    .filter(openSinks(options))
    .flatMap(({ description }) => (description.kind === 'topic' ? [description.name] : []))
  const place = { home: 'job', job: job.name } as const
  return new Map(
    [...named, ...internalTopics(job)]
      .filter((topic) => options.outputs[topic] === undefined)
      .map((topic) => [topic, place]),
  )
}

/** Names in --in, --out and --only must be known, or a typing error would pass in silence. */
function checkNames(job: LogicalJob, options: RunOptions): void {
  const topics = operatorsOf(job).flatMap((operator) =>
    operator.kind === 'source' ? [topicOf(operator).name] : [],
  )
  const sinks = job.sinks.flatMap(({ id, description }) => [id, description.name])
  const written = job.sinks.flatMap(({ description }) =>
    description.kind === 'topic' ? [description.name] : [],
  )
  checkKnown('--in', Object.keys(options.inputs), topics)
  checkKnown('--out', Object.keys(options.outputs), [...written, ...internalTopics(job)])
  checkKnown('--only', options.only ?? [], sinks)
}

/** Topics that a job owns besides the ones it names. */
function internalTopics(job: LogicalJob): string[] {
  return [`${job.name}.dead-letters`, `${job.name}.ticks`]
}

function checkKnown(option: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new ConfigError({
    code: 'NAME_UNKNOWN',
    message: `${option} names "${unknown}", which the job does not have`,
    expected: `one of ${known.join(', ')}`,
    found: `"${unknown}"`,
    remedy: 'See: millrace explain <job>.',
  })
}
