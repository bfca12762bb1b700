// The planner: a logical job and the partition counts of its topics become stages. A stage is the
// operators between two topics; its tasks share nothing. Where keys must meet that may lie in
// different tasks, it ends a stage with a repartition topic.
//
//   orders (4) ── filter ──┐ repartition by user_id (4)
//                 stage s0 └──▶ window ── sinks            stage s1
import { assert } from '../errors.ts'
import { type LogicalJob, type LogicalSink, type OpenSinks, topicOf } from './job.ts'
import type { LogicalOperator, StreamReference } from './logical-operator.ts'
import { operatorIds } from './operator-ids.ts'
import { checkChangelogs, checkOutputsUsed, partitionsDiffer } from './plan-checks.ts'
import type { Topic } from './topic.ts'

/** What the rows of a stream are partitioned by; `keys` undefined: by nothing known. */
export interface Partitioning {
  readonly keys: readonly string[] | undefined
  readonly count: number
  /** Topics whose producers' word this is, to be checked record by record. */
  readonly declaredBy: readonly string[]
}

/** Where a stage's records come from. */
export type StageInput =
  | { readonly kind: 'topic'; readonly id: string; readonly topic: Topic }
  | {
      readonly kind: 'repartition'
      /** Name of the repartition topic: `<job>.repartition.<operator>`. */
      readonly id: string
      readonly keys: readonly string[]
      readonly from: PlannedReference
      /** Tasks of the stage that writes it: the channels of each reading task. */
      readonly channels: number
    }

/** An output port of something in the plan: a stage input or an operator. */
export interface PlannedReference {
  readonly stage: number
  readonly id: string
  readonly port: number
}

export interface PlannedOperator {
  readonly id: string
  readonly logical: LogicalOperator
  readonly inputs: readonly PlannedReference[]
}

export interface PlannedSink {
  readonly id: string
  readonly logical: LogicalSink
  readonly input: PlannedReference
}

export interface Stage {
  /** `s0`, `s1`, … in topological order. */
  readonly id: string
  readonly tasks: number
  readonly inputs: readonly StageInput[]
  /** Topological order. */
  readonly operators: readonly PlannedOperator[]
  readonly sinks: readonly PlannedSink[]
  /** Repartition topics that this stage writes. */
  readonly repartitions: readonly Extract<StageInput, { kind: 'repartition' }>[]
  /** Inputs whose declared partitioner the results rely on: the key columns to check. */
  readonly checkedInputs: ReadonlyMap<string, readonly string[]>
}

export interface Plan {
  readonly job: string
  readonly stages: readonly Stage[]
}

/** Partition counts of the topics that the job reads, as bound at deployment. */
export type PartitionCounts = (topic: Topic) => number

interface Draft {
  inputs: StageInput[]
  operators: PlannedOperator[]
  sinks: PlannedSink[]
  repartitions: Extract<StageInput, { kind: 'repartition' }>[]
  checkedInputs: Map<string, readonly string[]>
  tasks: number
}

interface Placed {
  readonly reference: PlannedReference
  readonly partitioning: Partitioning
}

/**
 * Cuts a job into stages. Sinks that are not opened are left out, with the operators and topics that
 * only they need; ids are those of the whole job.
 * @throws ConfigError LATE_UNROUTED, OPERATOR_ID_AMBIGUOUS, PARTITIONS_DIFFER, CHANGELOG_INPUT,
 * CHANGELOG_SINK, CHANGELOG_KEYLESS
 */
export function planJob(
  job: LogicalJob,
  partitions: PartitionCounts,
  isOpen: OpenSinks = () => true,
): Plan {
  return new Planner(job, partitions).plan(isOpen)
}

class Planner {
  readonly #job: LogicalJob
  readonly #partitions: PartitionCounts
  readonly #ids: ReadonlyMap<LogicalOperator, string>
  readonly #drafts: Draft[] = []
  readonly #placed = new Map<LogicalOperator, Placed>()
  readonly #repartitioned = new Map<string, Placed>()

  constructor(job: LogicalJob, partitions: PartitionCounts) {
    this.#job = job
    this.#partitions = partitions
    this.#ids = operatorIds(job)
  }

