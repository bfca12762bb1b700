// Explain: a plan as text for people and as a mermaid flowchart. It shows what the planner decided and
// nothing more: where stages end and why, what each operator is given, what each sink promises, and
// what takes the job out of the replay-equal promise.
import { formatDuration } from '../time/index.ts'
import { hasLambda, optionTexts } from './explain-options.ts'
import type { LogicalOperator } from './logical-operator.ts'
import type { Plan, PlannedOperator, PlannedReference, Stage, StageInput } from './plan.ts'
import type { Topic } from './topic.ts'

export interface ExplainOptions {
  /** Shows which slot owns which tasks. */
  readonly slots?: number
}

/** The plan as lines of text; ends in a newline. */
export function explainText(plan: Plan, options: ExplainOptions = {}): string {
  const tasks = plan.stages.reduce((sum, stage) => sum + stage.tasks, 0)
  const { slots } = options
  const head = `job ${plan.job}: ${counted(plan.stages.length, 'stage')}, ${counted(tasks, 'task')}`
  const lines = [
    slots === undefined ? head : `${head}, ${counted(slots, 'slot')}`,
    ...plan.stages.flatMap((stage) => ['', ...stageLines(plan, stage, slots)]),
    '',
    ...promiseLines(plan),
  ]
  return `${lines.join('\n')}\n`
}

function stageLines(plan: Plan, stage: Stage, slots: number | undefined): string[] {
  const { id, tasks } = stage
  return [
    `stage ${id}: ${counted(tasks, 'task')}${ownersText(slots ?? 1, tasks)}`,
    ...stage.inputs.flatMap((input) => inputLines(stage, input)),
    ...stage.operators.flatMap((operator) => operatorLines(plan, operator)),
    ...stage.repartitions.map(({ id: topic, keys, from, channels }) => {
      const source = referenceText(plan, from)
      return `  ends in topic ${topic}: by ${keys.join(', ')} into ${channels} ← ${source}`
    }),
    ...stage.sinks.flatMap((sink) => {
      const { promise, finalOnly } = sink.logical.description
      const remark = promise.remark === undefined ? '' : ` (${promise.remark})`
      const final = finalOnly ? ', final rows only' : ''
      return [
        `  sink ${sink.id} ← ${referenceText(plan, sink.input)}`,
        `       ${promise.delivery}${remark}${final}`,
      ]
    }),
  ]
}

/** Which slot owns which tasks, where there is more than one slot. */
function ownersText(slots: number, tasks: number): string {
  if (slots === 1) return ''
  const owners = Array.from({ length: Math.min(slots, tasks) }, (_, slot) => {
    return `slot ${slot}: ${ownTasks(slot, slots, tasks)}`
  })
  return `; ${owners.join(', ')}`
}

function ownTasks(slot: number, slots: number, tasks: number): string {
  const own = Array.from({ length: tasks }, (_, task) => task).filter((t) => t % slots === slot)
  return own.length > 4 ? `${own.slice(0, 3).join(' ')} … ${own.at(-1)}` : own.join(' ')
}

function inputLines(stage: Stage, input: StageInput): string[] {
  if (input.kind === 'repartition') {
    return [
      `  from topic ${input.id}: repartitioned by ${input.keys.join(', ')}, ` +
        `${counted(input.channels, 'channel')} a task with its watermark in band`,
    ]
  }
  const { topic } = input
  const checked = stage.checkedInputs.get(input.id)
  const key = topic.key.length === 0 ? '' : ` of ${topic.key.join(', ')}`
  const relied = checked === undefined ? '' : `, relied on for ${checked.join(', ')} and checked`
  return [
    `  from topic ${topic.name}: ${topic.format}, ${counted(stage.tasks, 'partition')}, ` +
      `partitioner ${topic.partitioner}${key}${relied}`,
    `       ${timeFacts(topic).join('; ')}`,
  ]
}

function timeFacts(topic: Topic): string[] {
  const { watermark, eventTime, idleAfterMicros, farFutureMicros } = topic
  return [
    `watermark ${watermarkText(eventTime, watermark)}`,
    ...(idleAfterMicros === undefined ? [] : [`idle after ${formatDuration(idleAfterMicros)}`]),
    ...(farFutureMicros === undefined
      ? []
      : [`refuses more than ${formatDuration(farFutureMicros)} ahead`]),
  ]
}

function watermarkText(eventTime: string, policy: Topic['watermark']): string {
  switch (policy.kind) {
    case 'bounded-disorder':
      return `${eventTime} - ${formatDuration(policy.disorderMicros)}`
    case 'monotonic':
      return `${eventTime}, which never falls`
    case 'field':
      return `from column ${policy.column}`
  }
}

function operatorLines(plan: Plan, { id, logical, inputs }: PlannedOperator): string[] {
  const from = inputs.map((input) => referenceText(plan, input)).join(', ')
  const kind = logical.kind === id ? '' : ` (${logical.kind})`
  const options = optionTexts(logical.options)
  return [
    `  operator ${id}${kind} ← ${from}`,
    ...(options.length === 0 ? [] : [`       ${options.join('; ')}`]),
    `       ${operatorFacts(logical).join('; ')}`,
    ...unusedOutputs(plan, id, logical).map((name) => `       output ${name}: dropped by name`),
  ]
}

