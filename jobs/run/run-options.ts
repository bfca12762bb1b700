// What a run is told: one job, one data folder, and where its topics live. Plain data: it crosses to
// the slots' threads and is recorded (in part) as the run's topology.
import type { LogicalSink, OpenSinks, Plan } from '../../engine/graph/index.ts'

export interface RunOptions {
  /** Path of the job's file, absolute. */
  readonly jobFile: string
  /** Folder that keeps everything the run owns, absolute. */
  readonly data: string
  readonly mode: 'live' | 'bounded'
  readonly slots: number
  /** Topics read from files: name → files, one a partition. */
  readonly inputs: Readonly<Record<string, readonly string[]>>
  /** Topics written to files: name → file. */
  readonly outputs: Readonly<Record<string, string>>
  /** Ids or names of the sinks to open; undefined: all. */
  readonly only: readonly string[] | undefined
  readonly fresh: boolean
  /** Where a run without state begins: `earliest`, `latest`, or the name of a savepoint. */
  readonly from: string
  /** Restore a savepoint although lake tables hold rows that will come again. */
  readonly acceptReplayedOutput: boolean
  readonly epochMs: number
  /** Records in one batch at most, for tests; results never depend on it. */
  readonly batchRecords?: number | undefined
  /** Wrap operators with law checkers. */
  readonly check: boolean
}

/** The sinks that a run opens: all, or those that `--only` names by id or name. */
export function openSinks({ only }: RunOptions): OpenSinks {
  return ({ id, description }: LogicalSink) =>
    only === undefined || only.includes(id) || only.includes(description.name)
}

/** What must be the same when a run goes on: a different one is refused with the difference. */
export function topologyOf(plan: Plan, options: RunOptions): unknown {
  return {
    job: plan.job,
    stages: plan.stages.map((stage) => ({
      id: stage.id,
      tasks: stage.tasks,
      inputs: stage.inputs.map((input) => input.id),
      operators: stage.operators.map(({ id, logical }) => ({ id, kind: logical.kind })),
      sinks: stage.sinks.map((sink) => sink.id),
      repartitions: stage.repartitions.map((topic) => topic.id),
    })),
    inputs: options.inputs,
    outputs: options.outputs,
    only: options.only ?? null,
  }
}
