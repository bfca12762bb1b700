import { expect, test } from 'vitest'
import { run, small } from '../../bench/all-sinks.ts'

/** An online view has one row a key and epoch: their number depends on when epochs end. */
function finalRows(rows: Readonly<Record<string, number>>) {
  return Object.entries(rows).filter(([sink]) => !sink.startsWith('online:'))
}

test('the main job has the same rows on one core, on all, and for its topic alone', async () => {
  const results = await run(small, 0)
  const all = finalRows(results['one core']?.rows ?? {})
  const topic = all.filter(([sink]) => sink === 'topic:fraud-features')
  expect(topic).toHaveLength(1)
  expect(Object.values(results).map(({ events }) => events)).toEqual(Array(3).fill(small.orders))
  expect(finalRows(results['all cores']?.rows ?? {})).toEqual(all)
  expect(finalRows(results['one core, output topic only']?.rows ?? {})).toEqual(topic)
}, 60_000)