function operatorFacts(logical: LogicalOperator): string[] {
  const { keys, order, isStateful, nondeterministic, outputs } = logical
  return [
    isStateful ? `state under id ${logical.name ?? logical.kind}` : 'stateless',
    ...(keys === undefined ? [] : [`keys ${keys.join(', ')}`]),
    `order ${order}`,
    ...(outputs[0]?.isChangelog === true ? ['gives a changelog'] : []),
    ...(nondeterministic === undefined ? [] : [`NONDETERMINISTIC: ${nondeterministic}`]),
  ]
}

/** Outputs that must be used and that nothing in the plan uses: the job dropped them by name. */
function unusedOutputs(plan: Plan, id: string, logical: LogicalOperator): string[] {
  const used = new Set(usedPorts(plan, id))
  return logical.outputs.flatMap(({ name, mustBeUsed }, port) =>
    mustBeUsed && !used.has(port) ? [name] : [],
  )
}

function usedPorts(plan: Plan, id: string): number[] {
  const references = plan.stages.flatMap((stage) => [
    ...stage.operators.flatMap(({ inputs }) => inputs),
    ...stage.repartitions.map(({ from }) => from),
    ...stage.sinks.map(({ input }) => input),
  ])
  return references.filter((reference) => reference.id === id).map(({ port }) => port)
}

/** Whether results are a function of the records, and on whose word. */
function promiseLines(plan: Plan): string[] {
  const operators = plan.stages.flatMap((stage) => stage.operators)
  const chance = operators.filter(({ logical }) => logical.nondeterministic !== undefined)
  const lambdas = operators.filter(({ logical }) => hasLambda(logical.options))
  const names = (of: readonly PlannedOperator[]) => of.map(({ id }) => id).join(', ')
  const word = lambdas.length === 0 ? '' : ` as long as the lambdas of ${names(lambdas)} are pure`
  return chance.length === 0
    ? [`replay-equal: yes${word}`]
    : [`replay-equal: NO, because of ${names(chance)}`]
}

/** `window.late`; the main output goes by the operator's id alone. */
function referenceText(plan: Plan, { stage, id, port }: PlannedReference): string {
  const name = portName(plan, { stage, id, port })
  return name === 'main' ? id : `${id}.${name}`
}

function portName(plan: Plan, { stage, id, port }: PlannedReference): string {
  const operator = plan.stages[stage]?.operators.find((each) => each.id === id)
  return operator?.logical.outputs[port]?.name ?? 'main'
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The plan as a mermaid flowchart: topics as cylinders, a box a stage, sinks as rounded boxes. */
export function explainMermaid(plan: Plan): string {
  const nodes = new MermaidNodes()
  const lines = ['flowchart LR']
  for (const stage of plan.stages) {
    for (const input of stage.inputs) {
      const label = input.kind === 'topic' ? input.topic.name : input.id
      lines.push(`  ${nodes.id(input.id)}[(${quoted(label)})]`)
    }
  }
  for (const stage of plan.stages) {
    lines.push(`  subgraph ${stage.id}[${quoted(`${stage.id}: ${counted(stage.tasks, 'task')}`)}]`)
    for (const { id, logical } of stage.operators) {
      const kind = logical.kind === id ? [] : [logical.kind]
      const mark = logical.nondeterministic === undefined ? [] : ['nondeterministic']
      const text = [id, ...kind, ...optionTexts(logical.options), ...mark]
      lines.push(`    ${nodes.id(`${stage.id}/${id}`)}[${quoted(text.join('\n'))}]`)
    }
    lines.push('  end')
    for (const { id, logical } of stage.sinks) {
      const label = `${id}\n${logical.description.promise.delivery}`
      lines.push(`  ${nodes.id(`sink ${id}`)}([${quoted(label)}])`)
    }
  }
  for (const stage of plan.stages) lines.push(...mermaidEdges(plan, stage, nodes))
  return `${lines.join('\n')}\n`
}

function mermaidEdges(plan: Plan, stage: Stage, nodes: MermaidNodes): string[] {
  const edge = (from: PlannedReference, to: string): string => {
    const source = plan.stages[from.stage]
    const isInput = source?.inputs.some((input) => input.id === from.id) === true
    const start = nodes.id(isInput ? from.id : `${source?.id}/${from.id}`)
    const name = portName(plan, from)
    return `  ${start} -->${name === 'main' ? '' : `|${quoted(name)}|`} ${to}`
  }
  return [
    ...stage.operators.flatMap(({ id, inputs }) =>
      inputs.map((input) => edge(input, nodes.id(`${stage.id}/${id}`))),
    ),
    ...stage.repartitions.map(({ id, from }) => edge(from, nodes.id(id))),
    ...stage.sinks.map(({ id, input }) => edge(input, nodes.id(`sink ${id}`))),
  ]
}

/** Names that mermaid takes, for names that it would not. */
class MermaidNodes {
  readonly #ids = new Map<string, string>()

  id(name: string): string {
    const known = this.#ids.get(name) ?? `n${this.#ids.size}`
    this.#ids.set(name, known)
    return known
  }
}

function quoted(text: string): string {
  const escaped = text
    .replaceAll('#', '#35;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
    .replaceAll('\n', '<br/>')
  return `"${escaped}"`
}
