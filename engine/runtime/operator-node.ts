// OperatorNode: wires one Operator of one task into the graph: a Subject per input and output port,
// the minimum of the inputs' watermarks, a barrier once all inputs have it, timers fired before the
// watermark that made them due. It knows nothing of what the operator computes.

import type { RecordBatch } from '../batch/index.ts'
import {
  type Barrier,
  type Element,
  type EndOfStream,
  WATERMARK_MAX,
  WATERMARK_MIN,
} from '../element.ts'
import { assert, assertNever } from '../errors.ts'
import type { Operator, Output } from '../operator.ts'
import { Subject } from '../rxjs.ts'
import type { Fault } from './fault.ts'
import { TimerQueue } from './timer-queue.ts'

export interface OperatorNodeParts {
  readonly id: string
  readonly operator: Operator
  readonly inputs: number
  readonly outputs: number
  readonly fault: Fault
}

export class OperatorNode {
  readonly id: string
  readonly operator: Operator
  readonly timers = new TimerQueue()
  readonly inputs: readonly Subject<Element>[]
  readonly outputs: readonly Subject<Element>[]
  readonly #fault: Fault
  readonly #watermarks: Float64Array
  readonly #out: Output
  #watermark = WATERMARK_MIN
  #emitted = WATERMARK_MIN
  #barriers = 0
  #ended = 0

  constructor(parts: OperatorNodeParts) {
    this.id = parts.id
    this.operator = parts.operator
    this.#fault = parts.fault
    this.inputs = Array.from({ length: parts.inputs }, () => new Subject<Element>())
    this.outputs = Array.from({ length: parts.outputs }, () => new Subject<Element>())
    this.#watermarks = new Float64Array(parts.inputs).fill(WATERMARK_MIN)
    this.#out = {
      emit: (batch, port = 0) => {
        if (batch.length > 0) this.#port(port).next(batch)
      },
      watermark: (time) => this.#emitWatermark(time),
    }
    this.inputs.forEach((subject, input) => {
      subject.subscribe({
        next: (element) => this.#receive(element, input),
        error: (error) => this.#fault.raise(error, this.id),
        complete: () => {
          assert(this.#ended > 0, `operator "${this.id}": input ended without EndOfStream`)
        },
      })
    })
  }

  /** The watermark of the operator's inputs. */
  get watermark(): number {
    return this.#watermark
  }

  /** Fires the processing-time timers that a tick makes due (law 5). True when there was one. */
  fireProcessing(until: number): boolean {
    for (let fired = false; ; fired = true) {
      const timer = this.timers.takeDue('processing', until)
      if (timer === undefined || this.#fault.isSet) return fired
      this.#guard(() => this.operator.onTimer?.(timer, this.#out))
    }
  }

  #receive(element: Element, input: number): void {
    if (this.#fault.isSet) return
    switch (element.kind) {
      case 'batch':
        this.#batch(element, input)
        return
      case 'watermark':
        this.#advance(element.time, input)
        return
      case 'barrier':
        this.#barrier(element)
        return
      case 'end':
        this.#end(element)
        return
      default:
        assertNever(element)
    }
  }

  #batch(batch: RecordBatch, input: number): void {
    try {
      this.operator.onBatch(batch, input, this.#out)
    } catch (error) {
      this.#fault.raise(error, this.id, batch)
    }
  }

  #advance(time: number, input: number): void {
    this.#watermarks[input] = time
    let watermark = WATERMARK_MAX
    for (const each of this.#watermarks) if (each < watermark) watermark = each
    if (watermark <= this.#watermark) return
    this.#watermark = watermark
    this.#fireEventTimers(watermark)
    if (this.#fault.isSet) return
    const { operator } = this
    if (operator.onWatermark === undefined) this.#emitWatermark(watermark)
    else {
      this.#guard(() => operator.onWatermark?.({ kind: 'watermark', time: watermark }, this.#out))
    }
  }

  /** Rows of a timer leave before its watermark; the next timer's rows come after that. */
  #fireEventTimers(watermark: number): void {
    for (;;) {
      const due = this.timers.nextDue('event')
      if (due > watermark || due === WATERMARK_MAX || this.#fault.isSet) return
      for (;;) {
        const timer = this.timers.takeDue('event', due)
        if (timer === undefined) break
        this.#guard(() => this.operator.onTimer?.(timer, this.#out))
        if (this.#fault.isSet) return
      }
      if (this.operator.onWatermark === undefined) this.#emitWatermark(due)
    }
  }

  #barrier(barrier: Barrier): void {
    this.#barriers++
    if (this.#barriers < this.inputs.length) return
    this.#barriers = 0
    this.#guard(() => this.operator.onBarrier?.(barrier, this.#out))
    this.#forward(barrier)
  }

  #end(end: EndOfStream): void {
    this.#ended++
    if (this.#ended < this.inputs.length) return
    this.#guard(() => this.operator.onEnd?.(this.#out))
    this.#forward(end)
  }

  #emitWatermark(time: number): void {
    if (time <= this.#emitted) return
    this.#emitted = time
    this.#forward({ kind: 'watermark', time })
  }

  #forward(element: Element): void {
    if (this.#fault.isSet) return
    for (const output of this.outputs) output.next(element)
  }

  #guard(run: () => void): void {
    if (this.#fault.isSet) return
    try {
      run()
    } catch (error) {
      this.#fault.raise(error, this.id)
    }
  }

  #port(port: number): Subject<Element> {
    const subject = this.outputs[port]
    assert(subject !== undefined, `operator "${this.id}" has no output ${port}`)
    return subject
  }
}
