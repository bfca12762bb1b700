// Delta tables: the sink that appends to them, and reading them.
export {
  DeltaSink,
  type DeltaSinkBounds,
  type DeltaSinkOptions,
  deltaSinkBounds,
} from './delta-sink.ts'
export type { PublishStep, StepHook } from './durable-file.ts'
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
export { tableFolder } from './table-folder.ts'
