// The key columns of output rows, from what a KeyIndex knows of its slots.
import type { Column } from '../batch/index.ts'
import type { Field } from '../schema/index.ts'

/**
 * The column of a single whole-number key, straight from the slots' numbers; undefined when one of
 * the keys is no such number (null, or beyond 2^53).
 */
export function integerKeyColumn(
  field: Field,
  numbers: Float64Array,
  slots: Int32Array,
  count: number,
): Column | undefined {
  const { kind } = field.type
  const isInt32 = kind === 'int32' || kind === 'date'
  const values = isInt32 ? new Int32Array(count) : new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const value = numbers[slots[i]!]!
    if (Number.isNaN(value)) return undefined
    values[i] = value
  }
  if (values instanceof Int32Array) return { kind: 'int32', values, nulls: undefined }
  if (kind === 'timestamp') return { kind: 'float64', values, nulls: undefined }
  return { kind: 'integer', values, wide: undefined, nulls: undefined }
}
