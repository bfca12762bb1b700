import { expect, test } from 'vitest'
import { run, small } from '../../bench/all-sinks.ts'

test('the main job writes the same rows on one core, on all cores, and to its topic alone', async () => {
  const results = Object.values(await run(small, 0))
  expect(results).toHaveLength(3)
  const [first] = results
  for (const result of results) {
    expect(result.events).toBe(small.orders)
    expect(result.rows).toEqual(first?.rows)
  }
}, 60_000)
