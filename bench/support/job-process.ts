// runJob: a job in a fresh process, timed (timed-run.ts) and measured from outside.

import type { RunOptions } from '../../jobs/run/run-options.ts'
import { compiled } from './command-line.ts'
import { type ProcessUse, runMeasured } from './measured-process.ts'
import { perSecond } from './statistics.ts'
import type { TimedRun } from './timed-run.ts'

export interface JobRun extends TimedRun {
  /** By the processor time of the whole process, its start and garbage collection included. */
  readonly eventsPerCpuSecond: number
  readonly use: ProcessUse
}

/** What benches say of a run; the rest is as `millrace run --bounded` has it. */
export type JobRunOptions = Pick<RunOptions, 'jobFile' | 'data'> & Partial<RunOptions>

export async function runJob(options: JobRunOptions, core: number | undefined): Promise<JobRun> {
  const complete: RunOptions = {
    mode: 'bounded',
    slots: 1,
    inputs: {},
    outputs: {},
    only: undefined,
    fresh: false,
    from: 'earliest',
    acceptReplayedOutput: false,
    epochMs: 1000,
    check: false,
    ...options,
  }
  const use = await runMeasured({
    command: process.execPath,
    args: [compiled('bench', 'support', 'timed-run.js'), JSON.stringify(complete)],
    core,
  })
  const run: TimedRun = JSON.parse(use.stdout)
  return { ...run, eventsPerCpuSecond: perSecond(run.events, use.cpuMs), use }
}
