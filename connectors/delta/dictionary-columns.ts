// Which columns of a Parquet file are worth a dictionary: texts of few values, as cities. Everything
// else is written as it is: looking each value up costs several times what writing it does, and
// snappy finds most repetitions anyway.
import type { RecordBatch } from '../../engine/batch/index.ts'

const VALUES_MAX = 4096
/** Rows, at least, for each value of the column's dictionary. */
const ROWS_PER_VALUE = 8

/** Names of such columns, from the rows that a file begins with. */
export function dictionaryColumns(batches: readonly RecordBatch[]): string[] {
  const last = batches.at(-1)
  const rows = batches.reduce((sum, { length }) => sum + length, 0)
  const valuesMax = Math.min(VALUES_MAX, rows / ROWS_PER_VALUE)
  const fields = last?.schema.fields ?? []
  return fields.flatMap(({ name }, i) => {
    const column = last?.columns[i]
    const hasFew = column?.kind === 'dictionary' && column.dictionary.size <= valuesMax
    return hasFew ? [name] : []
  })
}
