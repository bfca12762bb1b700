import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../../engine/batch/index.ts'
import { StateCorruptError } from '../../../engine/errors.ts'

const text = fc.string({ unit: 'binary' })
const signed = fc.integer({ min: -(2 ** 52), max: 2 ** 52 })

test('everything written is read back in order, however small the buffer began', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('uint8' as const), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('uint32' as const), value: fc.nat(4294967295) }),
    fc.record({ kind: fc.constant('uint32Ordered' as const), value: fc.nat(4294967295) }),
    fc.record({ kind: fc.constant('integerOrdered' as const), value: fc.maxSafeInteger() }),
    fc.record({ kind: fc.constant('float64' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('signedVarint' as const), value: signed }),
  )
  fc.assert(
    fc.property(
      fc.array(step),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      (all, big) => {
        const writer = new ByteWriter(1)
        for (const { kind, value } of all) writer[kind](value)
        writer.bigInt64(big)
        const reader = new ByteReader(writer.view())
        for (const { kind, value } of all) expect(reader[kind]()).toBe(value)
        expect(reader.bigInt64()).toBe(big)
        expect(reader.remaining).toBe(0)
      },
    ),
  )
})

test('texts and blocks come back, byte order marks included', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(text, fc.constant('\uFEFFx'))),
      fc.uint8Array(),
      (texts, block) => {
        const writer = new ByteWriter(1)
        for (const one of texts) writer.text(one)
        writer.block(block)
        const reader = new ByteReader(writer.toBytes())
        for (const one of texts) expect(reader.text()).toBe(one)
        expect(reader.block()).toEqual(block)
      },
    ),
  )
})

test('ordered integers compare as bytes like the numbers', () => {
  const bytesOf = (value: number) => {
    const writer = new ByteWriter()
    writer.integerOrdered(value)
    return writer.toBytes()
  }
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
      expect(Math.sign(Buffer.compare(bytesOf(a), bytesOf(b)))).toBe(Math.sign(a - b))
    }),
  )
})

test('a part of another array is appended, also of the writer itself', () => {
  const writer = new ByteWriter(4)
  writer.raw(Uint8Array.of(1, 2, 3, 4, 5), 1, 4)
  writer.raw(writer.toBytes())
  expect([...writer.view()]).toEqual([2, 3, 4, 2, 3, 4])
})

test('clear keeps the memory and toBytes is a copy of its own', () => {
  const writer = new ByteWriter(8)
  writer.uint32(7)
  const copy = writer.toBytes()
  const { bytes } = writer
  writer.clear()
  writer.uint32(9)
  expect(writer.bytes).toBe(bytes)
  expect(new ByteReader(copy).uint32()).toBe(7)
})

describe('damage', () => {
  test('a read past the end is refused and does not move', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3), 1, 3)
    expect(() => reader.uint32()).toThrow(StateCorruptError)
    expect(reader.remaining).toBe(2)
    expect(reader.uint8()).toBe(2)
    expect(() => reader.raw(2)).toThrow('BYTES_SHORT')
    expect(() => new ByteReader(Uint8Array.of(5, 1)).block()).toThrow('BYTES_SHORT')
  })

  test('an endless varint and text that is not UTF-8 are named', () => {
    const endless = new Uint8Array(20).fill(255)
    expect(() => new ByteReader(endless).varint()).toThrow(StateCorruptError)
    expect(() => new ByteReader(Uint8Array.of(2, 0xc3, 0x28)).text()).toThrow('BYTES_TEXT')
  })

  test('what is read from a Buffer is copied by slice', () => {
    const buffer = Buffer.from([3, 1, 2, 3])
    const block = new ByteReader(buffer).block().slice()
    buffer.fill(0)
    expect([...block]).toEqual([1, 2, 3])
  })
})
