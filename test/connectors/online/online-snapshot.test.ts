import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { yieldToEventLoop } from '../../../engine/clock.ts'
import { TestStore } from './online-fixture.ts'

const childPath = fileURLToPath(new URL('./writer-child.ts', import.meta.url))

test('the rows of one call are of one epoch while another process commits', async () => {
  const store = new TestStore()
  const args = ['--import', 'tsx', childPath, store.env.folder, '400']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  const reader = store.reader()
  const keys = Array.from({ length: 100 }, (_, i) => ({ user_id: i % 2 === 0 ? 'ann' : 'bob' }))
  const seen = new Set<number>()
  while (child.exitCode === null) {
    const epochs = new Set(reader.getMany('pairs', keys).map((answer) => answer.epoch ?? -1))
    expect(epochs.size).toBe(1)
    for (const epoch of epochs) seen.add(epoch)
    await yieldToEventLoop()
  }
  const [status] = await ended
  expect(status).toBe(0)
  expect(seen.size).toBeGreaterThan(5)
  expect(reader.get('pairs', { user_id: 'ann' }).epoch).toBe(400)
})
