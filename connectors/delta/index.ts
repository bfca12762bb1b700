// Delta tables: the sink that appends to them, and reading them.
export {
  DeltaSink,
  type DeltaSinkBounds,
  type DeltaSinkOptions,
  deltaSinkBounds,
} from './delta-sink.ts'
export type { PublishStep, StepHook } from './durable-file.ts'
export { type LakeTable, type LakeTableOptions, lakeTable, tableFolder } from './lake-table.ts'
export {
  listTables,
  openTable,
  type ReadOptions,
  readColumns,
  readTable,
  type TableColumns,
  type TableSnapshot,
  type TableVersion,
  tableHistory,
} from './read-table.ts'
