// What the planner refuses, in words: outputs that go nowhere, inputs that are not co-partitioned.
import { ConfigError } from '../errors.ts'
import type { LogicalJob } from './job.ts'
import type { LogicalOperator, StreamReference } from './logical-operator.ts'

/** Late outputs must be routed or dropped by name. @throws ConfigError LATE_UNROUTED */
export function checkOutputsUsed(job: LogicalJob, ids: ReadonlyMap<LogicalOperator, string>): void {
  const used = new Set<string>()
  const use = (reference: StreamReference) => {
    used.add(`${ids.get(reference.operator)}/${reference.port}`)
  }
  for (const sink of job.sinks) use(sink.input)
  for (const reference of job.dropped) use(reference)
  for (const operator of ids.keys()) for (const input of operator.inputs) use(input)
  for (const [operator, id] of ids) {
    operator.outputs.forEach((output, port) => {
      if (output.mustBeUsed && !used.has(`${id}/${port}`)) throw lateUnrouted(id, output.name)
    })
  }
}

function lateUnrouted(id: string, output: string): ConfigError {
  return new ConfigError({
    code: 'LATE_UNROUTED',
    message: `the output "${output}" of operator "${id}" goes nowhere`,
    expected: 'a sink for it, or drop() by name',
    found: 'neither',
    remedy: `Add to(stream.${output}, …) or drop(stream.${output}).`,
  })
}

/** A stage being put together: how many tasks it has and what it reads. */
export interface StageShape {
  readonly tasks: number
  readonly inputs: readonly { readonly id: string }[]
}

/** Two stages that meet in one operator have different numbers of tasks. */
export function partitionsDiffer(id: string, a: StageShape, b: StageShape): ConfigError {
  const inputs = (stage: StageShape) => stage.inputs.map((input) => input.id).join(', ')
  return new ConfigError({
    code: 'PARTITIONS_DIFFER',
    message: `operator "${id}" unites inputs that are not co-partitioned`,
    expected: `the same number of partitions on ${inputs(a)} and ${inputs(b)}`,
    found: `${a.tasks} and ${b.tasks}`,
    remedy: 'Create both topics with one partition count, or key both streams first.',
  })
}
