// Stable ids of operators. State is stored under them, so an id given by the user (`name`) or
// derived from the kind must mean the same operator after a change of the job: a derived id of a
// stateful operator that occurs twice is refused.
import { ConfigError } from '../errors.ts'
import type { LogicalJob } from './job.ts'
import type { LogicalOperator } from './logical-operator.ts'

/** All operators of a job in topological order, with their ids. */
export function operatorIds(job: LogicalJob): ReadonlyMap<LogicalOperator, string> {
  const ids = new Map<LogicalOperator, string>()
  const taken = new Map<string, LogicalOperator>()
  for (const operator of operatorsOf(job)) {
    const id = operator.name ?? operator.kind
    const other = taken.get(id)
    if (other === undefined) {
      ids.set(operator, id)
      taken.set(id, operator)
      continue
    }
    if (operator.name !== undefined || operator.isStateful || other.isStateful) throw ambiguous(id)
    let ordinal = 2
    while (taken.has(`${id}-${ordinal}`)) ordinal++
    ids.set(operator, `${id}-${ordinal}`)
    taken.set(`${id}-${ordinal}`, operator)
  }
  return ids
}

/** Operators reachable from the sinks and dropped outputs, inputs before users, each once. */
export function operatorsOf(job: LogicalJob): LogicalOperator[] {
  const found = new Set<LogicalOperator>()
  const visit = (operator: LogicalOperator): void => {
    if (found.has(operator)) return
    for (const input of operator.inputs) visit(input.operator)
    found.add(operator)
  }
  for (const sink of job.sinks) visit(sink.input.operator)
  for (const reference of job.dropped) visit(reference.operator)
  return [...found]
}

function ambiguous(id: string): ConfigError {
  return new ConfigError({
    code: 'OPERATOR_ID_AMBIGUOUS',
    message: `two operators would both be called "${id}", and their state could be mixed up`,
    expected: 'a different name for each operator with state',
    found: `"${id}" twice`,
    remedy: 'Give each a name: { name: "…" } in its options.',
  })
}
