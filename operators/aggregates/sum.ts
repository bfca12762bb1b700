// sum: exact. int32 and int64 sum to int64 (a total beyond it is an error when it is read, not
// while adding), decimal(p,s) to decimal(38,s), float64 to float64 rounded once. No value: null.
import type { Column } from '../../engine/batch/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { type DataType, type Field, type Schema, typeName } from '../../engine/schema/index.ts'
import type { Aggregate, AggregateDescriptor, AggregateKind } from './aggregate.ts'
import { FloatSums } from './float-sums.ts'
import { IntegerSums } from './integer-sums.ts'
import { inputOf, typeMismatch } from './lanes.ts'
import { nullsOf, SumAccumulators } from './sum-accumulators.ts'

/** Sums a numeric column: `sum('order_total')`. */
export function sum<const C extends string>(column: C): AggregateDescriptor<'sum', C> {
  return { kind: 'sum', column }
}

export const sumKind: AggregateKind = {
  resultField(name: string, descriptor: AggregateDescriptor, input: Schema<unknown>): Field {
    const { field } = inputOf(descriptor, input)
    return { name, type: sumType(field), nullable: field.nullable }
  },
  instantiate(name, descriptor, input): Aggregate {
    const { index, field } = inputOf(descriptor, input)
    const result = sumKind.resultField(name, descriptor, input)
    const isFloat = field.type.kind === 'float64'
    return {
      field: result,
      layout: `sum(${typeName(field.type)}${field.nullable ? ', nullable' : ''})`,
      invertible: true,
      create: () => {
        if (isFloat) return new SumAccumulators(index, new FloatSums(), floatResult)
        const largest = largestOf(result.type)
        return new SumAccumulators(index, new IntegerSums(field.nullable), (sums, rows, count) =>
          integerResult(sums, rows, count, largest, result.type),
        )
      },
    }
  },
}

function sumType(field: Field): DataType {
  const { type } = field
  switch (type.kind) {
    case 'int32':
    case 'int64':
      return { kind: 'int64' }
    case 'float64':
      return type
    case 'decimal':
      return { kind: 'decimal', precision: 38, scale: type.scale }
    default:
      throw typeMismatch('sum', field, 'int32, int64, float64 or decimal')
  }
}

/** Greatest magnitude of the result type: 2^63 - 1, or 38 digits. */
function largestOf(type: DataType): bigint {
  return type.kind === 'decimal' ? 10n ** BigInt(type.precision) - 1n : 2n ** 63n - 1n
}

function integerResult(
  sums: IntegerSums,
  rows: Int32Array,
  count: number,
  largest: bigint,
  type: DataType,
): Column {
  const values = new Float64Array(count)
  let anyWide = false
  for (let i = 0; i < count; i++) {
    const value = sums.sumAt(rows[i]!)
    values[i] = value
    if (Number.isNaN(value)) anyWide = true
  }
  const nulls = nullsOf(sums.counts, rows, count)
  if (!anyWide) return { kind: 'integer', values, wide: undefined, nulls }
  const wide: bigint[] = []
  const least = type.kind === 'decimal' ? -largest : -largest - 1n
  for (let i = 0; i < count; i++) {
    const total = sums.total(rows[i]!)
    if (total > largest || total < least) throw overflow(total, type)
    wide.push(total)
    values[i] = Number(total)
  }
  return { kind: 'integer', values, wide, nulls }
}

function floatResult(sums: FloatSums, rows: Int32Array, count: number): Column {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = sums.value(rows[i]!)
  return { kind: 'float64', values, nulls: nullsOf(sums.counts, rows, count) }
}

function overflow(total: bigint, type: DataType): ConfigError {
  return new ConfigError({
    code: 'SUM_OVERFLOW',
    message: `a sum does not fit ${typeName(type)}`,
    expected: typeName(type),
    found: `${total}`,
    remedy: 'Convert the column to decimal(38,0) or a coarser scale before summing it.',
  })
}
