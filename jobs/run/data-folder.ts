// The layout of a data folder (design: embedded layout).
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, StorageError } from '../../engine/errors.ts'

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

/** Makes the folder where it is missing. @throws StorageError FOLDER_READ_ONLY, DATA_UNWRITABLE */
export function makeDataFolder(data: string): void {
  try {
    mkdirSync(data, { recursive: true })
    accessSync(data, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const isForbidden = /^(EROFS|EACCES|EPERM)$/.test(errorCode(cause))
    throw new StorageError({
      code: isForbidden ? 'FOLDER_READ_ONLY' : 'DATA_UNWRITABLE',
      message: `the data folder ${data} can not be used`,
      expected: 'a folder that this user may write',
      found: errorCode(cause),
      remedy: 'Name another --data folder, or correct its rights.',
      cause,
    })
  }
}
