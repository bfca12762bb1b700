// Operators: the steps that jobs are made of.

// Windows and aggregates.
export {
  count,
  countDistinct,
  max,
  mean,
  min,
  sum,
  userDefined,
} from './aggregates/index.ts'
export { type DeduplicateOptions, deduplicate } from './deduplicate.ts'
export { filter } from './filter.ts'
export { flatMap } from './flat-map.ts'
export {
  aggregate,
  type HoppingWindowOptions,
  hoppingWindow,
  type TumblingWindowOptions,
  tumblingWindow,
  WindowedStream,
  type WindowRow,
} from './hopping-window.ts'
export { keyBy } from './key-by.ts'
export { type LatestByOptions, latestBy } from './latest-by.ts'
export { map } from './map.ts'
export {
  type ProcessContext,
  ProcessedStream,
  type ProcessOptions,
  type ProcessTimer,
  process,
} from './process.ts'
export {
  type ListHandle,
  listState,
  type MapHandle,
  mapState,
  type StateOptions,
  type ValueHandle,
  valueState,
} from './process-state.ts'
export { type Renamed, rename } from './rename.ts'
export type { Condition } from './row-condition.ts'
export {
  type RunningAggregateOptions,
  type RunningRow,
  runningAggregate,
} from './running-aggregate.ts'
export { rx } from './rx.ts'
export { select } from './select.ts'
export { type SettleOptions, settle } from './settle.ts'
export { type SplitStreams, split } from './split.ts'
export { union } from './union.ts'
export { withColumns } from './with-columns.ts'
export { type PositionColumns, withPosition } from './with-position.ts'
