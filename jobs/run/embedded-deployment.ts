// EmbeddedDeployment: binds a job's topics and sinks to what needs no server: files, the embedded log,
// Delta tables in a folder, and the job's own store.
import { existsSync } from 'node:fs'
import { fileSink, fileSource } from '../../connectors/files/index.ts'
import {
  type EmbeddedLog,
  logSource,
  openLog,
  readCatalog,
  rowEncoder,
  type TopicHome,
  topicHome,
  topicSink,
  valuesOf,
} from '../../connectors/log/index.ts'
import { OnlineSink } from '../../connectors/online/index.ts'
import { failpoint, JobStore, type StoreReader } from '../../engine/checkpoint/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { keyCodec } from '../../engine/codec/index.ts'
import type { DecisionSink, Source } from '../../engine/connector.ts'
import { assert, assertNever, ConfigError } from '../../engine/errors.ts'
import type { LogicalJob, LogicalSink, Topic } from '../../engine/graph/index.ts'
import type { BoundSink, Deployment, OwnTopic, SinkContext } from '../../engine/runtime/index.ts'
import { columnIndex, fieldAt, type Schema } from '../../engine/schema/index.ts'
import { jobFolder, lakeFolder, logFolder } from './data-folder.ts'
import { openSinks, type RunOptions } from './run-options.ts'

/** How a topic that a job writes looks. */
interface WrittenTopic {
  readonly name: string
  readonly partitions: number
  readonly format: 'json' | 'msgpack'
  readonly key: readonly string[]
}

type Lake = typeof import('../../connectors/delta/index.ts')

export class EmbeddedDeployment implements Deployment {
  readonly #options: RunOptions
  readonly #job: string
  readonly #lake: Lake | undefined
  readonly #sources = new Map<string, Source>()
  readonly #homes = new Map<string, StoreReader>()
  #log: EmbeddedLog | undefined

  /** @param lake the lakehouse; without it the deployment only serves for planning */
  constructor(options: RunOptions, job: string, lake?: Lake) {
    this.#options = options
    this.#job = job
    this.#lake = lake
  }

  /** For a slot. Loads the lakehouse only for jobs that write to it: it brings all of Arrow along. */
  static async open(options: RunOptions, job: LogicalJob): Promise<EmbeddedDeployment> {
    const open = job.sinks.filter(openSinks(options))
    const writesLake = open.some(({ description }) => description.kind === 'lake')
    const lake = writesLake ? await import('../../connectors/delta/index.ts') : undefined
    return new EmbeddedDeployment(options, job.name, lake)
  }

  source(topic: Topic): Source {
    const known = this.#sources.get(topic.name)
    if (known !== undefined) return known
    const source = this.#open(topic)
    this.#sources.set(topic.name, source)
    return source
  }

