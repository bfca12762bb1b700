import { describe, expect, test } from 'vitest'
import {
  decideStart,
  describeDifferences,
  differences,
  type StartFacts,
} from '../../../engine/checkpoint/index.ts'

const topology = { operators: [{ id: 'a' }] }
const stored = { job: 'j', lineage: 'l', slots: 2, topology }
const request = { job: 'j', slots: 2, topology, fresh: false }

const table: readonly [string, StartFacts, unknown][] = [
  ['an empty folder begins', { stored: undefined, wasClaimed: false, request }, { kind: 'fresh' }],
  [
    'an empty store where a job was is lost state',
    { stored: undefined, wasClaimed: true, request },
    { kind: 'lost' },
  ],
  ['the same job goes on', { stored, wasClaimed: true, request }, { kind: 'continue' }],
  [
    'a job goes on though its marker was not written yet',
    { stored, wasClaimed: false, request },
    { kind: 'continue' },
  ],
  [
    'another number of slots is a rescale',
    { stored, wasClaimed: true, request: { ...request, slots: 3 } },
    { kind: 'rescale', from: 2, to: 3 },
  ],
  [
    'another job is refused',
    { stored, wasClaimed: true, request: { ...request, job: 'k' } },
    { kind: 'refuse', reason: 'job', difference: 'the state is of job "j", not of "k"' },
  ],
  [
    'another topology is refused, also with other slots',
    { stored, wasClaimed: true, request: { ...request, slots: 3, topology: { operators: [] } } },
    { kind: 'refuse', reason: 'topology', difference: 'operators/a was removed' },
  ],
  [
    'fresh begins whatever there is',
    { stored, wasClaimed: true, request: { ...request, job: 'k', fresh: true } },
    { kind: 'fresh' },
  ],
]

describe('a start', () => {
  test.each(table)('%s', (_, facts, decision) => {
    expect(decideStart(facts)).toEqual(decision)
  })
})

describe('a difference', () => {
  const words = (before: unknown, after: unknown): string =>
    describeDifferences(differences(before, after))

  test('names what was added, removed and changed, by id or name', () => {
    const before = { stages: [{ name: 's', operators: [{ id: 'a', size: 5 }, { id: 'b' }] }] }
    const after = { stages: [{ name: 's', operators: [{ id: 'c' }, { id: 'a', size: 6 }] }], x: 1 }
    expect(words(before, after)).toBe(
      'stages/s/operators/a/size: 5 became 6; stages/s/operators/b was removed; ' +
        'stages/s/operators/c was added; x was added',
    )
  })

  test('does not see the order of keys and members that are undefined', () => {
    expect(words({ a: 1, b: 2 }, { b: 2, a: 1, c: undefined })).toBe('')
  })

  test('goes by position where members have no names, or twice the same', () => {
    expect(words([1, 2], [1, 3, 4])).toBe('1: 2 became 3; 2 was added')
    expect(words([{ id: 'a' }, { id: 'a' }], [{ id: 'a' }])).toBe('1 was removed')
    expect(words({ a: [] }, { a: {} })).toBe('a: [] became {}')
  })
})
