// RowBuffer: batches that wait to become Arrow rows, bounded in rows and bytes. Small batches are
// joined, so that a row does not keep alive the whole batch that it was cut from.
import {
  type Column,
  columnLength,
  concatBatches,
  type RecordBatch,
} from '../../engine/batch/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'

export class RowBuffer {
  rows = 0
  /** Estimate of the rows' size in Arrow layout. */
  sizeBytes = 0
  #batches: RecordBatch[] = []
  #small: RecordBatch[] = []
  #smallRows = 0

  add(batch: RecordBatch): void {
    if (this.#smallRows + batch.length > BATCH_RECORDS_MAX) this.#join()
    this.#small.push(batch)
    this.#smallRows += batch.length
    this.rows += batch.length
    for (const column of batch.columns) this.sizeBytes += columnBytes(column)
  }

  /** Everything added since the last call; the buffer is empty afterwards. */
  take(): readonly RecordBatch[] {
    this.#join()
    const taken = this.#batches
    this.#batches = []
    this.rows = 0
    this.sizeBytes = 0
    return taken
  }

  #join(): void {
    if (this.#small.length > 0) this.#batches.push(concatBatches(this.#small))
    this.#small = []
    this.#smallRows = 0
  }
}

function columnBytes(column: Column): number {
  const length = columnLength(column)
  switch (column.kind) {
    case 'bool':
      return length / 8
    case 'int32':
      return 4 * length
    case 'float64':
    case 'integer':
      return 8 * length
    case 'dictionary': {
      const { size, bytesUsed } = column.dictionary
      return length * (4 + bytesUsed / Math.max(size, 1))
    }
    case 'plain':
      return 4 * length + column.offsets[length]! - column.offsets[0]!
    case 'list':
      return 4 * length + columnBytes(column.items)
    case 'struct':
      return column.fields.reduce((sum, field) => sum + columnBytes(field), 0)
  }
}
