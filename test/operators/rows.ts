// What the tests of operators share: batches from rows, a stream to build on, and a run through
// every way of cutting: whole batches, single records, and a restart between all elements.
import { batchOfRows, Change, type RecordBatch, sliceBatch } from '../../engine/batch/index.ts'
import { WATERMARK_MIN } from '../../engine/element.ts'
import {
  insertOutput,
  logicalOperator,
  type OutputDescription,
  Stream,
} from '../../engine/graph/index.ts'
import { checkedOperator } from '../../engine/observe/index.ts'
import type { Schema } from '../../engine/schema/index.ts'
import { OperatorHarness } from '../support/operator-harness.ts'

export type Row = Readonly<Record<string, unknown>>

/** An element of an input: rows of one channel with one watermark behind them, or that alone. */
export type Input =
  | { readonly batch: RecordBatch; readonly after?: number; readonly port?: number }
  | { readonly watermark: number }
  | { readonly tick: number }
  | 'barrier'

/** A stream as an operator of the test's own would give it. */
export function streamOf<R>(schema: Schema<R>, output: Partial<OutputDescription> = {}) {
  const operator = logicalOperator({
    kind: 'test-input',
    inputs: [],
    outputs: [{ ...insertOutput(schema), ...output }],
    instantiate: () => {
      throw new Error('the test feeds this')
    },
  })
  return new Stream<R>({ operator, port: 0 })
}

export interface RowsOptions {
  /** Column with the event time; 0 without. */
  readonly time?: string
  readonly watermarkBefore?: number
  /** `+I -U +U -D` of each row. */
  readonly ops?: readonly string[]
  readonly partition?: number
  readonly firstOffset?: number
}

const SIGNS = ['+I', '-U', '+U', '-D']

/** A batch of one channel. */
export function rows(schema: Schema<unknown>, data: readonly Row[], options: RowsOptions = {}) {
  const { time, ops, partition = 0, firstOffset = 0 } = options
  return batchOfRows(schema, data, {
    eventTimes: data.map((row) => (time === undefined ? 0 : Number(row[time]))),
    watermarksBefore: data.map(() => options.watermarkBefore ?? WATERMARK_MIN),
    changes: ops && Uint8Array.from(ops, (op) => Math.max(Change.insert, SIGNS.indexOf(op))),
    source: { partition, offsets: Float64Array.from(data, (_, i) => firstOffset + i) },
  })
}

/** The running operator of a stream's last step, with the laws checked round it. */
export function harnessOf(stream: Stream<never> | Stream<unknown>): OperatorHarness {
  const { operator } = stream.reference
  return new OperatorHarness({
    create: () => checkedOperator(operator.instantiate(), operator.kind),
  })
}

/** Feeds the inputs and the end; `between` runs behind each element. */
export function run(
  stream: Stream<unknown>,
  inputs: readonly Input[],
  between: (harness: OperatorHarness) => void = () => undefined,
): OperatorHarness {
  const harness = harnessOf(stream)
  let epoch = 0
  for (const input of inputs) {
    if (input === 'barrier') harness.checkpoint(++epoch)
    else feed(harness, input)
    between(harness)
  }
  harness.end()
  return harness
}

/** Feeds the inputs and the end, with a checkpoint and a new operator behind each element. */
export function runWithRestarts(
  stream: Stream<unknown>,
  inputs: readonly Input[],
): OperatorHarness {
  const harness = harnessOf(stream)
  for (const input of inputs) {
    if (input !== 'barrier') feed(harness, input)
    harness.restart()
  }
  harness.end()
  return harness
}

function feed(harness: OperatorHarness, input: Exclude<Input, 'barrier'>): void {
  if ('tick' in input) harness.tick(input.tick)
  else if ('watermark' in input) harness.watermark(input.watermark)
  else harness.push(input.batch, input.after ?? WATERMARK_MIN, 0, input.port ?? 0)
}

/** The same inputs record by record; the watermark behind a batch comes behind its last record. */
export function oneByOne(inputs: readonly Input[]): Input[] {
  return inputs.flatMap((input): Input[] => {
    if (input === 'barrier' || !('batch' in input)) return [input]
    const { batch, after, port } = input
    return Array.from({ length: batch.length }, (_, i) => ({
      batch: sliceBatch(batch, i, i + 1),
      ...(port === undefined ? {} : { port }),
      ...(after !== undefined && i === batch.length - 1 ? { after } : {}),
    }))
  })
}

/** Runs a case in batches, record by record, and so with a restart between all elements. */
export function everyWay(
  stream: Stream<unknown>,
  inputs: readonly Input[],
  check: (harness: OperatorHarness, way: string) => void,
): void {
  check(run(stream, inputs), 'in batches')
  check(run(stream, oneByOne(inputs)), 'one by one')
  check(runWithRestarts(stream, oneByOne(inputs)), 'with restarts')
}
