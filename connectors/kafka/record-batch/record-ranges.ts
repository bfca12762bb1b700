// RecordRanges: where the parts of up to BATCH_RECORDS_MAX records lie, one array a part. Filled
// again for every read; readers that are used in turns by one thread can share one.
//
// A range is [start, end) in the bytes it came with; null (a tombstone's value, a missing key) is
// the range [1, 0), which a decoder reads as no bytes.
import { BATCH_RECORDS_MAX } from '../../../engine/limits.ts'

const NULL_START = 1
const NULL_END = 0

export class RecordRanges {
  readonly keyStarts = new Int32Array(BATCH_RECORDS_MAX)
  readonly keyEnds = new Int32Array(BATCH_RECORDS_MAX)
  readonly valueStarts = new Int32Array(BATCH_RECORDS_MAX)
  readonly valueEnds = new Int32Array(BATCH_RECORDS_MAX)
  /** Headers with their count before them, as `HeaderScanner` reads them. */
  readonly headerStarts = new Int32Array(BATCH_RECORDS_MAX)
  readonly headerEnds = new Int32Array(BATCH_RECORDS_MAX)
  readonly offsets = new Float64Array(BATCH_RECORDS_MAX)
  /** Epoch microseconds; -1000 where a producer gave none. */
  readonly times = new Float64Array(BATCH_RECORDS_MAX)

  setKey(row: number, start: number, length: number): void {
    const isNull = length < 0
    this.keyStarts[row] = isNull ? NULL_START : start
    this.keyEnds[row] = isNull ? NULL_END : start + length
  }

  setValue(row: number, start: number, length: number): void {
    const isNull = length < 0
    this.valueStarts[row] = isNull ? NULL_START : start
    this.valueEnds[row] = isNull ? NULL_END : start + length
  }
}

/** The range of a missing key or value. */
export function isNullRange(start: number, end: number): boolean {
  return end < start
}
