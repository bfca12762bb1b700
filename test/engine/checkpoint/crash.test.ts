// Kills a process at every named place of the store's protocol and lets the next one check what it
// finds. The child is compiled once, so that hundreds of runs stay cheap.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../../engine/checkpoint/index.ts'
import { seededRandom } from '../../../engine/clock.ts'
import { compileChild } from './compile-child.ts'

const KILLS = 20
const work = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
let child = ''

beforeAll(() => {
  child = compileChild(work)
}, 120_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

async function run(folder: string, mode: string, steps: number, failpoint: string) {
  const env = { ...process.env, MILLRACE_FAILPOINT: failpoint }
  const running = spawn(process.execPath, [child, folder, mode, `${steps}`], { env })
  let output = ''
  let words = ''
  running.stdout.on('data', (data) => {
    output += data
  })
  running.stderr.on('data', (data) => {
    words += data
  })
  const [status, signal] = await once(running, 'close')
  expect(status === 0 || signal === 'SIGKILL', words).toBe(true)
  return { isKilled: signal === 'SIGKILL', step: Number(output) }
}

function modeOf(failpoint: string): string {
  if (failpoint.startsWith('savepoint')) return 'savepoint'
  return failpoint.startsWith('restore') ? 'restore' : 'epochs'
}

describe.concurrent('a killed process leaves a store that the next one continues', () => {
  for (const [seed, failpoint] of FAILPOINTS.entries()) {
    test(`${failpoint}, ${KILLS} times`, { timeout: 600_000 }, async () => {
      const folder = join(work, failpoint)
      mkdirSync(folder)
      const random = seededRandom(seed + 1)
      const mode = modeOf(failpoint)
      if (mode === 'restore') await run(folder, 'savepoint', 4, '')
      const isOnce = failpoint.startsWith('claim') || mode === 'restore'
      let kills = 0
      for (let runs = 0; kills < KILLS && runs < KILLS * 3; runs++) {
        const count = isOnce ? 1 : 1 + Math.floor(random() * 2)
        const { isKilled } = await run(folder, mode, 14, `${failpoint}:${count}`)
        if (isKilled) kills++
      }
      expect(kills).toBe(KILLS)
      const { isKilled, step } = await run(folder, 'epochs', 2, '')
      expect(isKilled).toBe(false)
      expect(step).toBeGreaterThan(1)
    })
  }
})
