// Hopping and tumbling windows over a keyed stream, and `aggregate`, which gives one row per key
// and window: the key columns, window_start, window_end, then the aggregates. The work is done by
// window/; here is the logical operator.
import {
  type KeyedStream,
  logicalOperator,
  Pipeable,
  StreamWithLate,
} from '../engine/graph/index.ts'
import { columnIndex } from '../engine/schema/index.ts'
import { type Duration, durationMicros } from '../engine/time/index.ts'
import { windowFrame } from '../engine/window/index.ts'
import type { AggregateDescriptors, AggregateResults } from './aggregates/index.ts'
import { WindowOperator, windowOutputSchema } from './window/index.ts'

export interface HoppingWindowOptions {
  /** Length of a window. */
  readonly size: Duration
  /** Distance from one window start to the next; at most `size`. */
  readonly every: Duration
  /** Shifts all window starts; windows are aligned to the epoch otherwise. */
  readonly offset?: Duration
  /** How long after its end a window still takes records, as corrections. Default 0. */
  readonly allowedLateness?: Duration
  /** Stable id of the operator's state; needed when a job has several windows. */
  readonly name?: string
}

export type TumblingWindowOptions = Omit<HoppingWindowOptions, 'every'>

/** Windows in microseconds, as plain data. */
interface WindowSettings {
  readonly size: number
  readonly slide: number
  readonly offset: number
  readonly allowedLateness: number
}

/** A keyed stream cut into windows; `aggregate` makes rows of it. */
export class WindowedStream<Key extends string, Row> extends Pipeable {
  readonly keyed: KeyedStream<Key, Row>
  readonly settings: WindowSettings
  readonly name: string | undefined

  constructor(keyed: KeyedStream<Key, Row>, settings: WindowSettings, name: string | undefined) {
    super()
    this.keyed = keyed
    this.settings = settings
    this.name = name
  }
}

/** One row per key and window. */
export type WindowRow<Key extends string, Row, A extends AggregateDescriptors> = {
  readonly [K in Key & keyof Row]: Row[K]
} & { readonly window_start: number; readonly window_end: number } & AggregateResults<Row, A>

/**
 * Windows of `size` that start every `every`; a record belongs to size / every of them.
 * @throws ConfigError WINDOW_INVALID
 */
export function hoppingWindow(options: HoppingWindowOptions) {
  const settings = {
    size: durationMicros(options.size),
    slide: durationMicros(options.every),
    offset: durationMicros(options.offset ?? 0),
    allowedLateness: durationMicros(options.allowedLateness ?? 0),
  }
  windowFrame(settings)
  return <Key extends string, Row>(keyed: KeyedStream<Key, Row>): WindowedStream<Key, Row> =>
    new WindowedStream(keyed, settings, options.name)
}

/** Windows of `size` one after another. @throws ConfigError WINDOW_INVALID */
export function tumblingWindow(options: TumblingWindowOptions) {
  return hoppingWindow({ ...options, every: options.size })
}

/**
 * Computes aggregates per key and window. Late records leave on `.late`, which must be routed or
 * dropped.
 * @example aggregate({ orders: count(), spend: sum('order_total') })
 * @throws ConfigError AGGREGATE_TYPE, COLUMN_UNKNOWN
 */
export function aggregate<const A extends AggregateDescriptors>(aggregates: A) {
  return <Key extends string, Row>(
    windowed: WindowedStream<Key, Row>,
  ): StreamWithLate<WindowRow<Key, Row, A>, Row> => {
    const { keyed, settings, name } = windowed
    const input = keyed.schema
    const schema = windowOutputSchema(input, keyed.keys, aggregates)
    const isChangelog = settings.allowedLateness > 0
    const keyColumns = keyed.keys.map((key) => columnIndex(input, key))
    const operator = logicalOperator({
      kind: 'window',
      name,
      options: { ...settings, aggregates },
      inputs: [keyed.stream.reference],
      outputs: [
        {
          name: 'main',
          schema,
          isChangelog,
          ...(isChangelog ? { settledAfterMicros: settings.allowedLateness } : {}),
          mustBeUsed: false,
          keys: [...keyed.keys, 'window_start', 'window_end'],
        },
        { name: 'late', schema: input, isChangelog: false, mustBeUsed: true },
      ],
      keys: keyed.keys,
      order: 'none',
      isStateful: true,
      preserves: keyed.keys,
      instantiate: () => new WindowOperator({ input, keyColumns, aggregates, ...settings }),
    })
    return new StreamWithLate(operator)
  }
}
