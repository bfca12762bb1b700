import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, SegmentEncoder } from '../../../engine/state/index.ts'
import { identity, inputOf, rowsOf } from './segment-fixture.ts'

const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 5 })
const change = fc.record({
  puts: fc.dictionary(fc.constantFrom(...'abcdefghij'), fc.option(fc.nat(99)), { maxKeys: 6 }),
  ranges: fc.array(fc.tuple(key, key), { maxLength: 2 }),
})

/** Keys of the model are letters that stand for these bytes, so that they collide with ranges. */
const bytesOf = (letter: string): Uint8Array => {
  const n = letter.charCodeAt(0) - 97
  return n < 5 ? Uint8Array.of(n) : Uint8Array.of(n - 5, 2)
}

test('several segments read as the history that wrote them', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 7 }), (history) => {
      const model = new Map<string, number>()
      const inputs = history.flatMap(({ puts, ranges }, segment) => {
        const encoder = new SegmentEncoder()
        encoder.begin(identity(segment))
        for (const [from, to] of ranges) {
          encoder.deleteRange(from, to)
          for (const letter of model.keys()) {
            const bytes = bytesOf(letter)
            if (compareBytes(from, bytes) <= 0 && compareBytes(bytes, to) < 0) model.delete(letter)
          }
        }
        const letters = Object.keys(puts).sort((a, b) => compareBytes(bytesOf(a), bytesOf(b)))
        for (const letter of letters) {
          const value = puts[letter]
          if (value === null || value === undefined) {
            encoder.delete(bytesOf(letter))
            model.delete(letter)
          } else {
            encoder.beginKey()
            encoder.bytes.raw(bytesOf(letter))
            encoder.beginValue()
            encoder.bytes.uint8(value)
            encoder.end()
            model.set(letter, value)
          }
        }
        const encoded = encoder.finish({ version: 1 })
        return encoded === undefined ? [] : [inputOf(encoded, segment)]
      })
      const expected = [...model]
        .map(([letter, value]) => [[...bytesOf(letter)], [value]])
        .sort(([a = []], [b = []]) => compareBytes(Uint8Array.from(a), Uint8Array.from(b)))
      expect(rowsOf(inputs).map(([k, v]) => [[...k], [...v]])).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})
