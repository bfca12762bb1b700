import { crc32c } from '@node-rs/crc32'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ByteWriter,
  batchOfRows,
  columnAt,
  Dictionary,
  type RecordBatch,
  rowsOf,
  sliceBatch,
} from '../../../engine/batch/index.ts'
import { decodeBatch, encodeBatch, peekBatchHeader } from '../../../engine/codec/index.ts'
import { StateCorruptError, StateMismatchError } from '../../../engine/errors.ts'
import * as s from '../../../engine/schema/index.ts'
import { batches, batchesOf, internColumn, rowsOfSchema, schemas } from './random-batch.ts'

function encoded(batch: RecordBatch): Uint8Array {
  const writer = new ByteWriter(16)
  writer.uint8(77)
  encodeBatch(batch, writer)
  return writer.toBytes().subarray(1)
}

const orders = s.schema({
  order_id: s.string(),
  user_id: s.string().nullable(),
  total: s.decimal(10, 2),
  big: s.int64(),
  tags: s.list(s.string()),
  at: s.timestamp(),
})

function orderBatch(length: number): RecordBatch {
  const rows = Array.from({ length }, (_, i) => ({
    order_id: `order-${i}`,
    user_id: i % 5 === 0 ? null : `user_${i % 3}`,
    total: `${i}.25`,
    big: 2n ** 60n + BigInt(i),
    tags: i % 2 ? ['a', 'b'] : [],
    at: 1_700_000_000_000_000 + i * 1_000_003,
  }))
  const batch = batchOfRows(orders, rows, {
    eventTimes: rows.map((row) => row.at),
    watermarksBefore: rows.map((row, i) => (i === 0 ? -Infinity : row.at - 5_000_000)),
    changes: Uint8Array.from(rows, (_, i) => i % 4),
    source: { partition: 3, offsets: Float64Array.from(rows, (_, i) => 900 + 2 * i) },
  })
  const columns = batch.columns.map((column, i) => (i === 1 ? internColumn(column) : column))
  return { ...batch, columns }
}

describe('round trip', () => {
  test('every batch comes back with the same rows, times, changes and positions', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const back = decodeBatch(encoded(batch), batch.schema)
        expect(rowsOf(back)).toEqual(rowsOf(batch))
        expect(back.eventTimes).toEqual(batch.eventTimes)
        expect(back.watermarksBefore).toEqual(batch.watermarksBefore)
        expect(back.changes).toEqual(batch.changes)
        expect(back.source).toEqual(batch.source)
      }),
      { numRuns: 500 },
    )
  })

  test('rows come back as they were given, byte order marks and odd names included', () => {
    const random = schemas.chain((schema) => fc.tuple(fc.constant(schema), rowsOfSchema(schema)))
    fc.assert(
      fc.property(random, ([schema, rows]) => {
        const zeros = new Float64Array(rows.length)
        const batch = batchOfRows(schema, rows, { eventTimes: zeros, watermarksBefore: zeros })
        expect(rowsOf(decodeBatch(encoded(batch), schema))).toEqual(rows)
      }),
      { numRuns: 300 },
    )
  })

  test.each([0, 1, 255, 256, 1024])('a batch of %i records with all parts comes back', (length) => {
    const batch = orderBatch(length)
    const bytes = encoded(batch)
    const back = decodeBatch(bytes, orders)
    expect(rowsOf(back)).toEqual(rowsOf(batch))
    expect(back.watermarksBefore).toEqual(batch.watermarksBefore)
    expect(back.source).toEqual(batch.source)
    expect(peekBatchHeader(bytes)).toEqual({ version: 1, byteLength: bytes.length, length })
  })

  test('watermarks in steps, at the ends of time and with fractions come back', () => {
    const schema = s.schema({ n: s.int32() })
    const shapes = [
      [...new Array(20).fill(-Infinity), ...new Array(40).fill(10), ...new Array(40).fill(12)],
      [...new Array(60).fill(0.5), ...new Array(40).fill(Infinity)],
      Array.from({ length: 100 }, (_, i) => -1e15 + i * 1e13),
      [...new Array(50).fill(Number.MIN_SAFE_INTEGER), ...new Array(50).fill(2 ** 53 - 1)],
      new Array(100).fill(Infinity),
    ]
    for (const watermarksBefore of shapes) {
      const rows = watermarksBefore.map((_, n) => ({ n }))
      const batch = batchOfRows(schema, rows, { eventTimes: watermarksBefore, watermarksBefore })
      const back = decodeBatch(encoded(batch), schema)
      expect(Array.from(back.watermarksBefore)).toEqual(watermarksBefore)
      expect(Array.from(back.eventTimes)).toEqual(watermarksBefore)
    }
  })

  test('a Buffer is decoded into columns that do not share its memory', () => {
    const batch = orderBatch(50)
    const buffer = Buffer.from(encoded(batch))
    const back = decodeBatch(buffer, orders)
    buffer.fill(0)
    expect(rowsOf(back)).toEqual(rowsOf(batch))
  })
})

