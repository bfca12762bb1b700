// Kills a process at every named place of the store's protocol and lets the next one check what it
// finds. The child is compiled once, so that hundreds of runs stay cheap.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../../engine/checkpoint/index.ts'
import { seededRandom } from '../../../engine/clock.ts'

const KILLS = 20
const root = fileURLToPath(new URL('../../..', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
const child = join(work, 'js/test/engine/checkpoint/crash-child.js')

beforeAll(() => {
  mkdirSync(join(work, 'js'))
  symlinkSync(join(root, 'node_modules'), join(work, 'js/node_modules'))
  writeFileSync(join(work, 'js/package.json'), '{"type":"module"}')
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      rootDir: root,
      outDir: join(work, 'js'),
      declaration: false,
      sourceMap: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: [join(root, 'test/engine/checkpoint/crash-child.ts')],
  }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config))
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(work, 'tsconfig.json')])
}, 120_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

function run(folder: string, mode: string, steps: number, failpoint: string) {
  const env = { ...process.env, MILLRACE_FAILPOINT: failpoint }
  const result = spawnSync(process.execPath, [child, folder, mode, `${steps}`], { env })
  const words = `${result.stderr}`
  expect(result.status === 0 || result.signal === 'SIGKILL', words).toBe(true)
  return { isKilled: result.signal === 'SIGKILL', step: Number(`${result.stdout}`) }
}

function modeOf(failpoint: string): string {
  if (failpoint.startsWith('savepoint')) return 'savepoint'
  return failpoint.startsWith('restore') ? 'restore' : 'epochs'
}

describe('a process that is killed leaves a store that the next one continues exactly', () => {
  for (const [seed, failpoint] of FAILPOINTS.entries()) {
    test(`${failpoint}, ${KILLS} times`, { timeout: 180_000 }, () => {
      const folder = join(work, failpoint)
      mkdirSync(dirname(join(folder, 'run')), { recursive: true })
      const random = seededRandom(seed + 1)
      const mode = modeOf(failpoint)
      if (mode === 'restore') run(folder, 'savepoint', 4, '')
      const isOnce = failpoint.startsWith('claim') || mode === 'restore'
      let kills = 0
      for (let runs = 0; kills < KILLS && runs < KILLS * 3; runs++) {
        const count = isOnce ? 1 : 1 + Math.floor(random() * 2)
        if (run(folder, mode, 14, `${failpoint}:${count}`).isKilled) kills++
      }
      expect(kills).toBe(KILLS)
      const { isKilled, step } = run(folder, 'epochs', 2, '')
      expect(isKilled).toBe(false)
      expect(step).toBeGreaterThan(1)
    })
  }
})
