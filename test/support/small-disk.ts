// A file system of a few megabytes, where this machine lets a test mount one.
import { spawnSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './connectors.ts'

/** The folder of a new file system, or undefined where mounting is not allowed. */
export function smallDisk(sizeBytes: number): string | undefined {
  const folder = temporaryFolder()
  const options = ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]
  if (spawnSync('mount', options).status !== 0) return undefined
  onTestFinished(() => {
    spawnSync('umount', ['--lazy', folder])
  })
  return folder
}
