import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Column,
  Dictionary,
  gatherBatch,
  type RecordBatch,
  recordBatch,
  rowAt,
  sliceBatch,
  valueAt,
} from '../../../engine/batch/index.ts'
import {
  compileExpression,
  type Expression,
  RowFailures,
} from '../../../engine/expression/index.ts'
import { Interpreter, RowError } from './interpreter.ts'
import { columns, kinds, rowOf, tree } from './random-expressions.ts'
import { batchOf as plainBatchOf } from './support.ts'

const dictionary = new Dictionary()

/** The batch of some rows, column `s` as ids of a dictionary that all runs share. */
function batchOf(rows: readonly Readonly<Record<string, unknown>>[]): RecordBatch {
  const plain = plainBatchOf(columns, rows)
  const changed = plain.columns.map((given, index): Column => {
    if (columns.fields[index]?.name !== 's') return given
    const ids = Int32Array.from(rows, ({ s }) => {
      return typeof s === 'string' ? dictionary.internString(s) : -1
    })
    return { kind: 'dictionary', ids, dictionary, nulls: given.nulls }
  })
  return recordBatch({ ...plain, columns: changed })
}

function expected(interpreter: Interpreter, expression: Expression, batch: RecordBatch) {
  return Array.from({ length: batch.length }, (_, row) => {
    try {
      return { value: interpreter.run(expression, rowAt(batch, row)) }
    } catch (error) {
      if (error instanceof RowError) return { failed: error.code }
      throw error
    }
  })
}

function actual(expression: Expression, batches: readonly RecordBatch[]) {
  const compiled = compileExpression(expression, columns)
  return batches.flatMap((batch) => {
    const failures = new RowFailures()
    const result = compiled.evaluate(batch, failures)
    const codes = new Map(failures.list().map((failure) => [failure.row, failure.code]))
    return Array.from({ length: batch.length }, (_, row) => {
      const value = valueAt(result, compiled.type, row)
      const failed = codes.get(row)
      if (failed !== undefined) return value === null ? { failed } : { failed, value }
      return { value }
    })
  })
}

test('random expressions over random batches equal a naive interpreter, row by row', () => {
  const interpreter = new Interpreter(columns)
  const any = fc.constantFrom(...kinds).chain((kind) => tree(kind, 3))
  const cases = fc.tuple(any, fc.array(rowOf, { minLength: 1, maxLength: 24 }))
  fc.assert(
    fc.property(cases, ([expression, rows]) => {
      const batch = batchOf(rows)
      const wanted = expected(interpreter, expression, batch)
      expect(actual(expression, [batch])).toEqual(wanted)
      const half = Math.floor(rows.length / 2)
      const cut = [sliceBatch(batch, 0, half), sliceBatch(batch, half, rows.length)]
      expect(actual(expression, cut)).toEqual(wanted)
      const all = Int32Array.from(rows, (_, row) => row)
      expect(actual(expression, [gatherBatch(batch, all)])).toEqual(wanted)
    }),
    { numRuns: Number(process.env.ORACLE_RUNS ?? 400) },
  )
})
