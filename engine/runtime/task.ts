// Task: one partition number across the co-partitioned inputs of a stage; a deterministic state
// machine (law 1). It wires the stage's operators, takes batches from its channels, cuts them at the
// operators' timers and pushes them depth-first. It never waits; the slot loop drives it.
import { Subject } from 'rxjs'
import { type RecordBatch, sliceBatch } from '../batch/index.ts'
import { type Element, WATERMARK_MAX, WATERMARK_MIN } from '../element.ts'
import { assert } from '../errors.ts'
import type { LogicalOperator, PlannedReference, Stage, StreamReference } from '../graph/index.ts'
import type { Operator, OperatorContext } from '../operator.ts'
import type { Schema } from '../schema/index.ts'
import type { StateTable } from '../state/index.ts'
import type { Channel } from './channel.ts'
import { ChannelTable } from './channel-table.ts'
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

/** A table of a task with the operator that owns it, as checkpoints name it. */
export interface OwnedTable {
  readonly operatorId: string
  readonly table: StateTable
}

export class Task {
  /** `<stage>/<task>`: under this name its state is stored. */
  readonly id: string
  readonly stage: Stage
  readonly task: number
  readonly channelTable = new ChannelTable()
  readonly tables: OwnedTable[] = []
  readonly #nodes: OperatorNode[] = []
  readonly #sources: Subject<Element>[]
  readonly #fault = new Fault()
  readonly #parts: TaskParts
  #channels: readonly Channel[] = []
  #watermark = WATERMARK_MIN
  #barriers = 0
  #sinkCount = 0
  #isEnded = false
  #processingTime: number | undefined

  constructor(parts: TaskParts) {
    this.#parts = parts
    this.stage = parts.stage
    this.task = parts.task
    this.id = `${parts.stage.id}/${parts.task}`
    this.#sources = parts.stage.inputs.map(() => new Subject<Element>())
    this.tables.push({ operatorId: 'source', table: this.channelTable })
    for (const planned of parts.stage.operators) this.#addOperator(planned)
    for (const sink of parts.stage.sinks) this.#connectSink(sink.id, sink.input)
    for (const topic of parts.stage.repartitions) this.#connectSink(topic.id, topic.from)
  }

  get watermark(): number {
    return this.#watermark
  }

  get channels(): readonly Channel[] {
    return this.#channels
  }

  /** All channels ended and the final watermark was sent. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** After the tables were restored: connects the channels and moves to their watermarks. */
  start(channels: readonly Channel[]): void {
    this.#channels = channels
    this.channelTable.follow(channels)
    for (const node of this.#nodes) node.operator.restored?.()
    this.#isEnded = channels.length > 0 && channels.every((channel) => channel.isEnded)
    this.#advance(this.#isEnded ? WATERMARK_MAX : this.#channelWatermark())
    this.#fault.rethrow()
  }

  /** Takes the waiting batch of a channel and pushes it through the graph. Returns its records. */
  push(channel: Channel): number {
    const others = this.#channelWatermark(channel.watermarksAscend ? channel : undefined)
    const { batch, rejected, count } = channel.take()
    const input = this.stage.inputs[channel.input]
    if (input?.kind === 'topic') {
      const partition = this.task
      for (const record of rejected) {
        this.#parts.deadLetters.addRejected(input.topic.name, partition, record)
      }
    }
    if (batch !== undefined) this.#pushCut(batch, channel.input, others)
    this.#advance(this.#channelWatermark())
    this.#fault.rethrow()
    return count
  }

  /** Sends the final watermark and the end once every channel has ended. True when it did. */
  endIfDone(): boolean {
    if (this.#isEnded || !this.#channels.every((channel) => channel.isEnded)) return false
    this.#isEnded = true
    this.#advance(WATERMARK_MAX)
    for (const source of this.#sources) source.next({ kind: 'end' })
    this.#fault.rethrow()
    return true
  }

  /** Applies a tick (law 5): idle channels move on, processing-time timers fire. */
  tick(tickTime: number): void {
    this.#processingTime = tickTime
    this.#advance(this.#channelWatermark())
    for (const node of this.#nodes) node.fireProcessing(tickTime)
    this.#processingTime = undefined
    this.#fault.rethrow()
  }

  /** Ends an epoch: operators flush, and every sink has seen the barrier when this returns. */
  barrier(epoch: number): void {
    this.#barriers = 0
    for (const source of this.#sources) source.next({ kind: 'barrier', epoch })
    this.#fault.rethrow()
    assert(
      this.#barriers === this.#sinkCount,
      `task ${this.id}: ${this.#barriers} of ${this.#sinkCount} sinks saw barrier ${epoch}`,
    )
  }

  close(): void {
    for (const channel of this.#channels) channel.close()
  }

  /** Cuts the batch wherever the task's watermark crosses the next due timer. */
  #pushCut(batch: RecordBatch, input: number, others: number): void {
    const source = this.#sources[input]
    assert(source !== undefined, `task ${this.id} has no input ${input}`)
    const before = batch.watermarksBefore
    let from = 0
    while (from < batch.length) {
      // A timer that was set in the past fires at the next step of the watermark.
      const due = Math.max(this.#nextDue(), next(this.#watermark))
      const to = due > others ? batch.length : firstAtLeast(before, due, from)
      if (to > from) {
        source.next(sliceBatch(batch, from, to))
        from = to
      }
      if (from < batch.length) this.#advance(Math.min(others, before[from]!))
      if (this.#fault.isSet) return
    }
  }

  #nextDue(): number {
    let due = WATERMARK_MAX
    for (const node of this.#nodes) {
      const next = node.timers.nextDue('event')
      if (next < due) due = next
    }
    return due
  }

  #channelWatermark(except?: Channel): number {
    let watermark = WATERMARK_MAX
    for (const channel of this.#channels) {
      if (channel !== except && channel.watermark < watermark) watermark = channel.watermark
    }
    return watermark
  }

  #advance(watermark: number): void {
    if (watermark <= this.#watermark || this.#fault.isSet) return
    this.#watermark = watermark
    for (const source of this.#sources) source.next({ kind: 'watermark', time: watermark })
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
    const isOrdered = logical.order === 'total' && this.#hasSeveralChannels()
    const targets = isOrdered ? this.#orderingBuffer(node, logical) : node.inputs
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
    const buffer = new OrderingBuffer(logical.inputs.map(outputSchema))
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
    const { inputs } = this.stage
    return inputs.length > 1 || inputs.some((input) => input.kind === 'repartition')
  }

  #connectSink(id: string, input: PlannedReference): void {
    const sink = this.#parts.sinkFor(id, this.task)
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
    const input = this.stage.inputs.findIndex((each) => each.id === reference.id)
    const node = this.#nodes.find((each) => each.id === reference.id)
    const subject = node === undefined ? this.#sources[input] : node.outputs[reference.port]
    assert(subject !== undefined, `task ${this.id}: nothing called "${reference.id}"`)
    return subject
  }

  #contextOf(node: OperatorNode): OperatorContext {
    const { id, timers } = node
    const { meters, deadLetters, stage } = this.#parts
    const [input] = stage.inputs
    return {
      operatorId: id,
      task: this.task,
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

/** The next whole microsecond; itself where there is none. */
function next(watermark: number): number {
  return Number.isFinite(watermark) ? watermark + 1 : watermark
}

/** First index ≥ `from` whose value is ≥ `limit`; the length when there is none. `values` ascend. */
function firstAtLeast(values: Float64Array, limit: number, from: number): number {
  if (values.length === 0 || values[values.length - 1]! < limit) return values.length
  let low = from
  let high = values.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}
