// What callers say and hear of the embedded log.
import type { Clock } from '../../engine/clock.ts'
import type { Partitioner, Retention, TopicFormat } from './topic-definition.ts'

export interface LogOptions {
  /** Appends are refused; the folder must hold a log. */
  readonly readOnly?: boolean
  readonly clock?: Clock
}

export interface TopicOptions {
  readonly partitions: number
  /** Default `json`. */
  readonly format?: TopicFormat
  /** Default `murmur2`. */
  readonly partitioner?: Partitioner
  readonly retention?: Retention
}

/** Where a keyed record went. */
export interface RecordPlace {
  readonly partition: number
  readonly offset: number
}