  sink(sink: LogicalSink, context: SinkContext): BoundSink {
    const { id, description } = sink
    switch (description.kind) {
      case 'topic':
        return { kind: 'decision', sink: this.#topic(writtenTopic(sink), context) }
      case 'online':
        return { kind: 'decision', sink: this.#online(sink, context) }
      case 'lake':
        return { kind: 'follower', sink: this.#table(sink, context) }
      case 'custom':
        throw new ConfigError({
          code: 'SINK_CUSTOM',
          message: `sink ${id} has no place in an embedded run`,
          expected: 'a topic, lake table or online view',
          found: 'a custom sink',
          remedy: 'Run the job with a deployment of its own.',
        })
      default:
        return assertNever(description.kind)
    }
  }

  ownTopic(own: OwnTopic, context: SinkContext): DecisionSink {
    const name = `${context.job}.${own}`
    return this.#topic({ name, partitions: 1, format: 'json', key: [] }, context)
  }

  ownRecords(key: Uint8Array, value: Uint8Array): readonly Uint8Array[] {
    return valuesOf(key, value)
  }

  async close(): Promise<void> {
    await this.#log?.close()
    for (const reader of this.#homes.values()) await reader.close()
  }

  #open(topic: Topic): Source {
    const { inputs, mode, data, batchRecords } = this.#options
    const limit = batchRecords === undefined ? {} : { batchRecords }
    const files = inputs[topic.name]
    if (files !== undefined) return fileSource(files, limit)
    const place = readCatalog(data).get(topic.name)
    if (place?.home === 'job') {
      const home = this.#homeOf(topic.name, place.job)
      return logSource(home, topic.name, { bounded: mode === 'bounded', ...limit })
    }
    this.#log ??= existsSync(logFolder(data)) ? openLog(logFolder(data)) : undefined
    if (this.#log === undefined) throw topicMissing(topic.name, data)
    return logSource(this.#log, topic.name, { bounded: mode === 'bounded', ...limit })
  }

  /** The topics that another job writes, in its own store, opened read-only. */
  #homeOf(topic: string, job: string): TopicHome {
    if (job === this.#job) {
      throw new ConfigError({
        code: 'TOPIC_OWN',
        message: `job "${job}" reads topic "${topic}", which it writes itself`,
        expected: 'a topic of the log or of another job',
        found: 'its own output',
        remedy: 'Use the stream that is written instead of reading it back.',
      })
    }
    const reader =
      this.#homes.get(job) ?? JobStore.openReadOnly(jobFolder(this.#options.data, job).run)
    this.#homes.set(job, reader)
    return topicHome({
      get: (key) => reader.get('topics', key),
      before: (key) => reader.before('topics', key),
      range: (from, to) => reader.range('topics', from, to),
    })
  }

  #topic(topic: WrittenTopic, context: SinkContext): DecisionSink {
    const { name, partitions, format, key } = topic
    const { schema, slot, lineage, isChangelog } = context
    const path = this.#options.outputs[name]
    if (path !== undefined) return this.#file(name, path, context)
    return topicSink({
      topic: name,
      partitions,
      format,
      encoder: rowEncoder(schema, format),
      slot,
      lineage,
      clock: systemClock,
      upsert: isChangelog,
      ...(key.length === 0 ? {} : { key: keyOf(schema, key) }),
    })
  }

  #file(name: string, path: string, context: SinkContext): DecisionSink {
    if (context.slots > 1 && path !== '/dev/null') {
      throw new ConfigError({
        code: 'OUTPUT_SHARED',
        message: `${context.slots} slots can not write one file`,
        expected: `one slot, or "${name}" as a topic`,
        found: path,
        remedy: 'Leave --out away, or run with --slots 1.',
      })
    }
    return fileSink({
      path,
      name,
      encoder: rowEncoder(context.schema, 'json'),
      schema: context.schema,
      isChangelog: context.isChangelog,
      overwrite: this.#options.fresh,
      claimFolder: jobFolder(this.#options.data, context.job).root,
      clock: systemClock,
    })
  }

  #online(sink: LogicalSink, context: SinkContext): DecisionSink {
    const { name, options } = sink.description
    const { ttlMicros, order } = options
    assert(typeof ttlMicros === 'number' && typeof order === 'string', `options of view ${name}`)
    return new OnlineSink({
      view: name,
      schema: context.schema,
      key: keysOf(sink),
      order,
      ttlMicros,
      mode: this.#options.mode,
      job: context.job,
      lineage: context.lineage,
      continues: context.continues,
      clock: systemClock,
    })
  }

  #table(sink: LogicalSink, context: SinkContext) {
    const { name } = sink.description
    assert(this.#lake !== undefined, `no lakehouse for table ${name}`)
    return new this.#lake.DeltaSink({
      folder: this.#lake.tableFolder(lakeFolder(this.#options.data), name),
      table: name,
      schema: context.schema,
      job: context.job,
      lineage: context.lineage,
      sink: sink.id,
      slot: context.slot,
      term: context.term,
      clock: systemClock,
      hook: failpoint,
    })
  }
}

function writtenTopic(sink: LogicalSink): WrittenTopic {
  const { name, options } = sink.description
  const { partitions, format, key } = options
  return {
    name,
    partitions: typeof partitions === 'number' ? partitions : 1,
    format: format === 'msgpack' ? 'msgpack' : 'json',
    key: Array.isArray(key) ? key : keysOf(sink).filter((each) => !each.startsWith('window_')),
  }
}

/** The columns that identify a row of the sink's stream. */
function keysOf(sink: LogicalSink): readonly string[] {
  const { operator, port } = sink.input
  return operator.outputs[port]?.keys ?? []
}

function keyOf(schema: Schema<unknown>, key: readonly string[]) {
  const columns = key.map((column) => columnIndex(schema, column))
  return { columns, codec: keyCodec(columns.map((column) => fieldAt(schema, column))) }
}

function topicMissing(topic: string, data: string): ConfigError {
  return new ConfigError({
    code: 'TOPIC_MISSING',
    message: `topic "${topic}" is bound to nothing`,
    expected: `a file (--in ${topic}=file) or a topic in the log of ${data}`,
    found: 'neither',
    remedy: `Bind a file, or create it: millrace log create ${topic} --partitions 4.`,
  })
}
