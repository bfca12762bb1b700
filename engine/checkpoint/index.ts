// Checkpoints: the job's store, its epochs, compaction and savepoints.

export { type CarriedRange, carriedRanges } from './carried-topic.ts'
export { coverPages } from './data-file.ts'
export { type Difference, describeDifferences, differences } from './difference.ts'
export { type Entry, Environment, type EnvironmentOptions } from './environment.ts'
export type {
  Claim,
  ClaimRequest,
  CommitReport,
  EpochDecision,
  OperatorTable,
  PreviousLineage,
  TaskTables,
  Undelivered,
} from './epoch.ts'
export { FAILPOINTS, type Failpoint, failpoint, LAKE_FAILPOINTS } from './failpoint.ts'
export { JobStore, type JobStoreOptions } from './job-store.ts'
export {
  decideStart,
  type StartDecision,
  type StartFacts,
  type StoredFacts,
} from './recovery-decision.ts'
export type { MigratedTable } from './restore-table.ts'
export { type SavepointManifest, savepointsFolder } from './savepoint.ts'
export { type RestoreReport, type RestoreRequest, restoreSavepoint } from './savepoint-restore.ts'
export type { SlotStore } from './slot-store.ts'
export type { JobFacts, StoreReader, TableFacts } from './store-reader.ts'
