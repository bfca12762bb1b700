import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RadixOrder } from '../../../connectors/online/radix-order.ts'

test('values are sorted by one key and then by another, as a stable sort does it', () => {
  const order = new RadixOrder()
  const pair = fc.tuple(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 5 }))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 200 }), (pairs) => {
      const values = Int32Array.from(pairs.keys())
      order.begin(values, values.length)
      for (const [i, [minor]] of pairs.entries()) order.keys[i] = minor
      order.sort(31)
      for (let i = 0; i < values.length; i++) order.keys[i] = pairs[order.values[i]!]?.[1] ?? 0
      order.sort(3)
      const expected = [...values].sort((a, b) => {
        const [x = [0, 0], y = [0, 0]] = [pairs[a], pairs[b]]
        return x[1] - y[1] || x[0] - y[0] || a - b
      })
      expect([...order.values.subarray(0, values.length)]).toEqual(expected)
    }),
  )
})
