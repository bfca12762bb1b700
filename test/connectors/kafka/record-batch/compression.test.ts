import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedOutput } from '../../../../connectors/kafka/record-batch/bounded-output.ts'
import {
  type Compression,
  compress,
  compressionCode,
  decompress,
  zstdOf,
} from '../../../../connectors/kafka/record-batch/compression.ts'

const compressions: readonly Compression[] = ['gzip', 'snappy', 'lz4']
const LIMIT = 1 << 20

const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 300 })))
  .map((parts) => Buffer.concat(parts.flatMap(([part, times]) => Array(times).fill(part))))
const contents = fc.oneof(fc.uint8Array({ maxLength: 3000 }), repetitive)

describe.each(compressions)('%s', (compression) => {
  it('gives back what went in', () => {
    const property = fc.property(contents, (content) => {
      const packed = packedOf(compression, content)
      expect(Buffer.from(unpacked(compression, packed)).equals(content)).toBe(true)
    })
    fc.assert(property, { numRuns: 300 })
  })

  it('makes repeated bytes small, over the end of blocks', () => {
    const content = Buffer.alloc(300_000, 'order_placed ')
    const packed = packedOf(compression, content)
    expect(packed.length).toBeLessThan(content.length / 15)
    expect(Buffer.from(unpacked(compression, packed)).equals(content)).toBe(true)
  })

  it('says when the result would not fit', () => {
    const content = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(4))
    const whole = packedOf(compression, content)
    for (let limit = 0; limit < whole.length; limit++) {
      const target = new Uint8Array(whole.length + 200)
      const end = compress(compression, content, 0, content.length, target, 0, limit)
      expect(end).toBe(-1)
    }
  })

  it('stops at the limit, and holds no more than that', () => {
    const bomb = packedOf(compression, new Uint8Array(LIMIT * 8))
    const output = new BoundedOutput(LIMIT)
    const run = () => decompress(compressionCode(compression), bomb, 0, bomb.length, output)
    expect(run).toThrow(/KAFKA_PAYLOAD_TOO_LARGE.*at most 1048576 bytes/)
    expect(output.bytes.length).toBeLessThanOrEqual(LIMIT + 64)
  })

  it('takes exactly as much as the limit', () => {
    const packed = packedOf(compression, new Uint8Array(LIMIT))
    expect(unpacked(compression, packed, LIMIT)).toHaveLength(LIMIT)
    const tooMuch = packedOf(compression, new Uint8Array(LIMIT + 1))
    expect(() => unpacked(compression, tooMuch, LIMIT)).toThrow(/KAFKA_PAYLOAD_TOO_LARGE/)
  })

  it('refuses what was cut off', () => {
    const packed = packedOf(compression, Buffer.from('some words, some words, some words'))
    for (let length = 0; length < packed.length; length++) {
      // A frame that ends between two blocks is only shorter; the batch finds that.
      const cut = () => unpacked(compression, packed.subarray(0, length))
      if (length > 0 && !(compression === 'snappy' && length === 16)) {
        expect(cut, `${length} bytes`).toThrow(/KAFKA_PAYLOAD_CORRUPT/)
      }
    }
  })
})

