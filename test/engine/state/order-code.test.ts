import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from '../../../engine/state/index.ts'
import { codeAt, offsetBehind, orderCode } from '../../../engine/state/order-code.ts'

const key = fc.uint8Array({ maxLength: 6, max: 2 })

const codeOf = (a: Uint8Array, b: Uint8Array) => orderCode(a, 0, a.length, b, 0, b.length)

test('of two keys that are coded against one below, the smaller code is the smaller key', () => {
  fc.assert(
    fc.property(key, key, key, (...keys) => {
      const [base, low, high] = keys.sort(compareBytes)
      const lowCode = codeOf(base, low)
      const highCode = codeOf(base, high)
      expect(lowCode).toBeLessThanOrEqual(highCode)
      if (lowCode < highCode) expect(codeOf(low, high)).toBe(highCode)
      if (lowCode === 0) expect(low).toEqual(base)
      if (lowCode !== highCode || lowCode === 0) return
      const from = offsetBehind(lowCode)
      expect([...low.subarray(0, from)]).toEqual([...high.subarray(0, from)])
    }),
    { numRuns: 2000 },
  )
})

test('a code gives back the offset behind the byte that differs', () => {
  for (const offset of [0, 1, 255, 70_000, 2 ** 31]) {
    for (const byte of [0, 1, 255]) expect(offsetBehind(codeAt(offset, byte))).toBe(offset + 1)
  }
})
