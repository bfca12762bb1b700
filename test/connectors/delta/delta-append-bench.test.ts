import { expect, test } from 'vitest'
import { run, small } from '../../../bench/delta-append.ts'

test('the append benchmark reads back what it wrote, the same in every run', async () => {
  const [first, second] = [await run(small), await run(small)]
  expect(first.rows).toBe(2 * 4 * 1024)
  expect(first.hash).toBe(second.hash)
  expect(first.hash).not.toBe(0)
})
