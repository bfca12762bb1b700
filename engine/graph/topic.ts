// Topic: a named, partitioned, ordered log of records with a schema. Where it lives (file, embedded
// log, Kafka) is said at deployment, never here.
import { ConfigError } from '../errors.ts'
import { type CompatibilityMode, columnIndex, fieldAt, type Schema } from '../schema/index.ts'
import { type Duration, durationMicros, type WatermarkPolicy } from '../time/index.ts'

/** Which producer hash put keys into partitions; `unknown` topics are repartitioned before keys meet. */
export type Partitioner = 'murmur2' | 'crc32' | 'unknown'

/** How record values are encoded. */
export type TopicFormat = 'json' | 'msgpack'

/** What the door does with fields that do not fit the schema. */
export interface FieldPolicies {
  readonly unknownFields?: 'ignore' | 'reject'
  /** Of nullable columns; a missing non-nullable field is always rejected. */
  readonly missingFields?: 'null' | 'reject'
  /** `null` is for nullable columns only. */
  readonly wrongTypes?: 'reject' | 'null'
}

/** Halts the job when more than a share of a run of records is refused. */
export interface DeadLetterLimit {
  /** 0 to 1. */
  readonly shareMax: number
  /** Length of a run of offsets of one partition. */
  readonly windowRecords: number
}

export interface TopicOptions<Row> {
  readonly schema: Schema<Row>
  /** Column with the event time. */
  readonly eventTime: keyof Row & string
  /** How far behind the largest event time a record may come and still be on time. */
  readonly disorder?: Duration
  /** Replaces `disorder`: event times never fall, or a column carries the watermark. */
  readonly watermark?: 'monotonic' | { readonly field: keyof Row & string }
  /** Columns of the record key. */
  readonly key?: (keyof Row & string) | readonly (keyof Row & string)[]
  /** Default: murmur2 when a key is given, otherwise unknown. */
  readonly partitioner?: Partitioner
  readonly format?: TopicFormat
  readonly fields?: FieldPolicies
  /**
   * A record whose event time lies further ahead than this is a dead letter and moves no watermark:
   * ahead of its append time where the log sets that, otherwise of the largest event time so far.
   */
  readonly farFuture?: Duration
  /** A channel silent for longer is moved on by ticks when the job runs live. */
  readonly idleAfter?: Duration
  /** Default: refused records never halt the job. */
  readonly deadLetters?: DeadLetterLimit
  /** Name of a string column of the schema that receives the record verbatim. */
  readonly rawColumn?: keyof Row & string
  /**
   * How this schema may differ from the one that the topic was opened with before; default
   * `backward`: what was written then can be read. A change that the mode forbids stops the job
   * before it reads a record.
   */
  readonly compatibility?: CompatibilityMode
}

export interface Topic<Row = unknown> {
  readonly name: string
  readonly schema: Schema<Row>
  readonly eventTime: string
  readonly watermark: WatermarkPolicy
  readonly key: readonly string[]
  readonly partitioner: Partitioner
  readonly format: TopicFormat
  readonly fields: FieldPolicies
  readonly farFutureMicros: number | undefined
  readonly idleAfterMicros: number | undefined
  readonly deadLetters: DeadLetterLimit | undefined
  readonly rawColumn: string | undefined
  readonly compatibility: CompatibilityMode
}

/**
 * Declares a topic.
 * @example topic('orders', { schema, eventTime: 'event_time', disorder: '5s', key: 'user_id' })
 * @throws ConfigError COLUMN_UNKNOWN, TOPIC_INVALID
 */
export function topic<Row>(name: string, options: TopicOptions<Row>): Topic<Row> {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(name)) {
    throw invalid(name, 'a name of letters, digits, ".", "_" and "-"', `"${name}"`)
  }
  const { schema, eventTime } = options
  const field = fieldAt(schema, columnIndex(schema, eventTime))
  if (field.type.kind !== 'timestamp' || field.nullable) {
    throw invalid(name, `"${eventTime}" to be a timestamp that is never null`, field.type.kind)
  }
  const key = typeof options.key === 'string' ? [options.key] : [...(options.key ?? [])]
  for (const column of key) columnIndex(schema, column)
  return {
    name,
    schema,
    eventTime,
    watermark: watermarkPolicy(name, options),
    key,
    partitioner: options.partitioner ?? (key.length > 0 ? 'murmur2' : 'unknown'),
    format: options.format ?? 'json',
    fields: options.fields ?? {},
    farFutureMicros: optionalMicros(options.farFuture),
    idleAfterMicros: optionalMicros(options.idleAfter),
    deadLetters: checkedLimit(name, options.deadLetters),
    rawColumn: options.rawColumn,
    compatibility: options.compatibility ?? 'backward',
  }
}

function watermarkPolicy<Row>(name: string, options: TopicOptions<Row>): WatermarkPolicy {
  const { watermark, disorder } = options
  if (watermark === undefined) {
    return { kind: 'bounded-disorder', disorderMicros: durationMicros(disorder ?? 0) }
  }
  if (disorder !== undefined) {
    throw invalid(name, 'either "disorder" or "watermark"', 'both')
  }
  if (watermark === 'monotonic') return { kind: 'monotonic' }
  const field = fieldAt(options.schema, columnIndex(options.schema, watermark.field))
  if (field.type.kind !== 'timestamp') {
    throw invalid(
      name,
      `the watermark field "${watermark.field}" to be a timestamp`,
      field.type.kind,
    )
  }
  return { kind: 'field', column: watermark.field }
}

function checkedLimit(name: string, limit: DeadLetterLimit | undefined) {
  if (limit === undefined) return undefined
  const { shareMax, windowRecords } = limit
  const isShare = shareMax >= 0 && shareMax <= 1
  if (isShare && Number.isInteger(windowRecords) && windowRecords > 0) return limit
  const found = `shareMax ${shareMax}, windowRecords ${windowRecords}`
  throw invalid(
    name,
    'deadLetters with 0 ≤ shareMax ≤ 1 and a whole number of windowRecords',
    found,
  )
}

function optionalMicros(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMicros(duration)
}

function invalid(name: string, expected: string, found: string): ConfigError {
  return new ConfigError({
    code: 'TOPIC_INVALID',
    message: `topic "${name}" can not be used`,
    expected,
    found,
    remedy: 'Correct the topic definition.',
  })
}
