import { crc32c } from '@node-rs/crc32'
import { describe, expect, it } from 'vitest'
import { RecordBatchReader, RecordRanges } from '../../../../connectors/kafka/record-batch/index.ts'
import { batchOf, concat, readAll, record, values } from './batch-fixture.ts'
import { emptyBatch, mark, patched } from './batch-patch.ts'

describe('records of a batch', () => {
  it('tell a tombstone from an empty value, and a missing key from an empty one', () => {
    const batch = batchOf([record(null, 'a'), record('', 'b'), record('x', null), record('y', '')])
    expect(readAll(batch).records).toMatchObject([
      { key: 'a', value: null },
      { key: 'b', value: '' },
      { key: null, value: 'x' },
      { key: '', value: 'y' },
    ])
  })

  it('give no bytes to a decoder where the value is null', () => {
    const reader = new RecordBatchReader({ partition: 'orders-0' })
    const batch = batchOf([record(null, 'a')])
    reader.open(batch, 0, batch.length, 0, undefined)
    const fetched = reader.read()
    const start = fetched?.valueStarts[0] ?? 0
    expect(fetched?.bytes.slice(start, fetched.valueEnds[0])).toHaveLength(0)
  })

  it('leave tombstones out where they are not wanted, and move over them', () => {
    const batch = batchOf([record('x'), record(null, 'a'), record(null, 'b')])
    const read = readAll(batch, { tombstones: 'skip' })
    expect(read.records.map(({ offset }) => offset)).toEqual([0])
    expect(read.nextOffset).toBe(3)
  })

  it('before the offset that was asked for are left out', () => {
    const batch = batchOf(
      ['a', 'b', 'c'].map((value) => record(value)),
      { baseOffset: 10 },
    )
    expect(readAll(batch, { fetchOffset: 11 })).toMatchObject({
      records: [
        { offset: 11, value: 'b' },
        { offset: 12, value: 'c' },
      ],
      nextOffset: 13,
    })
  })

  it('keep the times that producers gave', () => {
    const batch = batchOf([record('a', null, 5000), record('b', null, 4000), record('c', null, -1)])
    expect(readAll(batch).records).toMatchObject([
      { timeMs: 5000, isAppendTime: false },
      { timeMs: 4000, isAppendTime: false },
      { timeMs: -1, isAppendTime: false },
    ])
  })

  it('all have the time of their append where the topic says so, and never mix with others', () => {
    const appended = patched(batchOf([record('a', null, 1), record('b', null, 2)]), {
      attributes: 1 << 3,
      timeMaxMs: 9000,
    })
    const created = batchOf([record('c', null, 3)], { baseOffset: 2 })
    const read = readAll(concat(appended, created))
    expect(read.lengths).toEqual([2, 1])
    expect(read.records).toMatchObject([
      { value: 'a', timeMs: 9000, isAppendTime: true },
      { value: 'b', timeMs: 9000, isAppendTime: true },
      { value: 'c', timeMs: 3, isAppendTime: false },
    ])
  })

  it('are times after a deletion horizon, too', () => {
    const batch = patched(batchOf([record('a', null, 7000)]), { attributes: 1 << 6 })
    expect(readAll(batch).records).toMatchObject([{ timeMs: 7000, isAppendTime: false }])
  })

  it('have the offsets that compaction left them', () => {
    const whole = batchOf([record('a'), record('b')], { baseOffset: 100 })
    // Two of twelve records are left: deltas 0 and 1 become 3 and 8.
    const compacted = patched(whole, { lastOffsetDelta: 11, deltas: [3, 8] })
    expect(readAll(compacted, { fetchOffset: 100 })).toMatchObject({
      records: [{ offset: 103 }, { offset: 108 }],
      nextOffset: 112,
    })
  })
})

describe('the offset to go on from', () => {
  it('passes over a batch that compaction emptied', () => {
    const empty = emptyBatch({ baseOffset: 5, lastOffsetDelta: 4 })
    expect(readAll(empty, { fetchOffset: 5 })).toMatchObject({ records: [], nextOffset: 10 })
  })

  it('passes over marks of the broker, whoever reads', () => {
    const bytes = concat(batchOf([record('a')]), mark({ baseOffset: 1, producerId: 7 }))
    for (const aborted of [undefined, []]) {
      expect(readAll(bytes, { aborted })).toMatchObject({ records: [{}], nextOffset: 2 })
    }
  })

  it('is the offset asked for where a response is empty', () => {
    expect(readAll(new Uint8Array(0), { fetchOffset: 42 }).nextOffset).toBe(42)
  })

  it('passes over records that were removed before the first batch', () => {
    const batch = batchOf([record('a')], { baseOffset: 90 })
    expect(readAll(batch, { fetchOffset: 42 })).toMatchObject({
      records: [{ offset: 90 }],
      nextOffset: 91,
    })
  })

  it('stands at a batch that was cut off at the end', () => {
    const first = batchOf([record('a'), record('b')])
    const second = batchOf([record('c')], { baseOffset: 2 })
    for (let length = 0; length < second.length; length++) {
      const read = readAll(concat(first, second.subarray(0, length)))
      expect(read).toMatchObject({ records: [{}, {}], nextOffset: 2 })
    }
  })

  it('stays where a failed read began, and the response is given up', () => {
    const damaged = batchOf([record('b')], { baseOffset: 1 })
    damaged[65]! ^= 1
    const bytes = concat(batchOf([record('a')]), damaged)
    const reader = new RecordBatchReader({ partition: 'orders-0' })
    reader.open(bytes, 0, bytes.length, 0, undefined)
    expect(() => reader.read()).toThrow(/KAFKA_BATCH_DAMAGED.*orders-0, batch at offset 1/)
    expect(reader.nextOffset).toBe(0)
    expect(reader.read()).toBeUndefined()
  })
})

