// Dead letters (law 7): records that could not be decoded, break the schema or on which a stateless
// step threw. They are rows of the topic `<job>.dead-letters`, written in the same transaction as
// everything else of their epoch.
import { batchOfRows, type RecordBatch, rowAt } from '../batch/index.ts'
import type { RejectedRecord } from '../connector.ts'
import { errorCode } from '../errors.ts'
import { BATCH_RECORDS_MAX } from '../limits.ts'
import { bytes, int32, int64, schema, string } from '../schema/index.ts'
import type { BatchTaker } from './deployment.ts'

export const deadLetterSchema = schema({
  topic: string(),
  partition: int32(),
  /** -1 for rows that an operator made (they have no place in a topic). */
  offset: int64(),
  /** Operator that refused the record; null at the door. */
  operator: string().nullable(),
  code: string(),
  reason: string(),
  /** The record as it was; for operators the row as JSON. */
  raw: bytes(),
})

const encoder = new TextEncoder()

/** Collects dead letters of one slot and hands them to their sink in batches. */
export class DeadLetters {
  /** Count by code since the start of the process. */
  readonly counts = new Map<string, number>()
  #rows: Record<string, unknown>[] = []
  readonly #sink: BatchTaker

  constructor(sink: BatchTaker) {
    this.#sink = sink
  }

  /** A record that its decoder or a guard refused. */
  addRejected(topic: string, partition: number, rejected: RejectedRecord): void {
    const { offset, code, reason, raw } = rejected
    this.#add({ topic, partition, offset: BigInt(offset), operator: null, code, reason, raw })
  }

  /** A row on which a stateless step failed. */
  addRow(topic: string, operator: string, batch: RecordBatch, row: number, error: unknown): void {
    const { source } = batch
    this.#add({
      topic,
      partition: source?.partition ?? -1,
      offset: BigInt(source?.offsets[row] ?? -1),
      operator,
      code: errorCode(error) === 'UNKNOWN' ? 'USER_CODE' : errorCode(error),
      reason: error instanceof Error ? error.message : String(error),
      raw: rowJson(batch, row),
    })
  }

  /** Hands over what is waiting; called before each barrier. */
  flush(): void {
    if (this.#rows.length === 0) return
    const times = new Float64Array(this.#rows.length)
    this.#sink.write(
      batchOfRows(deadLetterSchema, this.#rows, { eventTimes: times, watermarksBefore: times }),
    )
    this.#rows = []
  }

  #add(row: Record<string, unknown> & { readonly code: string }): void {
    this.counts.set(row.code, (this.counts.get(row.code) ?? 0) + 1)
    this.#rows.push(row)
    if (this.#rows.length >= BATCH_RECORDS_MAX) this.flush()
  }
}

/** A row as UTF-8 JSON for a person: big integers as text, bytes as base64. */
export function rowJson(batch: RecordBatch, row: number): Uint8Array {
  return encoder.encode(JSON.stringify(rowAt(batch, row), jsonSafe))
}

function jsonSafe(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
