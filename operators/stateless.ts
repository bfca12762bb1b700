// What stateless operators share: the description of an output that keeps what its input was, and
// the way of failed rows to the dead letters (law 7).
import { gatherBatch, type RecordBatch } from '../engine/batch/index.ts'
import { ConfigError } from '../engine/errors.ts'
import { type AnyExpr, failureError, type RowFailures } from '../engine/expression/index.ts'
import type { OutputDescription, Stream } from '../engine/graph/index.ts'
import type { OperatorContext } from '../engine/operator.ts'
import type { Schema } from '../engine/schema/index.ts'

/** Expressions by the name of the column that they give. */
export type Expressions = Readonly<Record<string, AnyExpr>>

/**
 * The main output of an operator that turns one row into at most one. It stays a changelog; its
 * keys stay where all of them leave unchanged.
 * @param nameOf where an input column leaves unchanged; undefined where it does not
 */
export function outputLike(
  input: OutputDescription,
  schema: Schema<unknown>,
  nameOf: (column: string) => string | undefined,
): OutputDescription {
  const { isChangelog, settledAfterMicros, keys } = input
  const named = keys?.map(nameOf)
  const kept = named?.flatMap((name) => name ?? [])
  return {
    name: 'main',
    schema,
    isChangelog,
    mustBeUsed: false,
    ...(settledAfterMicros === undefined ? {} : { settledAfterMicros }),
    ...(kept === undefined || kept.length < (keys?.length ?? 0) ? {} : { keys: kept }),
  }
}

/** @throws ConfigError CHANGELOG_INPUT where rows may be updates of earlier ones. */
export function requireInserts(stream: Stream<unknown>, operator: string): void {
  if (!stream.output.isChangelog) return
  throw new ConfigError({
    code: 'CHANGELOG_INPUT',
    message: `${operator} takes rows that nothing changes later`,
    expected: 'a stream of inserts',
    found: 'a changelog',
    remedy: `Put settle() before ${operator}, or apply it before the rows are aggregated.`,
  })
}

/** Sends the failed rows of a batch to the dead letters. */
export function reportFailures(
  batch: RecordBatch,
  failures: RowFailures,
  context: OperatorContext | undefined,
): void {
  if (failures.count === 0) return
  for (const failure of failures.list()) {
    context?.deadLetter(batch, failure.row, failureError(failure))
  }
}

/** The batch without the rows that failed. */
export function withoutFailures(batch: RecordBatch, failures: RowFailures): RecordBatch {
  if (failures.count === 0) return batch
  const rows = new Int32Array(batch.length)
  let count = 0
  for (let row = 0; row < batch.length; row++) if (!failures.has(row)) rows[count++] = row
  return gatherBatch(batch, rows, count)
}
