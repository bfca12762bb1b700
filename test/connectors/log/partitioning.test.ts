import { expect, test } from 'vitest'
import { murmur2, murmur2Partition } from '../../../engine/batch/index.ts'
import { utf8 } from '../../support/connectors.ts'

// From the tests of Kafka's Java client.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of "%s" is what Kafka computes', (key, hash) => {
  const bytes = utf8(key)
  expect(murmur2(bytes)).toBe(hash)
  const within = utf8(`xxx${key}yy`)
  expect(murmur2(within, 3, 3 + bytes.length)).toBe(hash)
  expect(murmur2Partition(bytes, 0, bytes.length, 7)).toBe((hash & 0x7fffffff) % 7)
})
