import { expect, it } from 'vitest'
import { expectNone, matches } from './finding.ts'

it('matches names and folders of a pattern', () => {
  expect(matches('engine/codec.ts', '**/*codec.ts')).toBe(true)
  expect(matches('codec.ts', '**/*codec.ts')).toBe(true)
  expect(matches('engine/state/key-codec.ts', 'engine/**/*codec.ts')).toBe(true)
  expect(matches('engine/a/b/c.ts', 'engine/**')).toBe(true)
  expect(matches('engine/a/b.ts', 'engine/*.ts')).toBe(false)
  expect(matches('engine/ab.ts', 'engine/a.ts')).toBe(false)
  expect(matches('engine/a-ts', 'engine/a.ts')).toBe(false)
})

it('lists every place, sorted', () => {
  const found = [
    { path: 'engine/b.ts', line: 2, message: 'found; do' },
    { path: 'engine/a.ts', line: 1, message: 'found; do' },
  ]
  expect(() => expectNone(found)).toThrow(
    '2 places to tidy\nengine/a.ts:1 found; do\nengine/b.ts:2 found; do',
  )
  expect(() => expectNone([])).not.toThrow()
})
