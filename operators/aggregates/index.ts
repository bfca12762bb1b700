// Aggregates: contract, builders, type rules.
export type {
  Accumulators,
  AccumulatorUse,
  Aggregate,
  AggregateDescriptor,
  AggregateDescriptors,
  AggregateKind,
} from './aggregate.ts'
export { count } from './count.ts'
export { countDistinct } from './count-distinct.ts'
export { max } from './max.ts'
export { mean } from './mean.ts'
export { min } from './min.ts'
export { aggregateField, instantiateAggregate } from './registry.ts'
export type { AggregateResult, AggregateResults } from './result-types.ts'
export { sum } from './sum.ts'
export { type UserAggregate, type UserDescriptor, userDefined } from './user-defined.ts'
