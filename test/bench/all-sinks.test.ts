import { expect, test } from 'vitest'
import { run, small } from '../../bench/all-sinks.ts'

/** An online view has one row a key and epoch: their number depends on when epochs end. */
function finalRows(rows: Readonly<Record<string, number>>) {
  return Object.entries(rows).filter(([sink]) => !sink.startsWith('online:'))
}

test('the main job has the same rows on one core, on all, and for its topic alone', async () => {
  const results = Object.values(await run(small, 0))
  expect(results).toHaveLength(3)
  const [first] = results
  for (const result of results) {
    expect(result.events).toBe(small.orders)
    expect(finalRows(result.rows)).toEqual(finalRows(first?.rows ?? {}))
  }
}, 60_000)
