// mean: the exact sum divided by the count of values, null without any.
//
//   int32, int64   float64: the exact sum, rounded once, divided by the count
//   float64        the same
//   decimal(p,s)   decimal(38, max(s, 6)), rounded half up (away from zero), as Flink's AVG
import type { Column } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import { type DataType, type Field, type Schema, typeName } from '../../engine/schema/index.ts'
import type { Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { FloatSums } from './float-sums.ts'
import { IntegerSums } from './integer-sums.ts'
import { inputOf, typeMismatch } from './lanes.ts'
import { nullsOf, SumAccumulators } from './sum-accumulators.ts'

const SCALE_MIN = 6

/** Arithmetic mean of a numeric column: `mean('order_total')`. */
export function mean<const C extends string>(column: C): AggregateDescriptor<'mean', C> {
  return { kind: 'mean', column }
}

export const meanKind: AggregateKind = {
  resultField(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>): Field {
    const { field } = inputOf(descriptor, input)
    return { name, type: meanType(field), nullable: field.nullable }
  },
  instantiate(name, descriptor, input): Aggregate {
    const { index, field } = inputOf(descriptor, input)
    const { type } = field
    const digits = type.kind === 'decimal' ? Math.max(type.scale, SCALE_MIN) - type.scale : -1
    return {
      field: meanKind.resultField(name, descriptor, input),
      layout: `mean(${typeName(type)})`,
      invertible: true,
      create: () => {
        if (type.kind === 'float64') return new SumAccumulators(index, new FloatSums(), floatMean)
        const sums = new IntegerSums(true)
        if (digits < 0) return new SumAccumulators(index, sums, integerMean)
        return new SumAccumulators(index, sums, (own, rows, count) =>
          decimalMean(own, rows, count, digits),
        )
      },
    }
  },
}

function meanType(field: Field): DataType {
  const { type } = field
  switch (type.kind) {
    case 'int32':
    case 'int64':
    case 'float64':
      return { kind: 'float64' }
    case 'decimal':
      return { kind: 'decimal', precision: 38, scale: Math.max(type.scale, SCALE_MIN) }
    default:
      throw typeMismatch('mean', field, 'int32, int64, float64 or decimal')
  }
}

function floatMean(sums: FloatSums, rows: Int32Array, count: number): Column {
  const { counts } = sums
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const row = rows[i]!
    if (counts[row]! > 0) values[i] = sums.value(row) / counts[row]!
  }
  return { kind: 'float64', values, nulls: nullsOf(counts, rows, count) }
}

function integerMean(sums: IntegerSums, rows: Int32Array, count: number): Column {
  const counts = countsOf(sums)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const row = rows[i]!
    if (counts[row]! > 0) values[i] = Number(sums.total(row)) / counts[row]!
  }
  return { kind: 'float64', values, nulls: nullsOf(counts, rows, count) }
}

/** @param digits decimal digits that the result has more than the input */
function decimalMean(sums: IntegerSums, rows: Int32Array, count: number, digits: number): Column {
  const factor = 10n ** BigInt(digits)
  const counts = countsOf(sums)
  const exact: bigint[] = []
  const values = new Float64Array(count)
  let anyWide = false
  for (let i = 0; i < count; i++) {
    const row = rows[i]!
    const parts = counts[row]!
    const unscaled = parts > 0 ? halfUp(sums.total(row) * factor, BigInt(parts)) : 0n
    exact.push(unscaled)
    values[i] = Number(unscaled)
    if (!Number.isSafeInteger(values[i]!)) anyWide = true
  }
  const nulls = nullsOf(counts, rows, count)
  return { kind: 'integer', values, wide: anyWide ? exact : undefined, nulls }
}

function countsOf({ counts }: IntegerSums): Float64Array {
  assert(counts !== undefined, 'a mean counts its values')
  return counts
}

/** `dividend` / `divisor` (> 0), rounded to nearest, ties away from zero. */
function halfUp(dividend: bigint, divisor: bigint): bigint {
  const magnitude = ((dividend < 0n ? -dividend : dividend) * 2n + divisor) / (divisor * 2n)
  return dividend < 0n ? -magnitude : magnitude
}
