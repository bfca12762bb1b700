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
export { type SettleOptions, settle } from './settle.ts'
export { type PositionColumns, withPosition } from './with-position.ts'
