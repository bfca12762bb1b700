// What the planner refuses, in words: outputs that go nowhere, inputs that are not co-partitioned,
// updates and deletes where only inserts make sense.
import { ConfigError } from '../errors.ts'
import type { LogicalJob } from './job.ts'
import type { LogicalOperator, OutputDescription, StreamReference } from './logical-operator.ts'

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

/**
 * Rows that update or delete earlier ones go only where that is understood.
 * @throws ConfigError CHANGELOG_INPUT, CHANGELOG_SINK, CHANGELOG_KEYLESS
 */
export function checkChangelogs(job: LogicalJob, ids: ReadonlyMap<LogicalOperator, string>): void {
  for (const [operator, id] of ids) {
    if (operator.takesChangelog) continue
    for (const input of operator.inputs) {
      const output = outputOf(input)
      if (output?.isChangelog === true) throw changelogInput(id, ids.get(input.operator), output)
    }
  }
  for (const { id, description, input } of job.sinks) {
    const output = outputOf(input)
    if (output?.isChangelog !== true) continue
    const above = ids.get(input.operator)
    if (description.finalOnly) throw changelogSink(id, above, output)
    const key = description.options.key ?? output.keys
    if (description.kind === 'topic' && key === undefined) throw changelogKeyless(id, above)
  }
}

function outputOf({ operator, port }: StreamReference): OutputDescription | undefined {
  return operator.outputs[port]
}

function changelogInput(
  id: string,
  above: string | undefined,
  output: OutputDescription,
): ConfigError {
  return new ConfigError({
    code: 'CHANGELOG_INPUT',
    message: `operator "${id}" takes rows that nothing changes later`,
    expected: 'a stream of inserts',
    found: `the changelog of "${above}", with updates and deletes`,
    remedy: finalRows(`"${id}"`, output),
  })
}

function changelogSink(
  id: string,
  above: string | undefined,
  output: OutputDescription,
): ConfigError {
  return new ConfigError({
    code: 'CHANGELOG_SINK',
    message: `sink "${id}" takes rows once, when nothing changes them any more`,
    expected: 'a stream of inserts',
    found: `the changelog of "${above}", with updates and deletes`,
    remedy: finalRows(`"${id}"`, output),
  })
}

/** How the rows of a changelog become final, where they ever do. */
function finalRows(before: string, { keys, settledAfterMicros }: OutputDescription): string {
  return keys === undefined || settledAfterMicros === undefined
    ? 'These rows never become final: use a window instead, or send them to a topic or online view.'
    : `Put settle() before ${before}: it gives each row once, when it is final.`
}

function changelogKeyless(id: string, above: string | undefined): ConfigError {
  return new ConfigError({
    code: 'CHANGELOG_KEYLESS',
    message: `sink "${id}" can not say which row an update or delete is for`,
    expected: 'a key',
    found: `the changelog of "${above}" without its key columns`,
    remedy: 'Keep the key columns of the stream, or name a key: topicSink(name, { key }).',
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
