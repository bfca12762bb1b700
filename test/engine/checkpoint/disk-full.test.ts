// A disk without room: on a real file system of a few megabytes where this user may mount one, and by
// the shell's limit on file sizes everywhere.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileChild } from './compile-child.ts'

const work = mkdtempSync(join(tmpdir(), 'millrace-full-'))
let child = ''

beforeAll(() => {
  child = compileChild(work)
}, 120_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  return spawnSync('unshare', ['-m', 'true']).status === 0
})()

function shell(script: string) {
  const { status, signal, stdout, stderr } = spawnSync('bash', ['-c', script], { timeout: 60_000 })
  return { status, signal, output: `${stdout}`, words: `${stderr}` }
}

test('a write that is cut short is a named error, and the next start has what was decided', () => {
  const folder = join(work, 'limited')
  mkdirSync(folder)
  const node = JSON.stringify(process.execPath)
  const full = shell(`ulimit -f 2000; exec ${node} ${child} ${folder} fill 4000`)
  expect(full.words).toMatch(/StorageError.*(STORAGE_FAILED|DISK_FULL)/)
  expect(full.status).toBe(1)
  const decided = execFileSync(process.execPath, [child, folder, 'epochs', '0'])
  expect(Number(`${decided}`)).toBeGreaterThan(3)
  expect(Number(execFileSync(process.execPath, [child, folder, 'epochs', '3']))).toBe(
    Number(`${decided}`) + 3,
  )
}, 120_000)

test.skipIf(!canMount)(
  'a full file system is DISK_FULL, and goes on once there is room',
  () => {
    const folder = join(work, 'small')
    mkdirSync(folder)
    const node = JSON.stringify(process.execPath)
    const full = shell(
      `unshare -m bash -c 'mount -t tmpfs -o size=3m none ${folder} || exit 9
     ${node} ${child} ${folder} fill 4000; echo "status $?"
     mount -o remount,size=60m ${folder} && ${node} ${child} ${folder} epochs 3'`,
    )
    expect(full.words).toMatch(/DISK_FULL: there is no space to write/)
    expect(full.output).toMatch(/^status 1\n\d+\n$/)
    expect(full.status).toBe(0)
  },
  120_000,
)