  plan(isOpen: OpenSinks): Plan {
    checkOutputsUsed(this.#job, this.#ids)
    checkChangelogs(this.#job, this.#ids)
    for (const sink of this.#job.sinks.filter(isOpen)) {
      const { reference } = this.#place(sink.input.operator)
      const input = { ...reference, port: sink.input.port }
      this.#draft(reference.stage).sinks.push({ id: sink.id, logical: sink, input })
    }
    const stages = this.#drafts.map((draft, i) => ({ id: `s${i}`, ...draft }))
    return { job: this.#job.name, stages }
  }

  #place(operator: LogicalOperator): Placed {
    const known = this.#placed.get(operator)
    if (known !== undefined) return known
    const placed = operator.inputs.length === 0 ? this.#source(operator) : this.#step(operator)
    this.#placed.set(operator, placed)
    return placed
  }

  #source(operator: LogicalOperator): Placed {
    const topic = topicOf(operator)
    const count = this.#partitions(topic)
    const stage = this.#drafts.length
    this.#drafts.push({
      inputs: [{ kind: 'topic', id: topic.name, topic }],
      operators: [],
      sinks: [],
      repartitions: [],
      checkedInputs: new Map(),
      tasks: count,
    })
    const isKeyed = topic.partitioner === 'murmur2' && topic.key.length > 0
    return {
      reference: { stage, id: topic.name, port: 0 },
      partitioning: {
        keys: isKeyed ? topic.key : undefined,
        count,
        declaredBy: isKeyed ? [topic.name] : [],
      },
    }
  }

  #step(operator: LogicalOperator): Placed {
    const id = this.#id(operator)
    const nameOf = (at: number) => (operator.inputs.length > 1 ? `${id}.${at}` : id)
    const placeAll = () =>
      operator.inputs.map((input, at) => this.#input(operator, nameOf(at), input))
    // Placing one input may unite and renumber stages, so the places are read again each time.
    placeAll()
    let inputs = placeAll()
    const other = () => inputs.find((input) => input.reference.stage !== inputs[0]?.reference.stage)
    for (let apart = other(); apart !== undefined; apart = other()) {
      this.#unite(inputs[0]?.reference.stage ?? 0, apart.reference.stage, id)
      inputs = placeAll()
    }
    const stage = inputs[0]?.reference.stage ?? 0
    const draft = this.#draft(stage)
    const references = inputs.map((input) => ({ ...input.reference, stage }))
    draft.operators.push({ id, logical: operator, inputs: references })
    return {
      reference: { stage, id, port: 0 },
      partitioning: partitioningAfter(
        operator,
        inputs.map((input) => input.partitioning),
      ),
    }
  }

  /** The input as the operator needs it: as it is, checked, or behind a repartition topic. */
  #input(operator: LogicalOperator, name: string, input: StreamReference): Placed {
    const placed = this.#place(input.operator)
    const { partitioning } = placed
    const reference = { ...placed.reference, port: input.port }
    const { keys } = operator
    if (keys === undefined || partitioning.count === 1) return { reference, partitioning }
    if (sameKeys(partitioning.keys, keys)) {
      const { checkedInputs } = this.#draft(reference.stage)
      for (const topic of partitioning.declaredBy) checkedInputs.set(topic, keys)
      return { reference, partitioning }
    }
    return this.#repartition(reference, keys, partitioning.count, name)
  }

  #repartition(
    from: PlannedReference,
    keys: readonly string[],
    count: number,
    end: string,
  ): Placed {
    const shared = `${from.id}/${from.port}/${keys.join(',')}`
    const known = this.#repartitioned.get(shared)
    if (known !== undefined) return known
    const name = `${this.#job.name}.repartition.${end}`
    const input = { kind: 'repartition', id: name, keys, from, channels: count } as const
    this.#draft(from.stage).repartitions.push(input)
    const stage = this.#drafts.length
    this.#drafts.push({
      inputs: [input],
      operators: [],
      sinks: [],
      repartitions: [],
      checkedInputs: new Map(),
      tasks: count,
    })
    const placed = {
      reference: { stage, id: name, port: 0 },
      partitioning: { keys, count, declaredBy: [] },
    }
    this.#repartitioned.set(shared, placed)
    return placed
  }

  /** Two stages that meet in one operator become one; both must have the same number of tasks. */
  #unite(a: number, b: number, id: string): void {
    const [keep, gone] = a < b ? [a, b] : [b, a]
    const into = this.#draft(keep)
    const other = this.#draft(gone)
    if (into.tasks !== other.tasks) throw partitionsDiffer(id, into, other)
    into.inputs.push(...other.inputs)
    into.operators.push(...other.operators)
    into.sinks.push(...other.sinks)
    into.repartitions.push(...other.repartitions)
    for (const [input, keys] of other.checkedInputs) into.checkedInputs.set(input, keys)
    this.#drafts.splice(gone, 1)
    this.#renumber((stage) => (stage === gone ? keep : stage > gone ? stage - 1 : stage))
  }

  #renumber(of: (stage: number) => number): void {
    const moved = (reference: PlannedReference) => ({ ...reference, stage: of(reference.stage) })
    for (const draft of this.#drafts) {
      draft.operators = draft.operators.map((operator) => ({
        ...operator,
        inputs: operator.inputs.map(moved),
      }))
      draft.sinks = draft.sinks.map((sink) => ({ ...sink, input: moved(sink.input) }))
      draft.repartitions = draft.repartitions.map((r) => ({ ...r, from: moved(r.from) }))
      draft.inputs = draft.inputs.map((input) =>
        input.kind === 'repartition' ? { ...input, from: moved(input.from) } : input,
      )
    }
    renumberPlaced(this.#placed, moved)
    renumberPlaced(this.#repartitioned, moved)
  }

  #draft(stage: number): Draft {
    const draft = this.#drafts[stage]
    assert(draft !== undefined, `stage ${stage} of ${this.#drafts.length}`)
    return draft
  }

  #id(operator: LogicalOperator): string {
    const id = this.#ids.get(operator)
    assert(id !== undefined, `operator ${operator.kind} has no id`)
    return id
  }
}

function renumberPlaced<K>(
  placed: Map<K, Placed>,
  moved: (reference: PlannedReference) => PlannedReference,
): void {
  for (const [key, value] of placed)
    placed.set(key, { ...value, reference: moved(value.reference) })
}

function partitioningAfter(operator: LogicalOperator, inputs: readonly Partitioning[]) {
  const [first] = inputs
  assert(first !== undefined, `operator ${operator.kind} has no input`)
  const agreed = inputs.every((input) => sameKeys(input.keys, first.keys ?? []))
  const { keys } = first
  const kept =
    agreed &&
    keys !== undefined &&
    (operator.preserves === 'all' || keys.every((key) => operator.preserves.includes(key)))
  const declaredBy = [...new Set(inputs.flatMap((input) => input.declaredBy))]
  return { keys: kept ? keys : undefined, count: first.count, declaredBy }
}

function sameKeys(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((key, i) => key === b[i])
}
