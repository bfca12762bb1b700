import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Dictionary } from '../../../engine/batch/index.ts'

const encoder = new TextEncoder()

test('values are numbered in order of first appearance, through any growth', () => {
  const values = fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 150 })
  fc.assert(
    fc.property(values, (all) => {
      const dictionary = new Dictionary()
      const known = new Map<string, number>()
      const ids = all.map((value) => dictionary.internString(value))
      for (const value of all) if (!known.has(value)) known.set(value, known.size)
      expect(ids).toEqual(all.map((value) => known.get(value)))
      const values = [...known.keys()]
      const found = values.map((value) => {
        const bytes = encoder.encode(value)
        return dictionary.find(bytes, 0, bytes.length)
      })
      expect(found).toEqual(values.map((_, id) => id))
      expect(found.map((id) => dictionary.string(id))).toEqual(values)
      expect(dictionary.size).toBe(known.size)
    }),
    { numRuns: 40 },
  )
})

test('equality is by bytes, of any part of any array', () => {
  const dictionary = new Dictionary()
  const source = encoder.encode('xxabcabcx')
  expect(dictionary.intern(source, 2, 5)).toBe(0)
  expect(dictionary.intern(source, 5, 8)).toBe(0)
  expect(dictionary.intern(source, 0, 0)).toBe(1)
  expect(dictionary.intern(Uint8Array.of(0xff, 0), 0, 2)).toBe(2)
  source.fill(0)
  expect(dictionary.string(0)).toBe('abc')
  expect(dictionary.find(source, 0, 1)).toBe(-1)
})

test('many values keep their ids while tables and bytes grow', () => {
  const dictionary = new Dictionary()
  const ids = Array.from({ length: 50_000 }, (_, i) => dictionary.internString(`value-${i}`))
  expect(ids.every((id, i) => id === i)).toBe(true)
  expect(ids.every((id) => dictionary.internString(`value-${id}`) === id)).toBe(true)
  expect(dictionary.bytesUsed).toBe(dictionary.offsets[50_000])
  expect(dictionary.full).toBe(false)
})

test('an id that was never given is refused', () => {
  expect(() => new Dictionary().valueBytes(0)).toThrow('dictionary id 0 of 0')
})

test('a byte order mark belongs to the value', () => {
  const dictionary = new Dictionary()
  expect(dictionary.string(dictionary.internString('\uFEFFa'))).toBe('\uFEFFa')
})
