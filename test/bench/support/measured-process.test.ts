import { expect, test } from 'vitest'
import { canPin, runMeasured } from '../../../bench/support/measured-process.ts'

const node = process.execPath

test('a program gives what it wrote, and the time it took', async () => {
  const use = await runMeasured({ command: node, args: ['-e', 'console.log(6 * 7)'] })
  expect(use.stdout).toBe('42\n')
  expect(use.wallMs).toBeGreaterThan(1)
})

test.runIf(process.platform === 'linux')(
  'processor time and memory of a program are those that it says itself',
  async () => {
    const program = `
      const held = Buffer.alloc(150e6, 1)
      for (let until = Date.now() + 600; Date.now() < until; );
      const { userCPUTime, systemCPUTime } = process.resourceUsage()
      console.log((userCPUTime + systemCPUTime) / 1000, held.length)`
    const use = await runMeasured({ command: node, args: ['-e', program] })
    const said = Number.parseFloat(use.stdout)
    expect(use.cpuMs).toBeGreaterThan(said * 0.5)
    expect(use.cpuMs).toBeLessThan(said * 1.5 + 50)
    expect(use.rssMbMax).toBeGreaterThan(150)
  },
)

test.runIf(canPin())('a pinned program has one core', async () => {
  const program = "console.log(require('node:os').availableParallelism())"
  const use = await runMeasured({ command: node, args: ['-e', program], core: 0 })
  expect(use.stdout).toBe('1\n')
})

test('a program that fails is an error with its own words', async () => {
  const args = ['-e', 'console.error("no such luck"); process.exit(3)']
  await expect(runMeasured({ command: node, args })).rejects.toThrow(/ended with 3: no such luck/)
})
