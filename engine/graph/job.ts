// Job: a named graph from topics to sinks, as data. `build` runs the user's definition once; it is
// pure, so every slot that builds the same job gets the same graph.

import type { SinkPromise } from '../connector.ts'
import { ConfigError } from '../errors.ts'
import {
  insertOutput,
  type LogicalOperator,
  logicalOperator,
  type StreamReference,
} from './logical-operator.ts'
import { Stream } from './stream.ts'
import type { Topic } from './topic.ts'

/** A place that rows go to; bound to a real system at deployment. Plain data. */
export interface SinkDescription {
  readonly kind: 'topic' | 'lake' | 'online' | 'custom'
  /** Unique within its kind: topic, table or view name. */
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly promise: SinkPromise
  /** Takes each row once, when nothing can change it any more. */
  readonly finalOnly: boolean
  /** Steps that the sink needs before it, e.g. the newest row per key for an online view. */
  prepare?(stream: Stream<unknown>): Stream<unknown>
}

export interface LogicalSink {
  /** `<kind>:<name>`. */
  readonly id: string
  readonly description: SinkDescription
  readonly input: StreamReference
}

export interface LogicalJob {
  readonly name: string
  readonly sinks: readonly LogicalSink[]
  /** Outputs that are dropped by name. */
  readonly dropped: readonly StreamReference[]
}

/** Whether a sink is opened in a run. */
export type OpenSinks = (sink: LogicalSink) => boolean

/** What a job definition gets. */
export interface JobContext {
  /** The records of a topic. */
  from<Row>(topic: Topic<Row>): Stream<Row>
  /** Sends a stream to one or more sinks. */
  to(stream: Stream<unknown>, ...sinks: readonly SinkDescription[]): void
  /** Says by name that an output (late records) is not wanted. It is still counted. */
  drop(stream: Stream<unknown>): void
}

/** A job as its file exports it. */
export interface Job {
  readonly kind: 'millrace-job'
  readonly name: string
  build(): LogicalJob
}

/** The options of a source operator; the planner finds its topic here. */
interface SourceOptions extends Readonly<Record<string, unknown>> {
  readonly topic: Topic
}

/**
 * Declares a job.
 * @example export default job('fraud-features', ({ from, to }) => { … })
 * @throws ConfigError JOB_INVALID, SINK_TWICE (from `build`)
 */
export function job(name: string, define: (context: JobContext) => void): Job {
  if (!/^[a-z0-9][a-z0-9-]{0,99}$/.test(name)) {
    throw invalid(name, 'a name of lower-case letters, digits and "-"', `"${name}"`)
  }
  return { kind: 'millrace-job', name, build: () => build(name, define) }
}

function build(name: string, define: (context: JobContext) => void): LogicalJob {
  const sources = new Map<string, Stream<unknown>>()
  const sinks: LogicalSink[] = []
  const dropped: StreamReference[] = []
  define({
    from<Row>(topic: Topic<Row>): Stream<Row> {
      const known = sources.get(topic.name)
      const stream = known ?? new Stream<unknown>({ operator: sourceOperator(topic), port: 0 })
      sources.set(topic.name, stream)
      return stream as Stream<Row>
    },
    to(stream, ...descriptions) {
      for (const description of descriptions) sinks.push(sinkOf(name, sinks, stream, description))
    },
    drop(stream) {
      dropped.push(stream.reference)
    },
  })
  if (sinks.length === 0) throw invalid(name, 'at least one sink', 'none')
  return { name, sinks, dropped }
}

function sinkOf(
  job: string,
  sinks: readonly LogicalSink[],
  stream: Stream<unknown>,
  description: SinkDescription,
): LogicalSink {
  const id = `${description.kind}:${description.name}`
  if (sinks.some((sink) => sink.id === id)) {
    throw new ConfigError({
      code: 'SINK_TWICE',
      message: `job "${job}" writes to ${id} twice`,
      expected: 'each sink once',
      found: `"${id}" twice`,
      remedy: 'Unite the streams first, or give the second sink another name.',
    })
  }
  const prepared = description.prepare?.(stream) ?? stream
  return { id, description, input: prepared.reference }
}

/** The topic that a source operator reads. */
export function topicOf(source: LogicalOperator): Topic {
  return (source.options as SourceOptions).topic
}

function sourceOperator(topic: Topic<unknown>): LogicalOperator {
  const options: SourceOptions = { topic }
  return logicalOperator({
    kind: 'source',
    name: topic.name,
    options,
    inputs: [],
    outputs: [insertOutput(topic.schema)],
    preserves: 'all',
    instantiate: () => {
      throw new ConfigError({ code: 'SOURCE', message: 'a source is read by its task' })
    },
  })
}

function invalid(name: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'JOB_INVALID',
    message: `job "${name}" can not be built`,
    expected,
    found,
    remedy: 'Correct the job definition.',
  })
}
