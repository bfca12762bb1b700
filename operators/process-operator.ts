// ProcessOperator: runs a process function: one record or timer at a time, its key encoded once,
// its state behind handles, its rows gathered into batches. What the function throws stops the job.
import { ByteWriter, columnAt, type RecordBatch, rowAt } from '../engine/batch/index.ts'
import { type KeyCodec, keyCodec } from '../engine/codec/index.ts'
import { WATERMARK_MIN, type Watermark } from '../engine/element.ts'
import { ConfigError, UserCodeError } from '../engine/errors.ts'
import type { Operator, OperatorContext, Output, Timer, Timers } from '../engine/operator.ts'
import { fieldAt, float64, type Schema, schema } from '../engine/schema/index.ts'
import { ValueTable } from '../engine/state/index.ts'
import {
  type RunningState,
  runningState,
  type StateCursor,
  type StateSpecs,
} from './process-state.ts'
import { GivenRows } from './row-batches.ts'

export interface ProcessParts {
  readonly input: Schema<unknown>
  readonly keyColumns: readonly number[]
  /** Name and schema of each output; the main one first. */
  readonly outputs: readonly (readonly [string, Schema<unknown>])[]
  readonly state: StateSpecs
  readonly onRecord: (row: never, context: never) => void
  readonly onTimer: ((timer: never, context: never) => void) | undefined
}

const CLOCK_KEY = new Uint8Array(0)
const clockSchema = schema({ seen: float64(), watermark: float64() })

/** The record or timer at hand. */
interface Current extends StateCursor {
  values: Record<string, unknown>
  watermark: number
  where: string
}

