// Law checkers: pass-through wrappers round operators, in tests and with --check, so that operators
// carry no defensive code. A violation is an InvariantError that names operator and law. They see
// one operator: that inputs were cut at timers and merged in order is checked by the runtime's own
// tests.
//
//   one call at a time     no method is entered while another runs
//   out within the call    `out` is used only during the call that it was given to
//   watermarks rise        neither input nor output watermarks fall
//   nothing after the end  neither rows in nor rows out
//   whole batches          one column a field, of its type and of the batch's length; times are
//                          numbers
//   one schema a port      all batches of a port have the same columns
//   timers before time     rows of a timer leave before a watermark that passes the timer
//   barriers ascend        epochs grow
import { type Column, columnLength, type RecordBatch } from '../batch/index.ts'
import { type Barrier, WATERMARK_MIN, type Watermark } from '../element.ts'
import { InvariantError } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import type { Operator, OperatorContext, Output, Timer } from '../operator.ts'
import { type DataType, type Schema, sameType } from '../schema/index.ts'

type Law =
  | 'one call at a time'
  | 'out within the call'
  | 'watermarks rise'
  | 'nothing after the end'
  | 'whole batches'
  | 'one schema a port'
  | 'timers before time'
  | 'barriers ascend'
  | 'restored before records'

/** The operator with every law checked round it. Has exactly the optional methods that it has. */
export function checkedOperator(operator: Operator, id: string): Operator {
  const checks = new LawChecks(id)
  const { open, restored, onTimer, onWatermark, onBarrier, onEnd, nextBoundary } = operator
  return {
    open: (context) => checks.during('open', () => open?.call(operator, checks.context(context))),
    restored: () => {
      checks.isRestored = true
      checks.during('restored', () => restored?.call(operator))
    },
    onBatch: (batch, input, out) => {
      checks.batchIn(batch, input)
      checks.sending('onBatch', out, (own) => operator.onBatch(batch, input, own))
    },
    ...(nextBoundary && { nextBoundary: (time: number) => nextBoundary.call(operator, time) }),
    ...(onTimer && {
      onTimer: (timer: Timer, out: Output) => {
        checks.timer = timer
        checks.sending('onTimer', out, (own) => onTimer.call(operator, timer, own))
        checks.timer = undefined
      },
    }),
    ...(onWatermark && {
      onWatermark: (watermark: Watermark, out: Output) => {
        checks.watermarkIn(watermark.time)
        checks.sending('onWatermark', out, (own) => onWatermark.call(operator, watermark, own))
      },
    }),
    onBarrier: (barrier, out) => {
      checks.barrierIn(barrier)
      checks.sending('onBarrier', out, (own) => onBarrier?.call(operator, barrier, own))
    },
    onEnd: (out) => {
      checks.sending('onEnd', out, (own) => onEnd?.call(operator, own))
      checks.isEnded = true
    },
  }
}

class LawChecks {
  isRestored = false
  isEnded = false
  timer: Timer | undefined
  readonly #id: string
  readonly #inputs = new Map<number, Schema<unknown>>()
  readonly #outputs = new Map<number, Schema<unknown>>()
  #running: string | undefined
  #watermarkIn = WATERMARK_MIN
  #watermarkOut = WATERMARK_MIN
  #passed = WATERMARK_MIN
  #epoch = Number.NEGATIVE_INFINITY

  constructor(id: string) {
    this.#id = id
  }

  /** Runs one method; another one must not begin before it returns. */
  during(method: string, run: () => void): void {
    if (this.#running !== undefined) {
      throw this.#broken('one call at a time', `${method} within ${this.#running}`)
    }
    this.#running = method
    try {
      run()
    } finally {
      this.#running = undefined
    }
  }

  /** Runs one method with an output that ends with it. */
  sending(method: string, out: Output, run: (own: Output) => void): void {
    let isOpen = true
    this.#passed = WATERMARK_MIN
    const within = (what: string) => {
      if (!isOpen) throw this.#broken('out within the call', `${what} after ${method} returned`)
    }
    const own: Output = {
      emit: (batch, port = 0) => {
        within('emit')
        this.#batchOut(batch, port)
        out.emit(batch, port)
      },
      watermark: (time) => {
        within('watermark')
        this.#watermark(time)
        out.watermark(time)
      },
    }
    try {
      this.during(method, () => run(own))
    } finally {
      isOpen = false
    }
  }

  batchIn(batch: RecordBatch, input: number): void {
    if (!this.isRestored) throw this.#broken('restored before records', `input ${input}`)
    if (this.isEnded) throw this.#broken('nothing after the end', `a batch at input ${input}`)
    this.#wholeBatch(batch, `input ${input}`)
    this.#sameSchema(this.#inputs, batch, input, 'input')
  }

