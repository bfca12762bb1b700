// A temporary folder of a test with `run/` inside; removed with everything when the test is over.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { JobStore, type JobStoreOptions } from '../../../engine/checkpoint/index.ts'

export const topology = { operators: [{ id: 'count' }, { id: 'window' }] }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Opens the store of a folder; closed before the folder goes. */
export function openStore(folder: string, options: JobStoreOptions = {}): JobStore {
  const store = JobStore.open(join(folder, 'run'), options)
  onTestFinished(() => store.close())
  return store
}
