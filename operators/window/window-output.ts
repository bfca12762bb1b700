// WindowOutput: makes output batches. A row is the key, window_start, window_end and the
// aggregates; its event time is window_end - 1 ms.
import { type Column, type RecordBatch, recordBatch, valueAt } from '../../engine/batch/index.ts'
import { ConfigError, errorCode } from '../../engine/errors.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Schema } from '../../engine/schema/index.ts'
import type { KeyIndex } from '../../engine/state/index.ts'
import { closingTime } from '../../engine/window/index.ts'

/** The aggregates' columns of the rows [from, from + count) that are being sent. */
export type ResultsOf = (from: number, count: number) => Column[]

interface RowTimes {
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly eventTimes: Float64Array
  readonly watermarksBefore: Float64Array
}

/** The times of one window's rows: the same for all of them, so its batches share the memory. */
class WindowTimes implements RowTimes {
  readonly end: number
  readonly watermark: number
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly eventTimes: Float64Array
  readonly watermarksBefore: Float64Array

  constructor(end: number, start: number, watermark: number) {
    this.end = end
    this.watermark = watermark
    this.starts = new Float64Array(BATCH_RECORDS_MAX).fill(start)
    this.ends = new Float64Array(BATCH_RECORDS_MAX).fill(end)
    this.eventTimes = new Float64Array(BATCH_RECORDS_MAX).fill(closingTime(end))
    this.watermarksBefore = new Float64Array(BATCH_RECORDS_MAX).fill(watermark)
  }

  first(count: number): RowTimes {
    if (count === BATCH_RECORDS_MAX) return this
    return {
      starts: this.starts.subarray(0, count),
      ends: this.ends.subarray(0, count),
      eventTimes: this.eventTimes.subarray(0, count),
      watermarksBefore: this.watermarksBefore.subarray(0, count),
    }
  }
}

export class WindowOutput {
  readonly schema: Schema<unknown>
  readonly #keys: KeyIndex
  readonly #keyCount: number
  readonly #size: number
  #times = new WindowTimes(Number.NaN, Number.NaN, Number.NaN)

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
    if (this.#times.end !== end || this.#times.watermark !== watermark) {
      this.#times = new WindowTimes(end, end - this.#size, watermark)
    }
    const times = this.#times.first(count)
    const aggregates = this.#named(times.ends, slots, count, results)
    return this.#batch(slots, times, aggregates, undefined)
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
    const starts = ends.map((end) => end - this.#size)
    const eventTimes = ends.map(closingTime)
    const watermarksBefore = new Float64Array(count).fill(watermark)
    const times = { starts, ends, eventTimes, watermarksBefore }
    return this.#batch(slots, times, this.#named(ends, slots, count, results), changes)
  }

  #batch(
    slots: Int32Array,
    times: RowTimes,
    aggregates: Column[],
    changes: Uint8Array | undefined,
  ): RecordBatch {
    const { starts, ends, eventTimes, watermarksBefore } = times
    const columns: Column[] = [
      ...this.#keys.keyColumns(slots, ends.length),
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
