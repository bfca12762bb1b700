// The window operator's options as plain data, and its type rule.
import { ConfigError } from '../../engine/errors.ts'
import {
  columnIndex,
  type Field,
  fieldAt,
  type Schema,
  schemaOf,
} from '../../engine/schema/index.ts'
import type { WindowOptions } from '../../engine/window/index.ts'
import { type AggregateDescriptors, aggregateField } from '../aggregates/index.ts'

/** Everything a window operator is made of; times in microseconds. */
export interface WindowOperatorOptions extends WindowOptions {
  readonly input: Schema<unknown>
  /** Positions of the key columns; none: one window over all records of a task. */
  readonly keyColumns: readonly number[]
  /** Aggregates by the name of their output column. */
  readonly aggregates: AggregateDescriptors
}

export const WINDOW_START = 'window_start'
export const WINDOW_END = 'window_end'

/**
 * Type rule: the key columns, `window_start`, `window_end`, then the aggregates as declared.
 * @throws ConfigError COLUMN_UNKNOWN, AGGREGATE_TYPE, WINDOW_COLUMNS
 */
export function windowOutputSchema(
  input: Schema<unknown>,
  keys: readonly string[],
  aggregates: AggregateDescriptors,
): Schema<unknown> {
  const fields: Field[] = [
    ...keys.map((key) => fieldAt(input, columnIndex(input, key))),
    { name: WINDOW_START, type: { kind: 'timestamp' }, nullable: false },
    { name: WINDOW_END, type: { kind: 'timestamp' }, nullable: false },
  ]
  for (const [name, descriptor] of Object.entries(aggregates)) {
    if (fields.some((field) => field.name === name)) {
      throw new ConfigError({
        code: 'WINDOW_COLUMNS',
        message: `the aggregate "${name}" has the name of another output column`,
        expected: 'a name that is neither a key nor window_start nor window_end',
        found: `"${name}"`,
        remedy: 'Rename the aggregate.',
      })
    }
    fields.push(aggregateField(name, descriptor, input))
  }
  return schemaOf(fields)
}