describe('lz4 frames', () => {
  const word = Buffer.from('streaming')

  it('of other writers are read: content size, checksums, linked blocks', () => {
    // Flags: version 1, linked blocks, block and content checks, content size.
    const flags = 0x40 | 0x10 | 0x08 | 0x04
    const first = Buffer.concat([Buffer.of(0x90), word])
    // A match of 9 bytes, 9 back: into the block before.
    const second = Buffer.of(0x05, 9, 0, 0x10, 0x21)
    const check = Buffer.alloc(4)
    const frame = Buffer.concat([
      Buffer.of(0x04, 0x22, 0x4d, 0x18, flags, 0x70, 19, 0, 0, 0, 0, 0, 0, 0, 0),
      ...[Buffer.of(first.length, 0, 0, 0), first, check],
      ...[Buffer.of(second.length, 0, 0, 0), second, check],
      ...[Buffer.alloc(4), check],
    ])
    expect(Buffer.from(unpacked('lz4', frame)).toString()).toBe('streamingstreaming!')
  })

  it('one after another are one content', () => {
    const frame = packedOf('lz4', word)
    const twice = Buffer.concat([frame, frame])
    expect(Buffer.from(unpacked('lz4', twice)).toString()).toBe('streamingstreaming')
  })

  it('keep blocks that do not compress as they are', () => {
    const content = Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 167 + (i >> 3)) & 255))
    const packed = packedOf('lz4', content)
    expect(packed.length).toBe(content.length + 7 + 4 + 4)
    expect(Buffer.from(unpacked('lz4', packed)).equals(content)).toBe(true)
  })

  it.each([
    ['a match before the data', [0x11, 0x61, 2, 0, 0x10, 0x61], /a match begins before/],
    ['a match at distance 0', [0x11, 0x61, 0, 0, 0x10, 0x61], /a match begins before/],
    ['literals past the end', [0x50, 0x61], /literals pass its end/],
    ['half a distance', [0x10, 0x61, 1], /ends within a distance/],
  ])('with %s are refused', (_, block, message) => {
    const head = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, block.length, 0, 0, 0]
    const frame = Uint8Array.from([...head, ...block, 0, 0, 0, 0])
    expect(() => unpacked('lz4', frame)).toThrow(message)
  })

  it('with a block that grows past the size of blocks are refused', () => {
    // 1 literal and a match of 70,000 bytes at its end, in a frame with blocks of 64 KiB.
    const more = Array(274).fill(255)
    const block = [0x1f, 0x61, 1, 0, ...more, 111]
    const size = [block.length & 255, block.length >> 8, 0, 0]
    const head = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, ...size]
    const frame = Uint8Array.from([...head, ...block, 0, 0, 0, 0])
    expect(() => unpacked('lz4', frame)).toThrow(/longer than its frame allows/)
  })
})

describe('snappy', () => {
  it('is read without a frame, too, with each kind of copy', () => {
    const block = Uint8Array.from([
      ...[22, (4 << 2) | 0, ...Buffer.from('strea')],
      ...[((4 - 4) << 2) | 1, 5], // 4 bytes, 5 back
      ...[((6 - 1) << 2) | 2, 9, 0], // 6 bytes, 9 back
      ...[((3 - 1) << 2) | 3, 2, 0, 0, 0], // 3 bytes, 2 back: they overlap
      ...[60 << 2, 3, ...Buffer.from('ming')],
    ])
    expect(Buffer.from(unpacked('snappy', block)).toString()).toBe('streastrestreasasaming')
  })

  it.each([
    ['a copy before the data', [4, 0x00, 0x61, 0x05, 0x02], /a copy begins before/],
    ['a copy past its end', [3, 0x00, 0x61, 0x05, 0x01], /a copy passes its end/],
    ['less than it says', [3, 0x00, 0x61], /shorter than it says/],
    ['a size that its bytes can not make', [0xff, 0xff, 0xff, 0x7f, 0], /too large for its bytes/],
    ['a size without end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], /length has no end/],
  ])('with %s is refused', (_, block, message) => {
    expect(() => unpacked('snappy', Uint8Array.from(block))).toThrow(message)
  })
})

it('zstd is read by the function that a newer Node has', () => {
  const inflate = zstdOf({ zstdDecompressSync: (input: Uint8Array) => input })
  expect(inflate(Uint8Array.of(1), {})).toEqual(Uint8Array.of(1))
  expect(() => zstdOf({})).toThrow(/KAFKA_COMPRESSION_UNKNOWN.*Node 22\.15/)
})

function packedOf(compression: Compression, content: Uint8Array): Uint8Array {
  const target = new Uint8Array(content.length * 2 + 200)
  const end = compress(compression, content, 0, content.length, target, 0, target.length)
  expect(end).toBeGreaterThan(0)
  return target.slice(0, end)
}

function unpacked(compression: Compression, packed: Uint8Array, limit = LIMIT): Uint8Array {
  const output = new BoundedOutput(limit)
  decompress(compressionCode(compression), packed, 0, packed.length, output)
  return output.bytes.slice(0, output.length)
}
