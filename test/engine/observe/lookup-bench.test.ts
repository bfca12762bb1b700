import { expect, test } from 'vitest'
import { run, small } from '../../../bench/lookup.ts'

test('the lookup benchmark finds every entity that it asks for', async () => {
  const result = await run(small)
  expect(result.lookups).toBe(small.lookups * 11)
  expect(result.present).toBe(result.lookups)
})
