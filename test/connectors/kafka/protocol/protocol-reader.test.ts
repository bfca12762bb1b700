import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolReader } from '../../../../connectors/kafka/protocol/protocol-reader.ts'
import { ProtocolWriter } from '../../../../connectors/kafka/protocol/protocol-writer.ts'

function readerOf(write: (writer: ProtocolWriter) => void): ProtocolReader {
  const writer = new ProtocolWriter(1)
  write(writer)
  return new ProtocolReader(writer.view())
}

describe('the primitive types', () => {
  it('read as they were written', () => {
    const whole = fc.maxSafeInteger()
    const item = fc.record({ number: whole, text: fc.string({ unit: 'grapheme' }) })
    fc.assert(
      fc.property(fc.array(item), fc.nat(0xffffffff), fc.boolean(), (items, size, flag) => {
        const reader = readerOf((writer) => {
          writer.array(items, ({ number, text }) => {
            writer.int64(number)
            writer.nullableText(text)
          })
          writer.compactArray(items, ({ text }) => writer.compactText(text))
          writer.uvarint(size)
          writer.boolean(flag)
          writer.nullableText(undefined)
          writer.noTags()
        })
        const read = () => ({ number: reader.int64(), text: reader.text() })
        expect(reader.array(10, read)).toEqual(items)
        expect(reader.compactArray(1, () => reader.compactText())).toEqual(
          items.map(({ text }) => text),
        )
        expect([reader.uvarint(), reader.boolean()]).toEqual([size, flag])
        expect(reader.nullableText()).toBeUndefined()
        reader.tags()
        expect(reader.remaining).toBe(0)
      }),
    )
  })
})

describe('a count or a length', () => {
  it('is refused before anything is allocated when the bytes cannot hold it', () => {
    const huge = [0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4]
    let reads = 0
    const reader = new ProtocolReader(new Uint8Array(huge))
    expect(() => reader.array(4, () => reads++)).toThrow(/expected 2147483647 items/)
    expect(reads).toBe(0)
    expect(() => new ProtocolReader(new Uint8Array(huge)).nullableBlock()).toThrow(/found 4/)
  })

  it('is refused below nothing, but for null', () => {
    const below = (value: number) => readerOf((writer) => writer.int32(value))
    expect(() => below(-2).array(1, () => 0)).toThrow(/KAFKA_GARBLED/)
    expect(() => below(-2).nullableBlock()).toThrow(/KAFKA_GARBLED/)
    expect(below(-1).array(1, () => 0)).toEqual([])
    expect(below(-1).nullableBlock()).toHaveLength(0)
  })

  it('is refused where it is a varint without an end', () => {
    const reader = new ProtocolReader(new Uint8Array(9).fill(0xff))
    expect(() => reader.uvarint()).toThrow(/at most 5 bytes/)
  })

  it('of a 64-bit number is refused where a double would round it', () => {
    const reader = new ProtocolReader(Uint8Array.of(0x7f, 255, 255, 255, 255, 255, 255, 255))
    expect(() => reader.int64()).toThrow(/53 bits/)
  })
})
