import { expect, test } from 'vitest'
import { run, small } from '../../bench/slots.ts'

test('one slot and two give as many rows', async () => {
  const { slots } = await run(small)
  expect(slots[1].events).toBe(small.events)
  expect(slots[2].events).toBe(small.events)
  expect(slots[1].rows).toBeGreaterThan(0)
  expect(slots[2].rows).toBe(slots[1].rows)
}, 60_000)
