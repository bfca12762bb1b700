// Wiring: the operators of one task connected over RxJS Subjects, from the stage's inputs to its
// sinks. It sends elements in and knows the next due timer; what to send when is the task's business.

import type { OperatorTable } from '../checkpoint/index.ts'
import { type Element, WATERMARK_MAX } from '../element.ts'
import { assert } from '../errors.ts'
import type { LogicalOperator, PlannedReference, Stage, StreamReference } from '../graph/index.ts'
import type { Operator, OperatorContext } from '../operator.ts'
import { Subject } from '../rxjs.ts'
import type { Schema } from '../schema/index.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { BatchTaker } from './deployment.ts'
import { Fault } from './fault.ts'
import type { Meters } from './meters.ts'
import { OperatorNode } from './operator-node.ts'
import { OrderingBuffer } from './ordering-buffer.ts'

export interface TaskParts {
  readonly stage: Stage
  readonly task: number
  readonly meters: Meters
  readonly deadLetters: DeadLetters
  /** The slot's sink for a planned sink or repartition topic of the stage. */
  readonly sinkFor: (id: string, task: number) => BatchTaker
  /** Wraps every operator, e.g. with law checkers. */
  readonly wrap?: (operator: Operator, id: string) => Operator
}

export class Wiring {
  /** Tables of the operators, their timers included. */
  readonly tables: OperatorTable[] = []
  readonly #parts: TaskParts
  readonly #nodes: OperatorNode[] = []
  readonly #sources: Subject<Element>[]
  readonly #fault = new Fault()
  #sinkCount = 0
  #timersFollowRecords = false
  #barriers = 0
  #processingTime: number | undefined

  constructor(parts: TaskParts) {
    this.#parts = parts
    const { stage } = parts
    this.#sources = stage.inputs.map(() => new Subject<Element>())
    for (const planned of stage.operators) this.#addOperator(planned)
    for (const sink of stage.sinks) this.#connectSink(sink.id, sink.input)
    for (const topic of stage.repartitions) this.#connectSink(topic.id, topic.from)
  }

  /** Something failed: nothing is taken any more, and `rethrow` throws it. */
  get hasFailed(): boolean {
    return this.#fault.isSet
  }

  rethrow(): void {
    this.#fault.rethrow()
  }

