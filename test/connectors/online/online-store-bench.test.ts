import { expect, test } from 'vitest'
import { run, small } from '../../../bench/online-store.ts'

test('the online benchmark finds every row that it wrote', async () => {
  const result = await run(small)
  expect(result.rows).toBe(2 * small.users)
  expect(result.present).toBe(small.lookups)
})
