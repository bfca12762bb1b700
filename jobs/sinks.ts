// The sinks that jobs name: topics, lake tables, online views. Plain data; where they live is said at
// deployment.

import { ConfigError } from '../engine/errors.ts'
import type { SinkDescription, Stream } from '../engine/graph/index.ts'
import { COMPATIBILITY_MODES, type CompatibilityMode } from '../engine/schema/index.ts'
import { type Duration, durationMicros } from '../engine/time/index.ts'
import { latestBy, settle } from '../operators/index.ts'

export interface TopicSinkOptions {
  /** Columns of the record key; they choose the partition. Default: the stream's keys. */
  readonly key?: string | readonly string[]
  /** Partitions, fixed when the topic is created. Default 1. */
  readonly partitions?: number
  readonly format?: 'json' | 'msgpack'
  /**
   * How the columns may differ from those that the topic was written with before; default `none`:
   * anything, and readers whose schema no longer fits stop. Each set of columns is a version.
   */
  readonly compatibility?: CompatibilityMode
}

/** An output topic: exactly-once, in the deciding transaction. Carries updates of a changelog. */
export function topicSink(name: string, options: TopicSinkOptions = {}): SinkDescription {
  const key = typeof options.key === 'string' ? [options.key] : options.key
  return {
    kind: 'topic',
    name,
    options: {
      key,
      partitions: options.partitions ?? 1,
      format: options.format ?? 'json',
      compatibility: options.compatibility ?? 'none',
    },
    promise: { delivery: 'exactly-once', remark: 'part of the deciding transaction' },
    finalOnly: false,
  }
}

/** The compatibility mode of a topic sink. */
export function compatibilityOf({ options }: SinkDescription): CompatibilityMode {
  return COMPATIBILITY_MODES.find((mode) => mode === options.compatibility) ?? 'none'
}

/** A lake table (Delta): rows are appended once they are final, one commit per epoch and slot. */
export function lakeTable(name: string): SinkDescription {
  return {
    kind: 'lake',
    name,
    options: {},
    promise: { delivery: 'exactly-once', remark: 'follows the decision; txn per epoch' },
    finalOnly: true,
    prepare: (stream) => settled(stream),
  }
}

export interface OnlineViewOptions {
  /** Age at which a value no longer counts; enforced on read. */
  readonly ttl: Duration
  /** Columns by which values are looked up. Default: the stream's keys without the window. */
  readonly key?: string | readonly string[]
  /** Column that says which row is newest. Default window_end. */
  readonly order?: string
}

/** An online view: the newest row per key, decided by the job, readable by key within seconds. */
export function onlineView(name: string, options: OnlineViewOptions): SinkDescription {
  const order = options.order ?? 'window_end'
  const ttlMicros = durationMicros(options.ttl)
  return {
    kind: 'online',
    name,
    options: { ttlMicros, order, key: options.key },
    promise: { delivery: 'exactly-once', remark: 'embedded: part of the deciding transaction' },
    finalOnly: false,
    prepare: (stream) =>
      stream.pipe(
        latestBy({ by: viewKeys(name, stream, options), order, name: `latest-${name}`, ttlMicros }),
      ),
  }
}

/** The key columns of an online view. @throws ConfigError VIEW_KEY */
export function viewKeys(
  name: string,
  stream: Stream<unknown>,
  options: Pick<OnlineViewOptions, 'key'>,
): readonly string[] {
  const { key } = options
  if (key !== undefined) return typeof key === 'string' ? [key] : key
  const keys = (stream.output.keys ?? []).filter((each) => !each.startsWith('window_'))
  if (keys.length > 0) return keys
  throw new ConfigError({
    code: 'VIEW_KEY',
    message: `online view "${name}" has no key`,
    expected: 'a key column',
    found: 'a stream without keys',
    remedy: 'Name it: onlineView(name, { key: "user_id", … }).',
  })
}

/** Rows that nothing will change any more: a changelog waits for its allowed lateness. */
function settled(stream: Stream<unknown>): Stream<unknown> {
  return stream.output.isChangelog ? stream.pipe(settle()) : stream
}
