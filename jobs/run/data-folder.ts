// The layout of a data folder (design: embedded layout).
import { join } from 'node:path'

export interface JobFolder {
  /** Everything of the job. */
  readonly root: string
  /** The job's one environment: state, offsets, committables, online rows, topics it writes. */
  readonly run: string
}

export function jobFolder(data: string, job: string): JobFolder {
  const root = join(data, 'jobs', job)
  return { root, run: join(root, 'run') }
}

export function logFolder(data: string): string {
  return join(data, 'log')
}

export function lakeFolder(data: string): string {
  return join(data, 'lake')
}
