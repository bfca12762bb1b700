import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ByteReader, type ByteWriter, batchOfRows } from '../../../engine/batch/index.ts'
import { type Field, int64, schemaOf } from '../../../engine/schema/index.ts'
import { instantiateAggregate, userDefined } from '../../../operators/aggregates/index.ts'
import { aggregateCases } from '../../cases/aggregate-cases.ts'

const value: Field = { name: 'value', type: { kind: 'int32' }, nullable: true }
const isNumber = (v: unknown) => typeof v === 'number'

describe('userDefined', () => {
  const product = (retract: boolean) =>
    userDefined({
      name: 'product-modulo',
      columns: ['value'],
      result: int64().nullable(),
      create: () => 1n,
      add: (state: bigint, [value]) =>
        typeof value === 'number' ? (state * odd(value)) % 2n ** 64n : state,
      merge: (state, other) => (state * other) % 2n ** 64n,
      ...(retract
        ? { retract: (state: bigint, other: bigint) => (state * inverse(other)) % 2n ** 64n }
        : {}),
      finish: (state) => (state === 1n ? null : BigInt.asIntN(64, state)),
      encode: (state, writer: ByteWriter) => writer.bigInt64(BigInt.asIntN(64, state)),
      decode: (reader: ByteReader) => BigInt.asUintN(64, reader.bigInt64()),
    })
  const expected = (values: readonly unknown[]) => {
    const state = values.filter(isNumber).reduce((p, v) => (p * odd(v)) % 2n ** 64n, 1n)
    return state === 1n ? null : BigInt.asIntN(64, state)
  }
  for (const retract of [true, false]) {
    aggregateCases(retract ? 'with retract' : 'without retract', {
      descriptor: product(retract),
      field: value,
      values: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: null, freq: 6 }),
      expected,
    })
  }

  test('an exception names the aggregate, the function and the record', () => {
    const broken = userDefined({
      name: 'broken',
      columns: ['value'],
      result: int64(),
      create: () => 0n,
      add: () => {
        throw new Error('no luck')
      },
      merge: (state) => state,
      finish: (state: bigint) => state,
      encode: () => {},
      decode: () => 0n,
    })
    const input = schemaOf([value])
    const lanes = instantiateAggregate('result', broken, input).create()
    lanes.ensureRows(1)
    const times = { eventTimes: [0], watermarksBefore: [0] }
    const batch = batchOfRows(input, [{ value: 1 }], times)
    expect(() => lanes.add(Int32Array.of(0), batch, 0, 1)).toThrow(
      /broken\.add threw at record 0.*no luck/,
    )
  })
})

/** An odd number above 1: it has an inverse modulo 2^64. */
function odd(value: number): bigint {
  return BigInt(value) * 2n + 3n
}

function inverse(value: bigint): bigint {
  let result = value
  for (let i = 0; i < 6; i++) result = (result * (2n - ((value * result) % 2n ** 64n))) % 2n ** 64n
  return BigInt.asUintN(64, result)
}
