// The comparison runs on small input with the peers that start quickly; a peer that is not here is left
// out by name, and one that counts other rows ends the comparison.
import { expect, test } from 'vitest'
import { compare, small } from '../../bench/compare.ts'
import { type Contestant, plainJavaScript } from '../../bench/support/peers.ts'

const absent: Contestant = {
  ...plainJavaScript,
  name: 'a peer',
  missing: 'it is not installed',
}

test('a peer that is not here is left out by name, and the others are compared', async () => {
  const peers = [absent, plainJavaScript]
  const { ratios, leftOut, medians } = await compare(small, 0, peers)
  const present = peers.filter(({ missing }) => missing === undefined).map(({ name }) => name)
  expect(leftOut).toMatchObject({ 'a peer': 'it is not installed' })
  expect(Object.keys(ratios)).toEqual(present)
  expect(medians.millrace?.events).toBe(small.events)
  for (const name of present) expect(medians[name]?.rows).toBe(medians.millrace?.rows)
}, 60_000)

test('a peer that gives other rows ends the comparison', async () => {
  const wrong: Contestant = {
    name: 'a wrong peer',
    missing: undefined,
    prepare: async () => {},
    run: async () => ({
      events: small.events,
      rows: 1,
      eventsPerSecond: 1,
      steadyPerSecond: 1,
      eventsPerCpuSecond: 1,
      rssMbMax: 1,
    }),
  }
  await expect(compare(small, 0, [wrong])).rejects.toThrow(/a wrong peer gives 1 rows/)
}, 60_000)
