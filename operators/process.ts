// process: a user's function over the records and timers of a key, with state that is checkpointed.
// It sees records in one order: that of the partition, or of event time where several channels meet
// (order 'total'). An exception in it stops the job at once and names the record (law 7).
//
//   time of rows   of a record: its own · of an event timer: the timer's · of a processing timer:
//                  the
//                  watermark, or the tick where there is none yet
//   state          expires by event time: once a record or the watermark reached last update + ttl
import { type KeyedStream, logicalOperator, Stream } from '../engine/graph/index.ts'
import { columnIndex, type Schema } from '../engine/schema/index.ts'
import { ProcessOperator } from './process-operator.ts'
import type { StateHandles, StateSpecs } from './process-state.ts'
import { requireInserts } from './stateless.ts'

export type SideOutputs = Readonly<Record<string, Schema<unknown>>>

type RowOfOutput<S> = S extends Schema<infer Row> ? Row : never

/** What a function may do; valid during the call that it was given to. */
export interface ProcessContext<Key, Specs extends StateSpecs, Out, Side extends SideOutputs> {
  /** Values of the key columns by name. */
  readonly key: Key
  /** Epoch microseconds: of the record, or of the timer. */
  readonly eventTime: number
  /** The watermark of the record's channel just before it, or of the timer. */
  readonly watermark: number
  /** Epoch microseconds of the tick at hand; undefined outside ticks and in runs without them. */
  readonly processingTime: number | undefined
  readonly state: StateHandles<Specs>
  /** Sends a row. */
  emit(row: Out): void
  /** Sends a row to a side output. */
  emitTo<Name extends keyof Side & string>(output: Name, row: RowOfOutput<Side[Name]>): void
  /** Calls `onTimer` for this key once the watermark (or the tick) reaches `time`, microseconds. */
  schedule(time: number, domain?: 'event' | 'processing'): void
  cancel(time: number, domain?: 'event' | 'processing'): void
}

/** A timer that came due, for the key it was set for. */
export interface ProcessTimer {
  readonly time: number
  readonly domain: 'event' | 'processing'
}

export interface ProcessOptions<Key, Row, Specs extends StateSpecs, Out, Side extends SideOutputs> {
  /** Stable id of the operator's state; needed when a job has several. */
  readonly name?: string
  readonly state: Specs
  readonly output: Schema<Out>
  /** Further outputs by name. */
  readonly sideOutputs?: Side
  onRecord(row: Row, context: ProcessContext<Key, Specs, Out, Side>): void
  onTimer?(timer: ProcessTimer, context: ProcessContext<Key, Specs, Out, Side>): void
}

/** The main output as a stream, with the side outputs by name. */
export class ProcessedStream<Out, Side extends SideOutputs> extends Stream<Out> {
  /** A side output. */
  side<Name extends keyof Side & string>(name: Name): Stream<RowOfOutput<Side[Name]>> {
    const { operator } = this.reference
    const port = operator.outputs.findIndex((output, i) => i > 0 && output.name === name)
    return new Stream({ operator, port })
  }
}

/**
 * Runs a function over each key's records and timers.
 * @example process({ state: { seen: valueState(int32()) }, output, onRecord(row, { state }) {} })
 * @throws ConfigError CHANGELOG_INPUT; UserCodeError PROCESS_FAILED from the running job
 */
export function process<
  Key extends string,
  Row,
  Specs extends StateSpecs,
  Out,
  Side extends SideOutputs = Record<never, never>,
>(options: ProcessOptions<Pick<Row, Key & keyof Row>, Row, Specs, Out, Side>) {
  return (keyed: KeyedStream<Key, Row>): ProcessedStream<Out, Side> => {
    requireInserts(keyed.stream, 'process')
    const { name, output, sideOutputs = {} } = options
    const input = keyed.schema
    const keyColumns = keyed.keys.map((key) => columnIndex(input, key))
    const outputs = [['main', output] as const, ...Object.entries<Schema<unknown>>(sideOutputs)]
    const operator = logicalOperator({
      kind: 'process',
      name,
      options: { onRecord: options.onRecord, onTimer: options.onTimer, state: options.state },
      inputs: [keyed.stream.reference],
      outputs: outputs.map(([port, schema]) => ({
        name: port,
        schema,
        isChangelog: false,
        mustBeUsed: false,
      })),
      keys: keyed.keys,
      order: 'total',
      isStateful: true,
      instantiate: () =>
        new ProcessOperator({
          input,
          keyColumns,
          outputs,
          state: options.state,
          onRecord: options.onRecord,
          onTimer: options.onTimer,
        }),
    })
    return new ProcessedStream<Out, Side>({ operator, port: 0 })
  }
}
