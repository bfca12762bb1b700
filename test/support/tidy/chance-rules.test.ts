import { expect, it } from 'vitest'
import { timeAndChance } from './chance-rules.ts'
import { lines, snippet } from './snippet.ts'

it('finds clocks, timers and chance, called or passed on', async () => {
  const found = timeAndChance(
    await snippet(
      `Date.now()
      const now = performance.now
      new Date()
      setTimeout(run, 10)
      globalThis.setInterval(run, 10)
      [1, 2].sort(Math.random)
      import { setTimeout as sleep } from 'node:timers/promises'
      const later = { setTimeout }
      globalThis.performance.now()
      process.hrtime.bigint()`,
    ),
    [],
  )
  expect(new Set(lines(found))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
  expect(found[0]?.message).toBe('reads Date.now; take a Clock or a Random as a parameter')
})

it('leaves what is passed in, and what only has the name of a timer', async () => {
  const found = timeAndChance(
    await snippet(
      `new Date(0)
      clock.setTimeout(run)
      interface Clock { setTimeout(run: () => void): void; setInterval: number }
      const clock = { setTimeout: run, setInterval() {} }
      Math.floor(random())
      const kind = 'timers'`,
    ),
    [],
  )
  expect(found).toEqual([])
})

it('leaves the files that are named', async () => {
  const clocks = [{ files: 'engine/clock.ts', reason: '' }]
  expect(timeAndChance(await snippet('Date.now()', 'engine/clock.ts'), clocks)).toEqual([])
  expect(timeAndChance(await snippet('Date.now()', 'engine/clocks.ts'), clocks)).toHaveLength(1)
})
