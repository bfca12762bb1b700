import { expect, test } from 'vitest'
import { small, soak } from '../../bench/soak.ts'

test('a small soak covers 24 hours, writes every window and holds no more at its end', async () => {
  const result = await soak(small)
  expect(result).toMatchObject({ events: small.events, hours: 24, late: 0, isFlat: true })
  // With few events a user each one opens nearly five windows of its own.
  expect(result.rows).toBeGreaterThan(3 * small.events)
  expect(result.rows).toBeLessThanOrEqual(5 * small.events)
  // What is left is the newest row of each user (its key and its place) and a few positions.
  expect(result.stateRows).toBeLessThanOrEqual(2 * small.users + 10)
  expect(result.epochs).toBeGreaterThan(0)
}, 120_000)
