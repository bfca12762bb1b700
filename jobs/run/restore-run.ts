// `run --from <savepoint>`: puts a savepoint in the place of the run's state before it starts. The
// state, online rows, topics and files of the run go back together with it; lake tables can't be
// taken back yet, so rows that they got after the savepoint would come a second time. Ticks that the
// run decided behind the savepoint come along and are applied again (law 5), where it is one history.
import { existsSync } from 'node:fs'
import {
  describeDifferences,
  type JobFacts,
  JobStore,
  type RestoreReport,
  restoreSavepoint,
  savepointsFolder,
} from '../../engine/checkpoint/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import type { LogicalJob } from '../../engine/graph/index.ts'
import type { JobFolder } from './data-folder.ts'
import type { RunOptions } from './run-options.ts'

/** @throws ConfigError SAVEPOINT_UNKNOWN, OUTPUT_REPLAYED; StateMismatchError, StateCorruptError */
export async function restoreRun(
  job: LogicalJob,
  topology: unknown,
  folder: JobFolder,
  options: RunOptions,
): Promise<RestoreReport> {
  const savepoints = savepointsFolder(folder.run)
  if (!options.acceptReplayedOutput) await checkLake(job, folder, options.from)
  return restoreSavepoint({
    savepoints,
    name: options.from,
    into: folder.run,
    job: job.name,
    topology,
    replace: true,
    carry: `${job.name}.ticks`,
  })
}

/** What a person is told of a restore: where it went on from, and what is not as it was. */
export function restoreLines(report: RestoreReport): string[] {
  const { savepoint, parent, differences, carries } = report
  const definition =
    differences.length === 0
      ? 'the definition is the same'
      : `the definition is another: ${describeDifferences(differences)}`
  return [
    `restored savepoint "${savepoint}" of lineage ${parent}; ${definition}`,
    ...(carries ? ['ticks that were decided behind the savepoint are applied again'] : []),
  ]
}

/** Refuses when lake tables may hold epochs that the savepoint does not know. */
async function checkLake(job: LogicalJob, folder: JobFolder, name: string): Promise<void> {
  const lake = job.sinks.filter(({ description }) => description.kind === 'lake')
  if (lake.length === 0 || !existsSync(folder.run)) return
  const store = JobStore.open(folder.run)
  try {
    const run = store.reader().job()
    const saved = store.inspectSavepoint(name).job
    if (run === undefined || !hasGoneOn(run, saved)) return
    const tables = lake.map(({ id }) => id).join(', ')
    throw new ConfigError({
      code: 'OUTPUT_REPLAYED',
      message: `the run went on after savepoint "${name}"`,
      expected: `epochs ${saved.epochs.join(', ')} of lineage ${saved.lineage}`,
      found: `epochs ${run.epochs.join(', ')} of lineage ${run.lineage}, with rows in ${tables}`,
      remedy: 'Move those tables away first, or add --accept-replayed-output.',
    })
  } finally {
    await store.reader().close()
  }
}

/**
 * Whether a run may have decided what a savepoint does not know. Epochs count within a lineage: a
 * rescale, a restore or a fresh start counts anew, so of another lineage only one that stands at the
 * savepoint and has decided nothing of its own is known to have no more.
 */
export function hasGoneOn(
  run: Pick<JobFacts, 'lineage' | 'epochs' | 'previous'>,
  saved: Pick<JobFacts, 'lineage' | 'epochs'>,
): boolean {
  const { lineage, epochs, previous } = run
  if (lineage === saved.lineage) return epochs.some((epoch, slot) => epoch > epochOf(saved, slot))
  const standsThere =
    previous?.lineage === saved.lineage &&
    previous.epochs.every((epoch, slot) => epoch === epochOf(saved, slot))
  return !standsThere || epochs.some((epoch) => epoch > 0)
}

function epochOf({ epochs }: Pick<JobFacts, 'epochs'>, slot: number): number {
  return epochs[slot] ?? 0
}
