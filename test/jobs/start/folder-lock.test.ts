// Who may start in a data folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lockFolder } from '../../../jobs/start/folder-lock.ts'
import { temporaryFolder } from '../../support/connectors.ts'

/** The id of a process that is gone. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid ?? 0
}

it('the lock is free again after it was given back, and leaves nothing behind', () => {
  const folder = join(temporaryFolder(), 'new')
  lockFolder(folder)()
  lockFolder(folder)()
  expect(readdirSync(folder)).toEqual([])
})

it('a second start is told which process is at work', async () => {
  const folder = temporaryFolder()
  const holder = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
  writeFileSync(join(folder, 'start.lock'), `${holder.pid}`)
  expect(() => lockFolder(folder)).toThrow(`START_RUNNING: another start works in ${folder}`)
  expect(() => lockFolder(folder)).toThrow(`found process ${holder.pid}`)
  expect(readdirSync(folder)).toEqual(['start.lock'])
  holder.kill()
  await once(holder, 'exit')
  lockFolder(folder)()
})

it.each(['a dead process', 'an earlier process with the same number', 'nobody'])(
  'the lock of %s is taken over',
  async (who) => {
    const folder = temporaryFolder()
    const dead = who === 'a dead process' ? `${await deadProcess()}` : ''
    const holder = who.startsWith('an earlier') ? `${process.pid}` : dead
    writeFileSync(join(folder, 'start.lock'), holder)
    const unlock = lockFolder(folder)
    expect(existsSync(join(folder, 'start.lock'))).toBe(true)
    unlock()
    expect(readdirSync(folder)).toEqual([])
  },
)
