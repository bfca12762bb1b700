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

test('segments of many blocks read as their history, from a key on too', () => {
  const segment = fc.record({
    keys: fc.uniqueArray(fc.nat(4000), { minLength: 1, maxLength: 600 }),
    padding: fc.constantFrom(0, 10, 400),
    range: fc.option(fc.tuple(fc.nat(4000), fc.nat(1500))),
    from: fc.option(fc.nat(4000)),
  })
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 12 }), (segments) => {
      const model = new Map<number, string>()
      const inputs = segments.map(({ keys, padding, range, from }, number) => {
        const encoder = new SegmentEncoder()
        encoder.begin(identity(number))
        if (range !== null) {
          const [first, count] = range
          encoder.deleteRange(wideKey(first), wideKey(first + count))
          for (let k = first; k < first + count; k++) model.delete(k)
        }
        for (const k of keys.sort((a, b) => a - b)) {
          encoder.beginKey()
          encoder.bytes.raw(wideKey(k))
          encoder.beginValue()
          encoder.bytes.raw(Buffer.from(`${number}`.padEnd(padding + 3, 'x')))
          encoder.end()
          if (from === null || k >= from) model.set(k, `${number}`)
        }
        const encoded = encoder.finish({ version: 1 })
        if (encoded === undefined) throw new Error('a segment without rows')
        return { ...inputOf(encoded, number), from: from === null ? undefined : wideKey(from) }
      })
      const read = rowsOf(inputs).map(([k, v]) => [
        numberOf(k),
        Buffer.from(v).toString().replace(/x+$/, '').trim(),
      ])
      expect(read).toEqual([...model].sort(([a], [b]) => a - b))
    }),
    { numRuns: 60 },
  )
})

/** Keys of different lengths, of which some are prefixes of the next. */
function wideKey(n: number): Uint8Array {
  const text = String(Math.floor(n / 2)).padStart(8, '0')
  return Buffer.from(n % 2 === 0 ? text : `${text}+`)
}

function numberOf(key: Uint8Array): number {
  return Number(Buffer.from(key).toString().slice(0, 8)) * 2 + (key.length - 8)
}