export class ProcessOperator implements Operator {
  readonly #parts: ProcessParts
  readonly #codec: KeyCodec
  readonly #current: Current = {
    key: new Uint8Array(),
    time: 0,
    values: {},
    watermark: WATERMARK_MIN,
    where: '',
  }
  readonly #states: readonly RunningState[]
  readonly #rows: readonly GivenRows[]
  readonly #clock = new ValueTable({ name: 'clock', schema: clockSchema })
  readonly #userContext: object
  /** The latest event time seen: what expired by it must stay so after a restart. */
  #seen = WATERMARK_MIN
  #watermark = WATERMARK_MIN
  #sent = WATERMARK_MIN
  #due = WATERMARK_MIN
  #context: OperatorContext | undefined

  constructor(parts: ProcessParts) {
    this.#parts = parts
    this.#codec = keyCodec(parts.keyColumns.map((index) => fieldAt(parts.input, index)))
    const entries = Object.entries(parts.state)
    this.#states = entries.map(([name, spec]) => runningState(name, spec, this.#current))
    this.#rows = parts.outputs.map(() => new GivenRows())
    const handles = entries.map(([name], i) => [name, this.#states[i]?.handle] as const)
    this.#userContext = this.#contextFor(Object.fromEntries(handles))
  }

  open(context: OperatorContext): void {
    this.#context = context
    context.addTable(this.#clock)
    for (const { table } of this.#states) context.addTable(table)
  }

  restored(): void {
    const stored = this.#clock.get(CLOCK_KEY)
    if (typeof stored?.seen === 'number') this.#seen = stored.seen
    if (typeof stored?.watermark === 'number') this.#watermark = stored.watermark
  }

  onBatch(batch: RecordBatch, _input: number, out: Output): void {
    const current = this.#current
    const { keyColumns, onRecord } = this.#parts
    const columns = keyColumns.map((index) => columnAt(batch, index))
    const writer = new ByteWriter(32)
    for (let row = 0; row < batch.length; row++) {
      const record = rowAt(batch, row)
      writer.clear()
      this.#codec.encode(columns, row, writer)
      current.key = writer.toBytes()
      current.time = batch.eventTimes[row]!
      current.watermark = batch.watermarksBefore[row]!
      current.values = this.#keyValues((i) => record[fieldAt(this.#parts.input, i).name])
      current.where = positionOf(batch, row)
      this.#expire(current.time)
      this.#call(() => Reflect.apply(onRecord, undefined, [record, this.#userContext]))
    }
    this.#send(out)
  }

  onTimer(timer: Timer, out: Output): void {
    if (timer.domain === 'event') {
      // The rows of this timer may not come after its watermark, but those of earlier ones went
      // out.
      if (timer.time > this.#due) this.#forward(this.#due, out)
      this.#due = timer.time
    }
    const current = this.#current
    const isEvent = timer.domain === 'event'
    const watermark = Number.isFinite(this.#watermark) ? this.#watermark : timer.time
    current.key = timer.key ?? new Uint8Array()
    current.time = isEvent ? timer.time : watermark
    // Strictly before the timer: the row is on time for every window that it falls into.
    current.watermark = isEvent ? timer.time - 1 : this.#watermark
    const values = this.#codec.decode(current.key)
    current.values = this.#keyValues((_, i) => values[i])
    current.where = `${timer.domain} timer at ${timer.time} of key ${shown(current.values)}`
    this.#expire(current.time)
    const { onTimer } = this.#parts
    if (onTimer !== undefined) {
      const due = { time: timer.time, domain: timer.domain }
      this.#call(() => Reflect.apply(onTimer, undefined, [due, this.#userContext]))
    }
    this.#send(out)
  }

  onWatermark(watermark: Watermark, out: Output): void {
    for (const { table } of this.#states) table.expire(watermark.time)
    this.#forward(watermark.time, out)
  }

  onBarrier(): void {
    const stored = this.#clock.get(CLOCK_KEY)
    if (stored?.seen === this.#seen && stored.watermark === this.#watermark) return
    this.#clock.put(CLOCK_KEY, { seen: this.#seen, watermark: this.#watermark })
  }

  #forward(time: number, out: Output): void {
    if (time > this.#watermark) this.#watermark = time
    if (time <= this.#sent) return
    this.#sent = time
    out.watermark(time)
  }

  #expire(time: number): void {
    if (time > this.#seen) this.#seen = time
    for (const { table } of this.#states) table.expire(this.#seen)
  }

  #keyValues(valueAt: (column: number, i: number) => unknown): Record<string, unknown> {
    const { input, keyColumns } = this.#parts
    return Object.fromEntries(
      keyColumns.map((column, i) => [fieldAt(input, column).name, valueAt(column, i)]),
    )
  }

  #call(run: () => void): void {
    try {
      run()
    } catch (error) {
      throw failed(error, this.#context?.operatorId, this.#current.where)
    }
  }

  #send(out: Output): void {
    this.#rows.forEach((rows, port) => {
      if (rows.length === 0) return
      const [, schema] = this.#parts.outputs[port] ?? ['', this.#parts.input]
      const refuse = (_: number, error: unknown) => {
        throw failed(error, this.#context?.operatorId, this.#current.where)
      }
      for (const batch of rows.take(schema, undefined, refuse)) out.emit(batch, port)
    })
  }

  #contextFor(state: object): object {
    const current = this.#current
    const context = () => this.#context
    const add = (port: number, row: unknown) => {
      const [, schema] = this.#parts.outputs[port] ?? ['', this.#parts.input]
      const { time, watermark } = current
      this.#rows[port]?.check(schema, row)
      this.#rows[port]?.add(row, time, watermark, -1)
    }
    return {
      state,
      get key() {
        return current.values
      },
      get eventTime() {
        return current.time
      },
      get watermark() {
        return current.watermark
      },
      get processingTime() {
        return context()?.processingTime()
      },
      emit: (row: unknown) => add(0, row),
      emitTo: (name: string, row: unknown) => {
        const port = this.#parts.outputs.findIndex(([output], i) => i > 0 && output === name)
        if (port < 0) throw unknownOutput(name)
        add(port, row)
      },
      schedule: (time: number, domain?: Timer['domain']) => {
        this.#timers().schedule(checkedTime(time), current.key, domain)
      },
      cancel: (time: number, domain?: Timer['domain']) => {
        this.#timers().cancel(checkedTime(time), current.key, domain)
      },
    }
  }

  #timers(): Timers {
    const timers = this.#context?.timers
    if (timers === undefined) throw new RangeError('the operator is not open')
    return timers
  }
}

function checkedTime(time: number): number {
  if (Number.isSafeInteger(time)) return time
  throw new ConfigError({
    code: 'TIMER_TIME',
    message: 'a timer can not be set',
    expected: 'whole epoch microseconds',
    found: `${time}`,
    remedy: 'Compute it from context.eventTime, which is in microseconds.',
  })
}

function positionOf(batch: RecordBatch, row: number): string {
  const { source } = batch
  const time = `event time ${batch.eventTimes[row]!} µs`
  if (source === undefined) return `a record of ${time}`
  return `partition ${source.partition}, offset ${source.offsets[row]!}, ${time}`
}

function shown(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ')
}

function unknownOutput(name: string): ConfigError {
  return new ConfigError({
    code: 'OUTPUT_UNKNOWN',
    message: 'a row was sent to a side output that is not declared',
    found: `"${name}"`,
    remedy: 'Declare it in sideOutputs.',
  })
}

function failed(error: unknown, operatorId: string | undefined, where: string): UserCodeError {
  const text = error instanceof Error ? error.message : String(error)
  return new UserCodeError({
    code: 'PROCESS_FAILED',
    message: `the function of operator "${operatorId ?? 'process'}" threw: ${text}`,
    found: where,
    remedy: 'Correct the function; the job goes on from its last epoch.',
    cause: error,
  })
}
