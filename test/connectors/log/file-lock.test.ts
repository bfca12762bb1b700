import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { lockFile } from '../../../connectors/log/file-lock.ts'
import { TestClock, temporaryFolder } from '../../support/connectors.ts'

const program = fileURLToPath(new URL('lock-process.ts', import.meta.url))

function start(args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

async function killedAt(path: string, step: string, skip = 0): Promise<void> {
  const [code, signal] = await once(start([path, step, `${skip}`]), 'close')
  expect([code, signal]).toEqual([null, 'SIGKILL'])
}

test('the lock of a killed process is taken over, and nothing of it stays', async () => {
  const folder = temporaryFolder()
  const path = `${folder}/lock`
  await killedAt(path, 'linked')
  expect(existsSync(path)).toBe(true)
  const release = await lockFile(path)
  release()
  expect(readdirSync(folder)).toEqual([])
})

test('a process killed while it takes a lock over blocks nobody', async () => {
  for (const step of ['claimed', 'freed']) {
    const folder = temporaryFolder()
    const path = `${folder}/lock`
    await killedAt(path, 'linked')
    await killedAt(path, step)
    const before = readdirSync(folder).filter((name) => !name.includes('.own-'))
    expect(before).toHaveLength(step === 'claimed' ? 2 : 1)
    const release = await lockFile(path)
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid}-`))
    release()
    expect(existsSync(path)).toBe(false)
  }
})

test('so does one killed while it takes over the claim of a killed one', async () => {
  const folder = temporaryFolder()
  const path = `${folder}/lock`
  await killedAt(path, 'linked')
  await killedAt(path, 'claimed')
  // It meets the dead claim first: the claim on that claim is the one it dies with.
  await killedAt(path, 'claimed')
  expect(readdirSync(folder).filter((name) => !name.includes('.own-'))).toHaveLength(3)
  const release = await lockFile(path)
  release()
  expect(readdirSync(folder)).toEqual([])
})

test('a living holder is waited for, and named when it does not give the lock back', async () => {
  const path = `${temporaryFolder()}/lock`
  const release = await lockFile(path)
  const next = lockFile(path)
  release()
  const releaseNext = await next
  const clock = new TestClock()
  const waiting = lockFile(path, { clock })
  let isOver = false
  const over = expect(waiting).rejects.toThrow(
    new RegExp(`LOCK_HELD: .*found process ${process.pid}, which is alive`),
  )
  void over.then(() => {
    isOver = true
  })
  while (!isOver) {
    clock.advance(10)
    await Promise.resolve()
  }
  await over
  releaseNext()
})

test('the lock of a process whose number another one has now is taken over', async () => {
  const folder = temporaryFolder()
  const path = `${folder}/lock`
  const living = start([path, 'waiting'])
  await once(living.stdout, 'data')
  // Alive, but started at another time than the holder.
  writeFileSync(path, `${living.pid}-1-abc`)
  const release = await lockFile(path)
  release()
  expect(readdirSync(folder)).toEqual([])
})

test('many at once hold the lock one after another, also over a dead holder', async () => {
  const folder = temporaryFolder()
  const path = `${folder}/lock`
  await killedAt(path, 'linked')
  let holders = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const release = await lockFile(path)
      holders++
      most = Math.max(most, holders)
      await new Promise((resolve) => setImmediate(resolve))
      holders--
      release()
    }),
  )
  expect(most).toBe(1)
  expect(readdirSync(folder)).toEqual([])
})
