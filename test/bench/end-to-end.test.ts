// The benchmark from a file to counted rows runs on small input. It needs the compiled project, which
// `npm test` makes first.
import { expect, test } from 'vitest'
import { run, small } from '../../bench/end-to-end.ts'

test('the benchmark end to end counts as many rows as it writes, and writes the same each time', async () => {
  const first = await run(small)
  const second = await run(small)
  expect(first.events).toBe(small.events)
  expect(first.rows).toBeGreaterThan(small.events / 4)
  expect(first.epochs).toBeGreaterThan(0)
  expect(second.rowsHash).toBe(first.rowsHash)
})