  /** All tables are restored: operators derive what is derived. */
  restored(): void {
    for (const node of this.#nodes) node.operator.restored?.()
  }

  /** Sends an element into one input of the stage. */
  push(input: number, element: Element): void {
    const source = this.#sources[input]
    assert(source !== undefined, `stage ${this.#parts.stage.id} has no input ${input}`)
    source.next(element)
  }

  /** Sends an element into every input. */
  send(element: Element): void {
    for (const source of this.#sources) source.next(element)
  }

  /** Sends a barrier; every sink has seen it when this returns. */
  barrier(epoch: number): void {
    this.#barriers = 0
    this.send({ kind: 'barrier', epoch })
    this.rethrow()
    assert(
      this.#barriers === this.#sinkCount,
      `barrier ${epoch} reached ${this.#barriers} of ${this.#sinkCount} sinks`,
    )
  }

  /**
   * A record may set a timer that is due before the next record of its batch, and the operator must
   * see both in order: batches are cut wherever the watermark rises.
   */
  get timersFollowRecords(): boolean {
    return this.#timersFollowRecords
  }

  /** Time of the next event-time timer, set or possible, of any operator; or the final watermark. */
  nextDue(watermark: number): number {
    let due = WATERMARK_MAX
    for (const { timers, operator } of this.#nodes) {
      due = Math.min(due, timers.nextDue('event'))
      const boundary = operator.nextBoundary?.(watermark)
      if (boundary !== undefined && boundary < due) due = boundary
    }
    return due
  }

  /** Fires the processing-time timers that a tick makes due. True when there was one. */
  fireProcessing(tickTime: number): boolean {
    this.#processingTime = tickTime
    let any = false
    for (const node of this.#nodes) any = node.fireProcessing(tickTime) || any
    this.#processingTime = undefined
    return any
  }

  #addOperator(planned: Stage['operators'][number]): void {
    const { logical, id } = planned
    const made = logical.instantiate()
    const operator = this.#parts.wrap?.(made, id) ?? made
    const node = new OperatorNode({
      id,
      operator,
      inputs: planned.inputs.length,
      outputs: logical.outputs.length,
      fault: this.#fault,
    })
    this.tables.push({ operatorId: id, table: node.timers })
    operator.open?.(this.#contextOf(node))
    const isTotal = logical.order === 'total'
    const isOrdered = isTotal && (this.#hasSeveralChannels() || this.#waysMeet(planned))
    const targets = isOrdered ? this.#orderingBuffer(node, logical) : node.inputs
    if (isTotal && !isOrdered && operator.onTimer !== undefined) this.#timersFollowRecords = true
    planned.inputs.forEach((input, port) => {
      const target = targets[port]
      assert(target !== undefined, `operator "${id}" has no input ${port}`)
      this.#output(input).subscribe(target)
    })
    this.#nodes.push(node)
  }

  /** Puts an ordering buffer before a node; returns its inputs. */
  #orderingBuffer(before: OperatorNode, logical: LogicalOperator): readonly Subject<Element>[] {
    const inputs = before.inputs.length
    const hasTimers = before.operator.onTimer !== undefined
    const buffer = new OrderingBuffer(logical.inputs.map(outputSchema), hasTimers)
    const id = `${before.id}.order`
    const node = new OperatorNode({
      id,
      operator: buffer,
      inputs,
      outputs: inputs,
      fault: this.#fault,
    })
    buffer.open(this.#contextOf(node))
    node.outputs.forEach((output, port) => {
      const target = before.inputs[port]
      if (target !== undefined) output.subscribe(target)
    })
    this.#nodes.push(node)
    return node.inputs
  }

  #hasSeveralChannels(): boolean {
    const { inputs } = this.#parts.stage
    return inputs.length > 1 || inputs.some((input) => input.kind === 'repartition')
  }

  /** Rows of one channel reach the operator on several ways: batches would show in their order. */
  #waysMeet(planned: Stage['operators'][number]): boolean {
    if (planned.inputs.length > 1) return true
    const { operators } = this.#parts.stage
    return planned.inputs.some(({ id }) => {
      const above = operators.find((each) => each.id === id)
      return above !== undefined && this.#waysMeet(above)
    })
  }

  #connectSink(id: string, input: PlannedReference): void {
    const sink = this.#parts.sinkFor(id, this.#parts.task)
    this.#sinkCount++
    this.#output(input).subscribe({
      next: (element) => {
        if (element.kind === 'barrier') this.#barriers++
        if (element.kind === 'watermark') sink.watermark?.(element.time)
        if (element.kind === 'end') sink.end?.()
        if (element.kind !== 'batch' || this.#fault.isSet) return
        try {
          sink.write(element)
          this.#parts.meters.add('rows_out', id, element.length)
        } catch (error) {
          this.#fault.raise(error, id, element)
        }
      },
    })
  }

  #output(reference: PlannedReference): Subject<Element> {
    const input = this.#parts.stage.inputs.findIndex((each) => each.id === reference.id)
    const node = this.#nodes.find((each) => each.id === reference.id)
    const subject = node === undefined ? this.#sources[input] : node.outputs[reference.port]
    assert(subject !== undefined, `stage ${this.#parts.stage.id}: nothing called "${reference.id}"`)
    return subject
  }

  #contextOf(node: OperatorNode): OperatorContext {
    const { id, timers } = node
    const { meters, deadLetters, stage } = this.#parts
    const [input] = stage.inputs
    return {
      operatorId: id,
      task: this.#parts.task,
      tasks: stage.tasks,
      timers,
      meters: { count: (name, by) => meters.add(name, id, by) },
      addTable: (table) => this.tables.push({ operatorId: id, table }),
      deadLetter: (batch, row, error) => {
        deadLetters.addRow(input?.id ?? '', id, batch, row, error)
      },
      processingTime: () => this.#processingTime,
    }
  }
}

function outputSchema({ operator, port }: StreamReference): Schema<unknown> {
  const output = operator.outputs[port]
  assert(output !== undefined, `operator ${operator.kind} has no output ${port}`)
  return output.schema
}
