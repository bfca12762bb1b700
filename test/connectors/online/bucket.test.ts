import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Bucket,
  BucketBuilder,
  bucketOf,
  dividedBucket,
  entityHash,
} from '../../../connectors/online/bucket.ts'
import { writeHeader } from '../../../connectors/online/online-value.ts'
import { ByteWriter } from '../../../engine/batch/index.ts'

const encoder = new TextEncoder()

function bucketWith(entities: readonly string[]): Uint8Array {
  const builder = new BucketBuilder()
  const rows = entities.map((entity) => {
    const bytes = encoder.encode(entity)
    const row = new ByteWriter()
    row.uint8(bytes.length)
    row.uint8(0)
    row.raw(bytes)
    writeHeader(row, 1, 0, 0, 0)
    row.text(entity)
    return { hash: entityHash(bytes, 0, bytes.length), row }
  })
  rows.sort((a, b) => a.hash - b.hash)
  for (const { hash, row } of rows) builder.add(hash, row.bytes, 0, row.length)
  return builder.finish().slice()
}

describe('the bucket of a hash', () => {
  test('is below their number, and one more bucket moves rows of one other only', () => {
    const hash = fc.integer({ min: 0, max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(hash, fc.integer({ min: 1, max: 2 ** 20 }), (value, buckets) => {
        const before = bucketOf(value, buckets)
        const after = bucketOf(value, buckets + 1)
        expect(before).toBeLessThan(buckets)
        if (after === before) return
        expect(before).toBe(dividedBucket(buckets))
        expect(after).toBe(buckets)
      }),
    )
  })

  test('spreads rows evenly, whatever the number of buckets', () => {
    const rows = 60_000
    for (const buckets of [64, 96, 100, 127]) {
      const counts = new Int32Array(buckets)
      for (let i = 0; i < rows; i++) {
        const bytes = encoder.encode(`\0user-${i}`)
        counts[bucketOf(entityHash(bytes, 0, bytes.length), buckets)]!++
      }
      // Buckets that were not divided yet have the rows of two.
      expect(Math.max(...counts)).toBeLessThan((2.5 * rows) / buckets)
      expect(Math.min(...counts)).toBeGreaterThan(rows / buckets / 2.5)
    }
  })

  test('never changes: it says where stored rows are', () => {
    const bytes = encoder.encode('\0u5327')
    expect(entityHash(bytes, 0, bytes.length)).toBe(474578875)
    expect([1, 2, 3, 64, 100].map((buckets) => bucketOf(474578875, buckets))).toEqual([
      0, 1, 1, 59, 59,
    ])
  })
})

describe('a bucket', () => {
  test('finds exactly the entities that are in it', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 60 })
    fc.assert(
      fc.property(names, fc.string({ maxLength: 3 }), (entities, other) => {
        const bucket = new Bucket(bucketWith(entities))
        expect(bucket.rows).toBe(entities.length)
        for (const entity of entities) {
          const value = bucket.find(encoder.encode(entity))
          expect(Buffer.from(value ?? []).toString()).toContain(entity)
        }
        expect(bucket.find(encoder.encode(other)) !== undefined).toBe(entities.includes(other))
      }),
    )
  })

  test('that was cut off or is of another version is refused by name', () => {
    const bytes = bucketWith(['ann', 'bob'])
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new Bucket(bytes.slice(0, length))).toThrow('ONLINE_BUCKET')
    }
    bytes[0] = 9
    expect(() => new Bucket(bytes)).toThrow(/ONLINE_BUCKET.*version 1; found 9/)
  })
})
