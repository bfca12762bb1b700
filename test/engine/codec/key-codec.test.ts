import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ByteWriter,
  batchOfRows,
  columnBuilder,
  murmur2,
  type RecordBatch,
} from '../../../engine/batch/index.ts'
import { type KeyCodec, keyCodec } from '../../../engine/codec/index.ts'
import { ConfigError, StateCorruptError } from '../../../engine/errors.ts'
import * as s from '../../../engine/schema/index.ts'
import { batchesOf, dataTypes, fields, internColumn, valuesOf } from './random-batch.ts'

function keyOf(codec: KeyCodec, values: readonly unknown[]): Uint8Array {
  const writer = new ByteWriter(1)
  codec.encodeValues(values, writer)
  return writer.toBytes()
}

const keyFields = fields(dataTypes(0), 3)
const rowValues = (some: readonly s.Field[]) => fc.tuple(...some.map(valuesOf))

/** -0 and 0 are one key. */
function plainZero(value: unknown): unknown {
  return value === 0 ? 0 : value
}

function compareValues(a: unknown, b: unknown): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  if (typeof a === 'string' && typeof b === 'string') {
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  }
  return Number((a ?? 0) > (b ?? 0)) - Number((a ?? 0) < (b ?? 0))
}

function comparable(value: unknown, field: s.Field): unknown {
  if (field.type.kind !== 'decimal' || typeof value !== 'string') return value
  return BigInt(value.replace('.', ''))
}

test('every key comes back, -0 as 0', () => {
  fc.assert(
    fc.property(
      keyFields.chain((some) => fc.tuple(fc.constant(some), rowValues(some))),
      ([some, values]) => {
        const codec = keyCodec(some)
        expect(codec.decode(keyOf(codec, values))).toEqual(values.map(plainZero))
      },
    ),
    { numRuns: 1000 },
  )
})

test('bytes compare as the keys compare, column by column, nulls first', () => {
  const pairs = keyFields.chain((some) =>
    fc.tuple(fc.constant(some), rowValues(some), rowValues(some), fc.nat(2)),
  )
  fc.assert(
    fc.property(pairs, ([some, a, other, same]) => {
      const codec = keyCodec(some)
      const b = other.map((value, i) => (i < same && i < some.length - 1 ? a[i] : value))
      const order = some
        .map((field, i) => compareValues(comparable(a[i], field), comparable(b[i], field)))
        .find((sign) => sign !== 0)
      const found = Buffer.compare(keyOf(codec, a), keyOf(codec, b))
      expect(Math.sign(found)).toBe(Math.sign(order ?? 0))
    }),
    { numRuns: 3000 },
  )
})

test('values round 2^53, at the ends of their types and with zero bytes stay in order', () => {
  const ordered: [s.ColumnSpec<unknown>, unknown[]][] = [
    [
      s.int64(),
      [-(2n ** 63n), -(2n ** 53n) - 1n, -(2n ** 53n), -1n, 0n, 1n, 2n ** 53n, 2n ** 63n - 1n],
    ],
    [
      s.decimal(38, 0),
      [-(10n ** 38n) + 1n, -(2n ** 64n), -1n, 0n, 1n, 2n ** 63n, 2n ** 64n, 10n ** 38n - 1n].map(
        String,
      ),
    ],
    [s.int32(), [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1]],
    [s.float64(), [-Infinity, -1.5, -5e-324, 0, 5e-324, 1, Infinity, Number.NaN]],
    [s.timestamp(), [Number.MIN_SAFE_INTEGER, -1, 0, 4294967296, Number.MAX_SAFE_INTEGER]],
    [s.string(), ['', '\0', '\0\0', '\0a', 'a', 'a\0', 'a\0b', 'aa', 'é', '\uFFFF', '😀']],
  ]
  for (const [spec, values] of ordered) {
    const second = { name: 'b', type: s.int32().type, nullable: false }
    const codec = keyCodec([{ name: 'a', type: spec.type, nullable: false }, second])
    const keys = values.map((value) => keyOf(codec, [value, -1]))
    expect([...keys].sort(Buffer.compare)).toEqual(keys)
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(keys.length)
  }
})

test('one text column that is never null is exactly its bytes', () => {
  const codec = keyCodec([{ name: 'user', type: { kind: 'string' }, nullable: false }])
  expect(keyOf(codec, ['us\0é'])).toEqual(new TextEncoder().encode('us\0é'))
  const bytes = keyCodec([{ name: 'id', type: { kind: 'bytes' }, nullable: false }])
  expect(keyOf(bytes, [Uint8Array.of(0, 255)])).toEqual(Uint8Array.of(0, 255))
})

