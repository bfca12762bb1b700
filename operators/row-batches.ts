// Batches from rows that user functions gave. A row that its schema can not hold goes to a function
// that decides (dead letter or stop); the others form batches in their order.
import { batchOfRows, type RecordBatch } from '../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../engine/limits.ts'
import type { Schema } from '../engine/schema/index.ts'

/** Rows as a function gave them, with what each takes from the record it was made of. */
export class GivenRows {
  readonly #rows: Readonly<Record<string, unknown>>[] = []
  readonly #eventTimes: number[] = []
  readonly #watermarks: number[] = []
  readonly #origins: number[] = []

  get length(): number {
    return this.#rows.length
  }

  /** @param origin what the caller wants back when the row does not fit, e.g. the input row */
  add(row: unknown, eventTime: number, watermarkBefore: number, origin: number): void {
    this.#rows.push(rowObject(row))
    this.#eventTimes.push(eventTime)
    this.#watermarks.push(watermarkBefore)
    this.#origins.push(origin)
  }

  /** @throws BadRecordError VALUE_TYPE when the schema can not hold the row. */
  check(schema: Schema<unknown>, row: unknown): void {
    batchOfRows(schema, [rowObject(row)], { eventTimes: [0], watermarksBefore: [0] })
  }

  /** The rows as batches; afterwards there are none. */
  take(
    schema: Schema<unknown>,
    source: RecordBatch['source'],
    refuse: (origin: number, error: unknown) => void,
  ): RecordBatch[] {
    const batches: RecordBatch[] = []
    for (let from = 0; from < this.#rows.length; from += BATCH_RECORDS_MAX) {
      const all = range(from, Math.min(this.#rows.length, from + BATCH_RECORDS_MAX))
      const batch = this.#whole(schema, all, source) ?? this.#fitting(schema, all, source, refuse)
      if (batch !== undefined) batches.push(batch)
    }
    for (const array of [this.#rows, this.#eventTimes, this.#watermarks, this.#origins]) {
      array.length = 0
    }
    return batches
  }

  /** One batch of all the rows, or undefined when one does not fit. */
  #whole(schema: Schema<unknown>, rows: readonly number[], source: RecordBatch['source']) {
    try {
      return this.#batch(schema, rows, source)
    } catch {
      // The row that does not fit is found, and refused by name, one by one.
      return undefined
    }
  }

  #fitting(
    schema: Schema<unknown>,
    rows: readonly number[],
    source: RecordBatch['source'],
    refuse: (origin: number, error: unknown) => void,
  ): RecordBatch | undefined {
    const fitting = rows.filter((row) => {
      try {
        this.#batch(schema, [row], source)
        return true
      } catch (error) {
        refuse(this.#origins[row] ?? -1, error)
        return false
      }
    })
    return fitting.length === 0 ? undefined : this.#batch(schema, fitting, source)
  }

  #batch(schema: Schema<unknown>, rows: readonly number[], source: RecordBatch['source']) {
    const given = rows.map((row) => this.#rows[row] ?? {})
    const offsets = source?.offsets
    return batchOfRows(schema, given, {
      eventTimes: rows.map((row) => this.#eventTimes[row] ?? 0),
      watermarksBefore: rows.map((row) => this.#watermarks[row] ?? 0),
      source: source && {
        partition: source.partition,
        offsets: Float64Array.from(rows, (row) => offsets?.[this.#origins[row] ?? -1] ?? -1),
      },
    })
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Anything that is no object has no columns: what is missing then is named by the column. */
function rowObject(row: unknown): Readonly<Record<string, unknown>> {
  return typeof row === 'object' && row !== null ? Object.fromEntries(Object.entries(row)) : {}
}