describe('dictionaries', () => {
  const schema = s.schema({ user: s.string().nullable(), id: s.string() })
  const rows = (users: (string | null)[]) =>
    batchOfRows(
      schema,
      users.map((user, i) => ({ user, id: `${i}` })),
      { eventTimes: users.map(() => 0), watermarksBefore: users.map(() => 0) },
    )

  test('texts of many batches are interned into the given dictionary with stable ids', () => {
    const dictionary = new Dictionary()
    const options = { dictionaries: [dictionary, undefined] }
    const interned = (batch: RecordBatch) => ({
      ...batch,
      columns: batch.columns.map(internColumn),
    })
    const first = decodeBatch(encoded(rows(['b', 'a', null, 'b'])), schema, options)
    const many = ['a', 'a', 'c', 'a', null, 'b', 'a', 'a', 'a']
    const second = decodeBatch(encoded(interned(rows(many))), schema, options)
    const ids = [first, second].map((batch) => {
      const column = columnAt(batch, 0)
      return column.kind === 'dictionary' && column.dictionary === dictionary && [...column.ids]
    })
    expect(ids).toEqual([
      [0, 1, -1, 0],
      [1, 1, 2, 1, -1, 0, 1, 1, 1],
    ])
    expect(columnAt(first, 1).kind).toBe('plain')
    expect(rowsOf(second)).toEqual(rowsOf(rows(many)))
  })

  test('only the values that a batch uses are written', () => {
    const big = rows(Array.from({ length: 1000 }, (_, i) => `user_${i % 200}`))
    const columns = big.columns.map(internColumn)
    const slice = sliceBatch({ ...big, columns }, 0, 5)
    expect(encoded(slice).length).toBeLessThan(250)
  })
})

describe('damage', () => {
  test('each flipped byte and each truncation is StateCorruptError', () => {
    const bytes = encoded(orderBatch(9))
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = bytes.slice()
        damaged[i]! ^= flip
        expect(() => decodeBatch(damaged, orders), `byte ${i}`).toThrow(StateCorruptError)
      }
      expect(() => decodeBatch(bytes.slice(0, i), orders)).toThrow(StateCorruptError)
    }
    const longer = new Uint8Array(bytes.length + 1)
    longer.set(bytes)
    expect(() => decodeBatch(longer, orders)).toThrow(StateCorruptError)
  })

  test('random bytes under a right checksum never crash or allocate beyond their size', () => {
    const cases = schemas
      .chain((schema) => batchesOf(schema))
      .chain((batch) => fc.tuple(fc.constant(batch), fc.nat(), fc.nat(255), fc.nat(3)))
    fc.assert(
      fc.property(cases, ([batch, place, value, more]) => {
        const bytes = encoded(batch)
        const body = 14
        for (let i = 0; i <= more; i++) {
          bytes[body + ((place * (i + 1)) % (bytes.length - 4 - body))] = value
        }
        try {
          decodeBatch(resealed(bytes), batch.schema)
        } catch (error) {
          expect(error).toBeInstanceOf(StateCorruptError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('another schema and another version are named as such', () => {
    const bytes = encoded(orderBatch(3))
    const other = s.schema({ order_id: s.string() })
    expect(() => decodeBatch(bytes, other)).toThrow(StateMismatchError)
    expect(() => decodeBatch(bytes, other)).toThrow('BATCH_SCHEMA')
    bytes[8] = 2
    expect(() => decodeBatch(resealed(bytes), orders)).toThrow('BATCH_VERSION')
  })

  test('a header is read without the checksum, but not from half a batch', () => {
    const bytes = encoded(orderBatch(3))
    expect(peekBatchHeader(new Uint8Array([...bytes, 1, 2])).length).toBe(3)
    expect(() => peekBatchHeader(bytes.subarray(0, bytes.length - 1))).toThrow('BATCH_CORRUPT')
    expect(() => peekBatchHeader(new Uint8Array(40))).toThrow('MRBT')
  })
})

function resealed(bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
  writer.raw(bytes, 0, bytes.length - 4)
  writer.uint32(crc32c(writer.view()))
  return writer.toBytes()
}
