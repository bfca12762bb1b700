import { describe, expect, it } from 'vitest'
import {
  type Compression,
  HeaderBlock,
  HeaderScanner,
  RecordBatchReader,
  RecordBatchWriter,
  sequenceAfter,
} from '../../../../connectors/kafka/record-batch/index.ts'
import { batchOf, readAll, record } from './batch-fixture.ts'

const text = new TextEncoder()
const value = text.encode('{"order_id":1}')

describe('a batch', () => {
  it('carries the identity of its producer', () => {
    const writer = new RecordBatchWriter()
    append(writer)
    const id = 2 ** 40 + 5
    const batch = writer.finish({ id, epoch: 7, baseSequence: 99, isTransactional: true })
    const view = new DataView(batch.buffer, batch.byteOffset)
    expect(view.getBigInt64(43)).toBe(BigInt(id))
    expect(view.getInt16(51)).toBe(7)
    expect(view.getInt32(53)).toBe(99)
    expect(view.getInt16(21)).toBe(1 << 4)
  })

  it('can be finished again for another attempt, and tells its count', () => {
    const writer = new RecordBatchWriter()
    append(writer)
    append(writer)
    const first = writer.finish().slice()
    expect(writer.finish()).toEqual(first)
    expect(writer.count).toBe(2)
    writer.clear()
    expect(writer.count).toBe(0)
    append(writer)
    expect(readAll(writer.finish()).records).toHaveLength(1)
  })

  it('is never empty', () => {
    expect(() => new RecordBatchWriter().finish()).toThrow(/at least one record/)
  })

  it('stays within its bytes, and takes no part of a record that does not fit', () => {
    const writer = new RecordBatchWriter({ bytesMax: 500 })
    let added = 0
    while (append(writer) === 'added') added++
    expect(append(writer)).toBe('full')
    expect(writer.sizeBytes).toBeLessThanOrEqual(500)
    const batch = writer.finish()
    expect(batch.length).toBe(writer.sizeBytes)
    expect(readAll(batch).records).toHaveLength(added)
  })

  it('says of a record that is too large for any batch that it is', () => {
    const writer = new RecordBatchWriter({ bytesMax: 500 })
    const large = new Uint8Array(500)
    expect(writer.append(0, large, 0, -1, large, 0, 500)).toBe('too-large')
    expect(append(writer)).toBe('added')
    expect(writer.append(0, large, 0, -1, large, 0, 500)).toBe('full')
  })

  it.each<Compression>(['gzip', 'snappy', 'lz4'])(
    'is left as it is where %s gains nothing',
    (compression) => {
      const one = batchOf([record('x')], { compression })
      expect(new DataView(one.buffer).getInt16(21) & 7).toBe(0)
      const many = batchOf(
        Array.from({ length: 99 }, () => record('the same')),
        { compression },
      )
      expect(new DataView(many.buffer).getInt16(21) & 7).not.toBe(0)
    },
  )

  it('knows its first and its greatest time', () => {
    const batch = batchOf([record('a', null, 500), record('b', null, 900), record('c', null, 100)])
    const view = new DataView(batch.buffer)
    expect(view.getBigInt64(27)).toBe(500n)
    expect(view.getBigInt64(35)).toBe(900n)
  })

  it('takes keys and values from the middle of their memory', () => {
    const writer = new RecordBatchWriter()
    const memory = text.encode('..key..value..')
    writer.append(5, memory, 2, 5, memory, 7, 12)
    expect(readAll(writer.finish()).records).toMatchObject([{ key: 'key', value: 'value' }])
  })
})

describe('sequence numbers', () => {
  it('begin again at 0 after 2^31 - 1', () => {
    const last = 2 ** 31 - 1
    expect(sequenceAfter(last, 1)).toBe(0)
    expect(sequenceAfter(last - 3, 10)).toBe(6)
    expect(sequenceAfter(0, 5)).toBe(5)
  })

  it('are whole 31-bit numbers in every batch', () => {
    const writer = new RecordBatchWriter()
    append(writer)
    const of = (baseSequence: number) => ({ id: 1, epoch: 0, baseSequence, isTransactional: false })
    const batch = writer.finish(of(2 ** 31 - 1))
    expect(new DataView(batch.buffer, batch.byteOffset).getInt32(53)).toBe(2 ** 31 - 1)
    expect(() => writer.finish(of(2 ** 31))).toThrow(/past 2\^31 - 1/)
  })
})

describe('headers', () => {
  const names = ['mr-op', 'mr-lineage', 'mr-pos'].map((name) => text.encode(name))
  const [op = value, lineage = value, position = value] = names

  it('are found by their names', () => {
    const writer = new RecordBatchWriter()
    const block = new HeaderBlock()
    block.add(op, text.encode('+U')).add(lineage, value, 0, -1).add(position, value, 2, 10)
    append(writer, block)
    const { find } = scanned(writer)
    expect(find(op)).toBe('+U')
    expect(find(lineage)).toBeNull()
    expect(find(position)).toBe('order_id')
    expect(find(text.encode('mr-o'))).toBeUndefined()
  })

  it('that repeat count once, the last', () => {
    const writer = new RecordBatchWriter()
    append(writer, new HeaderBlock().add(op, text.encode('+I')).add(op, text.encode('-D')))
    expect(scanned(writer).find(op)).toBe('-D')
  })

  it('are filled again for each record', () => {
    const writer = new RecordBatchWriter()
    const block = new HeaderBlock()
    for (const change of ['+I', '+U', '-D']) {
      block.clear()
      append(writer, block.add(op, text.encode(change)))
    }
    const headers = readAll(writer.finish()).records.map((read) => read.headers)
    expect(headers).toEqual([[['mr-op', '+I']], [['mr-op', '+U']], [['mr-op', '-D']]])
  })

  it('grow with their values, up to 63', () => {
    const long = new Uint8Array(10_000).fill(65)
    const block = new HeaderBlock()
    for (let i = 0; i < 63; i++) block.add(op, long)
    const writer = new RecordBatchWriter()
    append(writer, block)
    expect(readAll(writer.finish()).records[0]?.headers).toHaveLength(63)
    expect(() => block.add(op, long)).toThrow(/at most 63 headers/)
  })

  function scanned(writer: RecordBatchWriter) {
    const reader = new RecordBatchReader({ partition: 'orders-0' })
    const batch = writer.finish()
    reader.open(batch, 0, batch.length, 0, undefined)
    const fetched = reader.read()
    if (fetched === undefined) throw new Error('no record')
    const { bytes, ranges } = fetched
    const scanner = new HeaderScanner()
    const find = (name: Uint8Array) => {
      if (!scanner.find(bytes, ranges.headerStarts[0]!, name)) return undefined
      if (scanner.valueEnd < scanner.valueStart) return null
      return new TextDecoder().decode(bytes.subarray(scanner.valueStart, scanner.valueEnd))
    }
    return { find }
  }
})

function append(writer: RecordBatchWriter, headers?: HeaderBlock) {
  return writer.append(1000, value, 0, -1, value, 0, value.length, headers)
}
