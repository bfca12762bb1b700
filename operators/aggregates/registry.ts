// The kinds of aggregates by name. A new aggregate is a new file and one line here.
import { ConfigError } from '../../engine/errors.ts'
import type { Field, Schema } from '../../engine/schema/index.ts'
import type { Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { countKind } from './count.ts'
import { countDistinctKind } from './count-distinct.ts'
import { maxKind } from './max.ts'
import { meanKind } from './mean.ts'
import { minKind } from './min.ts'
import { sumKind } from './sum.ts'
import { userDefinedKind } from './user-defined.ts'

const kinds: ReadonlyMap<string, AggregateKind> = new Map([
  ['count', countKind],
  ['sum', sumKind],
  ['min', minKind],
  ['max', maxKind],
  ['mean', meanKind],
  ['count-distinct', countDistinctKind],
  ['user-defined', userDefinedKind],
])

/**
 * Type rule: the output field of an aggregate. @throws ConfigError AGGREGATE_KIND, AGGREGATE_TYPE
 */
export function aggregateField(
  name: string,
  descriptor: AggregateDescriptor,
  input: Schema<unknown>,
): Field {
  return kindOf(name, descriptor).resultField(name, descriptor, input)
}

/** Binds an aggregate to a schema. */
export function instantiateAggregate(
  name: string,
  descriptor: AggregateDescriptor,
  input: Schema<unknown>,
): Aggregate {
  return kindOf(name, descriptor).instantiate(name, descriptor, input)
}

function kindOf(name: string, descriptor: AggregateDescriptor): AggregateKind {
  const kind = kinds.get(descriptor.kind)
  if (kind !== undefined) return kind
  throw new ConfigError({
    code: 'AGGREGATE_KIND',
    message: `"${name}" is not an aggregate that exists`,
    expected: `one of ${[...kinds.keys()].join(', ')}`,
    found: `"${descriptor.kind}"`,
    remedy: 'Use one of the builder functions.',
  })
}
