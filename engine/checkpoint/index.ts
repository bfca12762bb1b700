// Checkpoints: the job's store, its epochs, compaction and savepoints.
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
export { FAILPOINTS, type Failpoint, failpoint } from './failpoint.ts'
