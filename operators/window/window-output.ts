// WindowOutput: makes output batches. A row is the key, window_start, window_end and the
// aggregates; its event time is window_end - 1 ms.
import { type Column, type RecordBatch, recordBatch, valueAt } from '../../engine/batch/index.ts'
import { ConfigError, errorCode } from '../../engine/errors.ts'
import type { Schema } from '../../engine/schema/index.ts'
import type { KeyIndex } from '../../engine/state/index.ts'
import { closingTime } from '../../engine/window/index.ts'

/** The aggregates' columns of the rows [from, from + count) that are being sent. */
export type ResultsOf = (from: number, count: number) => Column[]

export class WindowOutput {
  readonly schema: Schema<unknown>
  readonly #keys: KeyIndex
  readonly #keyCount: number
  readonly #size: number

  constructor(schema: Schema<unknown>, keys: KeyIndex, keyCount: number, size: number) {
    this.schema = schema
    this.#keys = keys
    this.#keyCount = keyCount
    this.#size = size
  }

  /** Rows of one window, one a slot. */
  ofWindow(
    end: number,
    slots: Int32Array,
    count: number,
    results: ResultsOf,
    watermark: number,
  ): RecordBatch {
    const ends = new Float64Array(count).fill(end)
    const aggregates = this.#named(ends, slots, count, results)
    return this.#batch(slots, ends, aggregates, new Float64Array(count).fill(watermark), undefined)
  }

  /** Rows of several windows with their changes, in the order given. */
  ofChanges(
    ends: Float64Array,
    slots: Int32Array,
    changes: Uint8Array,
    watermark: number,
    results: ResultsOf,
  ): RecordBatch {
    const count = ends.length
    const aggregates = this.#named(ends, slots, count, results)
    return this.#batch(slots, ends, aggregates, new Float64Array(count).fill(watermark), changes)
  }

  #batch(
    slots: Int32Array,
    ends: Float64Array,
    aggregates: Column[],
    watermarksBefore: Float64Array,
    changes: Uint8Array | undefined,
  ): RecordBatch {
    const count = ends.length
    const starts = new Float64Array(count)
    const eventTimes = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      starts[i] = ends[i]! - this.#size
      eventTimes[i] = closingTime(ends[i]!)
    }
    const columns: Column[] = [
      ...this.#keys.keyColumns(slots, count),
      { kind: 'float64', values: starts, nulls: undefined },
      { kind: 'float64', values: ends, nulls: undefined },
      ...aggregates,
    ]
    return recordBatch({ schema: this.schema, columns, eventTimes, watermarksBefore, changes })
  }

  /** The results; an overflow is raised again with the key and the window it happened in. */
  #named(ends: Float64Array, slots: Int32Array, count: number, results: ResultsOf): Column[] {
    try {
      return results(0, count)
    } catch (error) {
      if (errorCode(error) !== 'SUM_OVERFLOW') throw error
      for (let i = 0; i < count; i++) this.#check(ends[i]!, slots, i, results)
      throw error
    }
  }

  #check(end: number, slots: Int32Array, at: number, results: ResultsOf): void {
    try {
      results(at, 1)
    } catch (cause) {
      const single = this.#keys.keyColumns(slots.slice(at, at + 1), 1)
      const key = this.schema.fields.slice(0, this.#keyCount).map((field, i) => {
        const column = single[i]
        return `${field.name} ${column === undefined ? '' : valueAt(column, field.type, 0)}`
      })
      throw new ConfigError({
        code: 'SUM_OVERFLOW',
        message:
          `a sum overflows in the window ${instant(end - this.#size)} to ${instant(end)} ` +
          `of ${key.join(', ') || 'all records'}`,
        remedy: 'Convert the column to decimal(38,0) before summing it.',
        cause,
      })
    }
  }
}

/** ISO 8601 text of an instant; reads no clock. */
function instant(micros: number): string {
  return new Date(micros / 1000).toISOString()
}