describe('a response that can not be read', () => {
  it('holds only a part of its first batch', () => {
    const batch = batchOf([record('a')])
    for (let length = 1; length < batch.length; length++) {
      expect(() => readAll(batch.subarray(0, length))).toThrow(/KAFKA_BATCH_CUT/)
    }
  })

  it.each([0, 1, 3])('is of format %i, and the batch is named', (magic) => {
    const batch = batchOf([record('b')], { baseOffset: 8 })
    batch[16] = magic
    const bytes = concat(batchOf([record('a')], { baseOffset: 7 }), batch)
    const message = /KAFKA_BATCH_FORMAT.*orders-0, batch at offset 8.*found format/
    expect(() => readAll(bytes, { fetchOffset: 7 })).toThrow(message)
  })

  it('has another checksum than its bytes', () => {
    const batch = batchOf([record('some value', 'key')])
    for (let at = 17; at < batch.length; at++) {
      batch[at]! ^= 0x10
      expect(() => readAll(batch)).toThrow(/KAFKA_BATCH_DAMAGED/)
      batch[at]! ^= 0x10
    }
    expect(values(batch)).toEqual(['some value'])
  })

  it('has batches that overlap', () => {
    const bytes = concat(
      batchOf([record('a'), record('b')]),
      batchOf([record('c')], { baseOffset: 1 }),
    )
    expect(() => readAll(bytes)).toThrow(/KAFKA_BATCH_DAMAGED.*an offset of 2 or more/)
  })

  it('claims more or fewer records than it has', () => {
    const batch = batchOf([record('a'), record('b')])
    for (const recordCount of [1, 3, -1, 0x7fffffff]) {
      const wrong = patched(batch, { recordCount })
      expect(() => readAll(wrong)).toThrow(/KAFKA_(BATCH|PAYLOAD)_CORRUPT/)
    }
  })

  it('has offsets that do not rise', () => {
    const batch = batchOf([record('a'), record('b')])
    for (const deltas of [
      [1, 1],
      [1, 0],
      [-1, 1],
      [0, 2],
    ]) {
      expect(() => readAll(patched(batch, { deltas }))).toThrow(/KAFKA_BATCH_CORRUPT.*delta/)
    }
  })

  it('is compressed in a way nobody knows', () => {
    const batch = patched(batchOf([record('a')]), { attributes: 7 })
    expect(() => readAll(batch)).toThrow(/KAFKA_COMPRESSION_UNKNOWN/)
  })
})

describe('readers', () => {
  it('that are used in turns share their ranges', () => {
    const ranges = new RecordRanges()
    const first = batchOf([record('a')])
    const second = batchOf([record('b')])
    expect(values(first, { ranges })).toEqual(['a'])
    expect(values(second, { ranges })).toEqual(['b'])
  })

  it('read a response that stands anywhere in its memory', () => {
    const batch = batchOf([record('a', 'k')])
    const memory = concat(new Uint8Array(33).fill(0xee), batch, new Uint8Array(9).fill(0xee))
    const reader = new RecordBatchReader({ partition: 'orders-0' })
    reader.open(memory.subarray(13), 20, 20 + batch.length, 0, undefined)
    expect(reader.read()?.length).toBe(1)
    expect(reader.read()).toBeUndefined()
  })

  it('have nothing more to give after a response, until the next one', () => {
    const reader = new RecordBatchReader({ partition: 'orders-0' })
    for (const baseOffset of [0, 1]) {
      const batch = batchOf([record('a')], { baseOffset })
      reader.open(batch, 0, batch.length, reader.nextOffset, [])
      expect(reader.read()?.offsets).toEqual(Float64Array.of(baseOffset))
      expect(reader.read()).toBeUndefined()
      expect(reader.read()).toBeUndefined()
      expect(reader.nextOffset).toBe(baseOffset + 1)
    }
  })

  it('that are opened again in the middle of a batch forget what was left of it', () => {
    const reader = new RecordBatchReader({ partition: 'orders-0' })
    const many = batchOf(Array.from({ length: 1500 }, () => record('a')))
    reader.open(many, 0, many.length, 0, [])
    expect(reader.read()?.length).toBe(1024)
    expect(reader.nextOffset).toBe(1024)
    reader.open(many, 0, many.length, reader.nextOffset, [])
    expect(reader.read()?.length).toBe(476)
    expect(reader.read()).toBeUndefined()
  })

  it('use the checksum that brokers use', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  })
})
