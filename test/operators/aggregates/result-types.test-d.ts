// Type test: the row types of aggregates follow from the input's row type.
import {
  type AggregateResults,
  count,
  countDistinct,
  max,
  mean,
  sum,
} from '../../../operators/aggregates/index.ts'

interface Row {
  readonly total: string
  readonly amount: bigint | null
  readonly weight: number
}

const aggregates = {
  orders: count(),
  spend: sum('total'),
  amount: sum('amount'),
  average: mean('amount'),
  weight: mean('weight'),
  greatest: max('amount'),
  distinct: countDistinct('total'),
}

type Results = AggregateResults<Row, typeof aggregates>

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export const proof: readonly [
  Equal<Results['orders'], bigint>,
  Equal<Results['spend'], string>,
  Equal<Results['amount'], bigint | null>,
  Equal<Results['average'], number | null>,
  Equal<Results['weight'], number>,
  Equal<Results['greatest'], bigint | null>,
  Equal<Results['distinct'], bigint>,
] = [true, true, true, true, true, true, true]
