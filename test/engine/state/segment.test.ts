import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StateCorruptError } from '../../../engine/errors.ts'
import { SEGMENT_BLOCK_BYTES_MAX } from '../../../engine/limits.ts'
import {
  compareBytes,
  decodeFooter,
  encodeFooter,
  SegmentBlock,
  SegmentEncoder,
} from '../../../engine/state/index.ts'
import { identity, inputOf, rowsOf } from './segment-fixture.ts'

const format = { version: 3, layout: 'count' }

function encode(rows: readonly (readonly [Uint8Array, Uint8Array | undefined])[]) {
  const encoder = new SegmentEncoder()
  encoder.begin(identity(7))
  for (const [key, value] of rows) {
    if (value === undefined) encoder.delete(key)
    else {
      encoder.beginKey()
      encoder.bytes.raw(key)
      encoder.beginValue()
      encoder.bytes.raw(value)
      encoder.end()
    }
  }
  const encoded = encoder.finish(format)
  if (encoded === undefined) throw new Error('nothing was written')
  return encoded
}

const numbered = (count: number, valueBytes: number) =>
  Array.from({ length: count }, (_, i) => {
    const key = Buffer.from(`key-${String(i).padStart(8, '0')}`)
    return [key, new Uint8Array(valueBytes).fill(i % 251)] as const
  })

const someRows = fc
  .uniqueArray(fc.uint8Array({ maxLength: 6 }), { minLength: 1, selector: (k) => k.join() })
  .chain((keys) =>
    fc.tuple(
      ...keys
        .sort(compareBytes)
        .map((key) => fc.tuple(fc.constant(key), fc.option(fc.uint8Array({ maxLength: 9 })))),
    ),
  )
  .map((rows) => rows.map(([key, value]) => [key, value ?? undefined] as const))

describe('a segment', () => {
  test('gives back the rows that were written, deletions left out', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const live = rows.filter(([, value]) => value !== undefined)
        const found = rowsOf([inputOf(encode(rows), 7)])
        expect(found.map(([k, v]) => [[...k], [...v]])).toEqual(
          live.map(([k, v]) => [[...k], [...(v ?? [])]]),
        )
      }),
    )
  })

  test('cuts blocks at the bound, a longer row has a block of its own', () => {
    const rows = numbered(5000, 100)
    const long = [Buffer.from('z'), new Uint8Array(3 * SEGMENT_BLOCK_BYTES_MAX).fill(9)] as const
    const encoded = encode([...rows, long, [Buffer.from('zz'), new Uint8Array(1)]])
    const sizes = encoded.blocks.map((block) => block.length)
    expect(sizes.filter((size) => size > SEGMENT_BLOCK_BYTES_MAX)).toHaveLength(1)
    expect(sizes.slice(0, 8).every((size) => size > SEGMENT_BLOCK_BYTES_MAX - 200)).toBe(true)
    expect(rowsOf([inputOf(encoded, 7)])).toHaveLength(5002)
    expect(encoded.footer.rows).toBe(5002)
    expect(Buffer.from(encoded.footer.lastKey).toString()).toBe('zz')
  })

  test('refuses keys that do not ascend', () => {
    const [a, b] = numbered(2, 1)
    if (a === undefined || b === undefined) throw new Error('two rows')
    expect(() => encode([b, a])).toThrow('keys of a segment must ascend')
    expect(() => encode([a, a])).toThrow('keys of a segment must ascend')
  })

  test('is refused with every single bit of a block flipped', () => {
    const [block] = encode(numbered(12, 5)).blocks
    if (block === undefined) throw new Error('one block')
    const reader = new SegmentBlock()
    for (let bit = 0; bit < block.length * 8; bit++) {
      const damaged = block.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => reader.load(damaged, 0, identity(7)), `bit ${bit}`).toThrow(StateCorruptError)
    }
    reader.load(block, 0, identity(7))
    expect(reader.rows).toBe(12)
  })

  test('is refused with every single bit of the footer flipped', () => {
    const footer = encodeFooter(encode(numbered(2000, 90)).footer, identity(7))
    for (let bit = 0; bit < footer.length * 8; bit++) {
      const damaged = footer.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => decodeFooter(damaged, identity(7)), `bit ${bit}`).toThrow(StateCorruptError)
    }
  })

  test('is refused cut at any length, or when a block is missing', () => {
    const [block] = encode(numbered(12, 5)).blocks
    if (block === undefined) throw new Error('one block')
    const reader = new SegmentBlock()
    for (let length = 0; length < block.length; length++) {
      const cut = block.subarray(0, length)
      expect(() => reader.load(cut, 0, identity(7))).toThrow(StateCorruptError)
    }
    expect(() => reader.load(undefined, 0, identity(7))).toThrow(
      /expected a stored block; found none/,
    )
  })

  test('is refused at the place of another segment, table, operator, task or block', () => {
    const [block, second] = encode(numbered(2000, 90)).blocks
    const own = identity(7)
    const places = [
      { ...own, segment: 8 },
      { ...own, table: 'other' },
      { ...own, operatorId: 'other' },
      { ...own, taskId: 'stage/1' },
    ]
    const reader = new SegmentBlock()
    for (const place of places) {
      expect(() => reader.load(block, 0, place)).toThrow(StateCorruptError)
    }
    expect(() => reader.load(second, 0, own)).toThrow(/block 0; found block 1/)
  })
})
