// `run --from <savepoint>`: puts a savepoint in the place of the run's state before it starts. The
// state, online rows, topics and files of the run go back together with it; lake tables can't be
// taken back yet, so rows that they got after the savepoint would come a second time. Ticks that the
// run decided behind the savepoint come along and are applied again (law 5), where it is one history.
import { existsSync } from 'node:fs'
import {
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

/** Refuses when lake tables may hold epochs that the savepoint does not know. */
async function checkLake(job: LogicalJob, folder: JobFolder, name: string): Promise<void> {
  const lake = job.sinks.filter(({ description }) => description.kind === 'lake')
  if (lake.length === 0 || !existsSync(folder.run)) return
  const store = JobStore.open(folder.run)
  try {
    const epochs = store.reader().job()?.epochs ?? []
    const saved = store.inspectSavepoint(name).job.epochs
    if (epochs.every((epoch, slot) => epoch <= (saved[slot] ?? 0))) return
    throw new ConfigError({
      code: 'OUTPUT_REPLAYED',
      message: `the run went on after savepoint "${name}"`,
      expected: `epochs ${saved.join(', ')}`,
      found: `epochs ${epochs.join(', ')}, with rows in ${lake.map(({ id }) => id).join(', ')}`,
      remedy: 'Move those tables away first, or add --accept-replayed-output.',
    })
  } finally {
    await store.reader().close()
  }
}
