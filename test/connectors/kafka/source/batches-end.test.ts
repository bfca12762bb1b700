import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchesEnd } from '../../../../connectors/kafka/source/batches-end.ts'
import { batchOf, concat, record } from '../record-batch/batch-fixture.ts'

/** Batches of so many records, one after another from offset 10 on. */
function batches(counts: readonly number[]): Uint8Array[] {
  let baseOffset = 10
  return counts.map((count) => {
    const records = Array.from({ length: count }, () => record('value'))
    const batch = batchOf(records, { baseOffset })
    baseOffset += count
    return batch
  })
}

describe('the end of fetched batches', () => {
  it('is the offset after the last batch that is whole, wherever the response is cut', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(counts, fc.nat(), (sizes, chance) => {
        const parts = batches(sizes)
        const all = concat(...parts)
        const cut = chance % (all.length + 1)
        let expected: number | undefined
        let bytes = 0
        let offset = 10
        parts.forEach((part, i) => {
          bytes += part.length
          offset += sizes[i] ?? 0
          if (bytes <= cut) expected = offset
        })
        expect(batchesEnd(all.subarray(0, cut))).toBe(expected)
      }),
    )
  })

  it('is nothing, and no error, for any other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        bytes[16] = 9
        expect(batchesEnd(bytes)).toBeUndefined()
      }),
    )
  })
})