test('an encoding is stable: these bytes are in stored state and topics', () => {
  const schema = s.schema({
    a: s.string().nullable(),
    b: s.int64(),
    c: s.decimal(20, 2),
    d: s.float64(),
    e: s.bool(),
    f: s.date(),
  })
  const codec = keyCodec(schema.fields)
  expect(codec.format).toBe('ordered-1(string?,int64,decimal(20,2),float64,bool,date)')
  const key = keyOf(codec, ['x\0', -2n, '-0.01', 1, true, 1])
  expect(Buffer.from(key).toString('hex')).toBe(
    '0178' +
      '00ff' +
      '0000' +
      '7ffffffffffffffe' +
      `7fffffffffffffff${'f'.repeat(16)}` +
      'bff0000000000000' +
      '01' +
      '80000001',
  )
})

test('damaged keys are named, not misread', () => {
  const codec = keyCodec(s.schema({ a: s.string(), b: s.bool().nullable() }).fields)
  const key = keyOf(codec, ['ab', true])
  for (let i = 0; i < key.length; i++) {
    expect(() => codec.decode(key.subarray(0, i))).toThrow(StateCorruptError)
  }
  expect(() => codec.decode(Uint8Array.of(...key, 0))).toThrow('KEY_CORRUPT')
  expect(() => codec.decode(Uint8Array.of(97, 0, 7, 0, 0, 0))).toThrow('KEY_CORRUPT')
  expect(() => codec.decode(Uint8Array.of(97, 0, 0, 2, 0))).toThrow('KEY_CORRUPT')
  expect(() => codec.decode(Uint8Array.of(97, 0, 0, 1, 2))).toThrow('KEY_CORRUPT')
  expect(() => codec.decode(Uint8Array.of(0xff, 0, 0, 0))).toThrow('UTF-8')
})

test('a list, a struct and no columns at all are refused as keys', () => {
  expect(() => keyCodec(s.schema({ a: s.list(s.string()) }).fields)).toThrow(ConfigError)
  expect(() => keyCodec([])).toThrow('KEY_TYPE')
})

test('decoded keys go into columns', () => {
  const schema = s.schema({ user: s.string(), n: s.int64() })
  const codec = keyCodec(schema.fields)
  const builders = schema.fields.map(columnBuilder)
  codec.decodeInto(keyOf(codec, ['u', 2n ** 60n]), builders)
  codec.decodeInto(keyOf(codec, ['v', 1n]), builders)
  expect(builders.map((builder) => builder.length)).toEqual([2, 2])
})

describe('partitions', () => {
  const partitions = (codec: KeyCodec, batch: RecordBatch, columns: number[], count: number) => {
    const out = new Int32Array(batch.length)
    codec.partitionRows(batch, columns, count, out)
    return [...out]
  }

  test('are those of the Kafka client for the same key', () => {
    // Values of org.apache.kafka.common.utils.Utils.murmur2 in its own unit test.
    const known: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ]
    const schema = s.schema({ n: s.int32(), user: s.string() })
    const rows = known.map(([user], n) => ({ n, user }))
    const zeros = new Float64Array(known.length)
    const batch = batchOfRows(schema, rows, { eventTimes: zeros, watermarksBefore: zeros })
    const codec = keyCodec([s.fieldAt(schema, 1)])
    expect(partitions(codec, batch, [1], 1000)).toEqual(
      known.map(([, hash]) => (hash & 0x7fffffff) % 1000),
    )
  })

  test('do not depend on the layout of the columns or on what was cached before', () => {
    const cases = keyFields.chain((some) =>
      fc.tuple(
        fc.constant(keyCodec(some)),
        batchesOf({ fields: some }),
        batchesOf({ fields: some }),
      ),
    )
    fc.assert(
      fc.property(cases, ([codec, first, second]) => {
        const columns = codec.fields.map((_, i) => i)
        for (const batch of [first, second, first]) {
          for (const count of [7, 12]) {
            const expected = Array.from({ length: batch.length }, (_, row) => {
              const writer = new ByteWriter()
              codec.encode(batch.columns, row, writer)
              return (murmur2(writer.view()) & 0x7fffffff) % count
            })
            const interned = { ...batch, columns: batch.columns.map(internColumn) }
            expect(partitions(codec, batch, columns, count)).toEqual(expected)
            expect(partitions(codec, interned, columns, count)).toEqual(expected)
            expect(partitions(codec, interned, columns, count)).toEqual(expected)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
