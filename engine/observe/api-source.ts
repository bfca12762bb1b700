// What the HTTP API and the metrics are told: plain facts about running jobs, and lookups in online
// views. Whoever runs jobs implements it; the engine knows no store and no connector.
import type { JobState, SlotError, SlotStatus } from '../runtime/index.ts'
import type { Field } from '../schema/index.ts'

/** One job as the process that runs it sees it now. */
export interface JobView {
  readonly job: string
  readonly state: JobState
  readonly mode: 'live' | 'bounded'
  /** How many slots the job has, whether or not they reported yet. */
  readonly slots: number
  readonly restarts: number
  /** What ended it, or led to the last restart. */
  readonly error: SlotError | undefined
  /** The last status of each slot that reported one; a new object for each report. */
  readonly statuses: readonly SlotStatus[]
}

/** One online view. */
export interface FeatureView {
  readonly name: string
  /** Columns that it is looked up by, in their order. */
  readonly key: readonly Field[]
  /** All columns of a row, the key among them. */
  readonly fields: readonly Field[]
  readonly ttlMicros: number
}

/** The answer for one key; times are epoch microseconds. */
export interface FeatureAnswer {
  /** `outside_max_age`: there is a row, older than the view's ttl; its values are not given. */
  readonly status: 'present' | 'not_found' | 'outside_max_age'
  /** In the form rows have them. */
  readonly values: Readonly<Record<string, unknown>> | undefined
  readonly eventTime: number | undefined
  readonly knownTime: number | undefined
  readonly epoch: number | undefined
  readonly ageMs: number | undefined
  readonly readClock: 'wall' | 'watermark'
}

/** Key columns as texts, in the order of `FeatureView.key`. */
export type FeatureKey = readonly string[]

/** Reads online views. */
export interface FeatureSource {
  /** All views there are. Called for each lookup: must be cheap. */
  views(): readonly FeatureView[]
  /**
   * Answers in the order of the keys, all from one snapshot. Synchronous: a lookup never waits.
   * @throws ConfigError VIEW_KEY for a text that is no value of its key column
   */
  lookup(view: string, keys: readonly FeatureKey[]): readonly FeatureAnswer[]
}

export interface ApiSource {
  jobs(): readonly JobView[]
  /** Undefined where the process serves no online view. */
  readonly features: FeatureSource | undefined
}
