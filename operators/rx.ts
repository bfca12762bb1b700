// rx: an RxJS operator over the rows that one row becomes. It is subscribed anew for each record
// and must complete within the call: nothing is kept between records, so nothing is lost at a
// crash.
import type { OperatorFunction } from 'rxjs'
import { UserCodeError } from '../engine/errors.ts'
import type { Stream } from '../engine/graph/index.ts'
import { Observable } from '../engine/rxjs.ts'
import type { Schema } from '../engine/schema/index.ts'
import { rowsOperator } from './flat-map.ts'

/**
 * Applies an RxJS operator to each row; what it gives takes the row's time. A row on which it fails
 * is a dead letter.
 * @example rx((rows) => rows.pipe(filter((row) => row.total > 10)), { schema })
 * @example rx((rows) => rows.pipe(map((row) => ({ id: row.id }))), { schema })
 * @throws ConfigError CHANGELOG_INPUT
 */
export function rx<Row, Out>(
  apply: OperatorFunction<Row, Out>,
  options: { readonly schema: Schema<Out> },
) {
  return (stream: Stream<Row>): Stream<Out> =>
    rowsOperator('rx', stream, options.schema, (row: Row) => valuesOf(row, apply))
}

function valuesOf<Row, Out>(row: Row, apply: OperatorFunction<Row, Out>): Out[] {
  const values: Out[] = []
  let failure: { readonly error: unknown } | undefined
  let isComplete = false
  let isOver = false
  const given = new Observable<Row>((subscriber) => {
    subscriber.next(row)
    subscriber.complete()
  })
  const subscription = apply(given).subscribe({
    next: (value) => {
      if (!isOver) values.push(value)
    },
    error: (error) => {
      failure = { error }
    },
    complete: () => {
      isComplete = true
    },
  })
  isOver = true
  if (failure !== undefined) throw failure.error
  if (isComplete) return values
  subscription.unsubscribe()
  throw new UserCodeError({
    code: 'RX_NOT_SYNCHRONOUS',
    message: 'an rx operator did not complete within the record it was given',
    expected: 'an operator that completes when its input does',
    found: `${values.length} values and no completion`,
    remedy: 'Leave out delays, timers and promises; use process() for what waits.',
  })
}
