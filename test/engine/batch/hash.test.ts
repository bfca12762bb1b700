import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashBytes, hashInteger, murmur2, murmur2Partition } from '../../../engine/batch/index.ts'

// org.apache.kafka.common.utils.UtilsTest.testMurmur2
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %s is that of the Java client', (text, expected) => {
  const bytes = new TextEncoder().encode(`..${text}`)
  expect(murmur2(bytes, 2)).toBe(expected)
  expect(murmur2Partition(bytes, 2, bytes.length, 17)).toBe((expected & 0x7fffffff) % 17)
})

test('a hash depends only on the bytes in the range', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, value, after) => {
      const all = Uint8Array.of(...before, ...value, ...after)
      const end = before.length + value.length
      expect(hashBytes(all, before.length, end)).toBe(hashBytes(value, 0, value.length))
      expect(murmur2(all, before.length, end)).toBe(murmur2(value))
    }),
  )
})

test('hashes of neighbouring integers spread over a small table', () => {
  const buckets = new Set<number>()
  for (let i = 0; i < 4096; i++) buckets.add(hashInteger(i * 1000) & 4095)
  expect(buckets.size).toBeGreaterThan(2300)
  expect(hashInteger(2 ** 40)).not.toBe(hashInteger(2 ** 41))
})