  watermarkIn(time: number): void {
    if (Number.isNaN(time) || time < this.#watermarkIn) {
      throw this.#broken('watermarks rise', `${time} came after ${this.#watermarkIn}`)
    }
    this.#watermarkIn = time
  }

  barrierIn(barrier: Barrier): void {
    if (!(barrier.epoch > this.#epoch)) {
      throw this.#broken('barriers ascend', `epoch ${barrier.epoch} after ${this.#epoch}`)
    }
    this.#epoch = barrier.epoch
  }

  /** Rows that the operator turns into dead letters are rows of the batch. */
  context(context: OperatorContext): OperatorContext {
    return {
      ...context,
      processingTime: () => context.processingTime(),
      addTable: (table) => {
        if (this.isRestored) throw this.#broken('restored before records', `table ${table.name}`)
        context.addTable(table)
      },
      deadLetter: (batch, row, error) => {
        if (!(row >= 0 && row < batch.length)) {
          throw this.#broken('whole batches', `dead letter of row ${row} of ${batch.length}`)
        }
        context.deadLetter(batch, row, error)
      },
    }
  }

  #batchOut(batch: RecordBatch, port: number): void {
    if (this.isEnded) throw this.#broken('nothing after the end', `a batch on output ${port}`)
    this.#wholeBatch(batch, `output ${port}`)
    this.#sameSchema(this.#outputs, batch, port, 'output')
    const { timer } = this
    if (timer?.domain === 'event' && this.#passed >= timer.time) {
      throw this.#broken('timers before time', `rows after ${this.#passed}, timer ${timer.time}`)
    }
  }

  #watermark(time: number): void {
    if (Number.isNaN(time) || time < this.#watermarkOut) {
      throw this.#broken('watermarks rise', `${time} sent after ${this.#watermarkOut}`)
    }
    this.#watermarkOut = time
    this.#passed = time
  }

  #wholeBatch(batch: RecordBatch, where: string): void {
    const { length, columns, schema, eventTimes, watermarksBefore, changes, source } = batch
    const fail = (what: string) => this.#broken('whole batches', `${what} at ${where}`)
    if (length > BATCH_RECORDS_MAX) throw fail(`${length} rows`)
    if (columns.length !== schema.fields.length) throw fail(`${columns.length} columns`)
    schema.fields.forEach((field, i) => {
      const column = columns[i]
      if (column === undefined) throw fail(`no column "${field.name}"`)
      if (columnLength(column) !== length) {
        throw fail(`"${field.name}" has ${columnLength(column)} values, not ${length}`)
      }
      if (!kindsOf(field.type).includes(column.kind)) {
        throw fail(`"${field.name}" (${field.type.kind}) is a column of kind ${column.kind}`)
      }
      if (column.nulls !== undefined && column.nulls.length !== length) {
        throw fail(`"${field.name}" has ${column.nulls.length} null flags, not ${length}`)
      }
      if (!field.nullable && column.nulls?.includes(1)) throw fail(`"${field.name}" holds null`)
    })
    if (eventTimes.length !== length || eventTimes.some(Number.isNaN)) throw fail('event times')
    if (watermarksBefore.length !== length || watermarksBefore.some(Number.isNaN)) {
      throw fail('watermarks')
    }
    if (changes !== undefined && changes.length !== length) throw fail(`${changes.length} changes`)
    if (source !== undefined && source.offsets.length !== length) {
      throw fail(`${source.offsets.length} offsets`)
    }
  }

  #sameSchema(
    known: Map<number, Schema<unknown>>,
    batch: RecordBatch,
    port: number,
    side: string,
  ): void {
    const first = known.get(port)
    if (first === undefined) known.set(port, batch.schema)
    else if (first !== batch.schema && !isSame(first, batch.schema)) {
      const names = batch.schema.fields.map((field) => field.name).join(', ')
      throw this.#broken('one schema a port', `${side} ${port} changed to ${names}`)
    }
  }

  #broken(law: Law, found: string): InvariantError {
    return new InvariantError({
      code: 'LAW_BROKEN',
      message: `operator "${this.#id}" breaks the law "${law}"`,
      found,
      remedy: 'This is a fault of the operator or of the runtime, not of the data.',
    })
  }
}

function isSame(a: Schema<unknown>, b: Schema<unknown>): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, i) => {
      const other = b.fields[i]
      return (
        other !== undefined &&
        field.name === other.name &&
        field.nullable === other.nullable &&
        sameType(field.type, other.type)
      )
    })
  )
}

function kindsOf(type: DataType): readonly Column['kind'][] {
  switch (type.kind) {
    case 'date':
      return ['int32']
    case 'timestamp':
      return ['float64']
    case 'int64':
    case 'decimal':
      return ['integer']
    case 'string':
    case 'bytes':
      return ['dictionary', 'plain']
    default:
      return [type.kind]
  }
}
