// LogicalOperator: one step of a job as plain data, plus the function that makes it run. Builders in
// `operators/` make these; SQL makes the same values; `explain` prints them; the planner cuts them
// into stages.
import type { Operator } from '../operator.ts'
import type { Schema } from '../schema/index.ts'

/** How an operator must be fed where several channels meet (design: order). */
export type Order = 'none' | 'input' | 'total'

/** One output of an operator. Port 0 is the main one. */
export interface OutputDescription {
  readonly name: string
  readonly schema: Schema<unknown>
  /** Rows carry change kinds (updates, deletes). */
  readonly isChangelog: boolean
  /**
   * Changes of a row stop once the watermark has passed its event time by this many microseconds;
   * undefined for changelogs that never settle (running aggregates).
   */
  readonly settledAfterMicros?: number
  /** Must be consumed or dropped by name, or the job does not build (late outputs). */
  readonly mustBeUsed: boolean
  /** Columns that identify a row of a changelog. */
  readonly keys?: readonly string[]
}

/** An output port of an operator, as an input of another. */
export interface StreamReference {
  readonly operator: LogicalOperator
  readonly port: number
}

export interface LogicalOperator {
  readonly kind: string
  /** Given by the user; the stable id. Stateful operators without one are known by their kind. */
  readonly name: string | undefined
  /** Plain data; lambdas are allowed and shown as such. */
  readonly options: Readonly<Record<string, unknown>>
  readonly inputs: readonly StreamReference[]
  readonly outputs: readonly OutputDescription[]
  /** Columns by which the rows must be partitioned, or undefined when any partitioning will do. */
  readonly keys: readonly string[] | undefined
  readonly order: Order
  readonly isStateful: boolean
  /** Input columns whose values leave unchanged under the same name: all, or those listed. */
  readonly preserves: 'all' | readonly string[]
  /**
   * True when the operator does right by rows that update or delete earlier ones; the planner gives
   * no changelog to any other.
   */
  readonly takesChangelog: boolean
  /** Why the results may differ from run to run; takes the job out of the replay-equal promise. */
  readonly nondeterministic?: string
  /** Makes the running operator of one task. */
  instantiate(): Operator
}

/** What a builder must say; the rest has defaults: stateless, order 'input', no keys, inserts. */
export type OperatorParts = Pick<LogicalOperator, 'kind' | 'inputs' | 'outputs' | 'instantiate'> &
  Partial<LogicalOperator>

export function logicalOperator(parts: OperatorParts): LogicalOperator {
  return {
    name: undefined,
    options: {},
    keys: undefined,
    order: 'input',
    isStateful: false,
    preserves: [],
    takesChangelog: false,
    ...parts,
  }
}

/** The main output with a schema: inserts only. */
export function insertOutput(schema: Schema<unknown>, name = 'main'): OutputDescription {
  return { name, schema, isChangelog: false, mustBeUsed: false }
}
