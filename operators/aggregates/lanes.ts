// Growing typed arrays and the checks that all aggregates share.
import type { ByteReader } from '../../engine/batch/index.ts'
import { ConfigError, StateCorruptError } from '../../engine/errors.ts'
import {
  columnIndex,
  type Field,
  fieldAt,
  type Schema,
  typeName,
} from '../../engine/schema/index.ts'
import type { AggregateDescriptor } from './aggregate.ts'

/** Capacity for `count` rows: at least doubles, so that growing stays linear. */
export function laneCapacity(current: number, count: number): number {
  return count <= current ? current : Math.max(count, current * 2, 64)
}

export function grownFloat64(lane: Float64Array, capacity: number) {
  const grown = new Float64Array(capacity)
  grown.set(lane)
  return grown
}

export function grownInt32(lane: Int32Array, capacity: number) {
  const grown = new Int32Array(capacity)
  grown.set(lane)
  return grown
}

export function grownUint8(lane: Uint8Array, capacity: number) {
  const grown = new Uint8Array(capacity)
  grown.set(lane)
  return grown
}

/** Position and field of the descriptor's input column. */
export function inputOf(
  descriptor: AggregateDescriptor,
  input: Schema<unknown>,
): { readonly index: number; readonly field: Field } {
  if (descriptor.column === undefined) {
    throw new ConfigError({
      code: 'AGGREGATE_TYPE',
      message: `${descriptor.kind} needs a column`,
      remedy: `Write ${descriptor.kind}('column').`,
    })
  }
  const index = columnIndex(input, descriptor.column)
  return { index, field: fieldAt(input, index) }
}

export function typeMismatch(kind: string, field: Field, expected: string): ConfigError {
  return new ConfigError({
    code: 'AGGREGATE_TYPE',
    message: `${kind} can not take column "${field.name}"`,
    expected,
    found: typeName(field.type),
    remedy: 'Name another column or convert this one.',
  })
}

/** Reads the version byte of a partial. @throws StateCorruptError PARTIAL_VERSION */
export function readVersion(reader: ByteReader, newest: number): number {
  const version = reader.uint8()
  if (version >= 1 && version <= newest) return version
  throw new StateCorruptError({
    code: 'PARTIAL_VERSION',
    message: 'the bytes of an aggregate have an unknown version',
    expected: `1 to ${newest}`,
    found: `${version}`,
    remedy: 'Run the release that wrote this state, or start from a savepoint.',
  })
}
