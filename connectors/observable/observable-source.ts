// ObservableSource: rows of an RxJS Observable as a topic of one partition, for embedding. An
// Observable can not be slowed down: rows wait in a bounded buffer, and one that overflows stops
// the job. After a restart the first `offset` rows are skipped: only an Observable that gives the
// same rows again to every subscriber makes the job exactly-once.
import type { Observable, Subscription } from 'rxjs'
import { batchOfRows, type RecordBatch } from '../../engine/batch/index.ts'
import type {
  PartitionReader,
  RecordDecoder,
  RejectedRecord,
  Source,
  SourceRecords,
} from '../../engine/connector.ts'
import { ConfigError, errorCode, RetryableError } from '../../engine/errors.ts'
import { type Topic, topic } from '../../engine/graph/index.ts'
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Schema } from '../../engine/schema/index.ts'
import type { Duration } from '../../engine/time/index.ts'

export interface FromObservableOptions<Row> {
  /** Name of the topic that jobs read it under. */
  readonly name: string
  /** Column with the event time. */
  readonly eventTime: keyof Row & string
  /** How far behind the largest event time a row may come and still be on time. Default 0. */
  readonly disorder?: Duration
  /** Rows that may wait for the job. Default 65,536. */
  readonly bufferRows?: number
}

/** What a job reads, and the source to bind it to. */
export interface ObservableTopic<Row> {
  readonly topic: Topic<Row>
  readonly source: Source
}

const BUFFER_ROWS = 65_536

/**
 * Rows of an Observable as a topic. It is subscribed when the job starts. Rows that do not fit the
 * schema are dead letters; its error stops the run, its completion ends a bounded one.
 * @example const { topic, source } = fromObservable(schema, clicks$, { name, eventTime: 'at' })
 * @throws ConfigError TOPIC_INVALID; RetryableError OBSERVABLE_FAILED, OBSERVABLE_OVERFLOW when read
 */
export function fromObservable<Row>(
  schema: Schema<Row>,
  rows: Observable<Row>,
  options: FromObservableOptions<Row>,
): ObservableTopic<Row> {
  const { name, eventTime, disorder, bufferRows = BUFFER_ROWS } = options
  return {
    topic: topic(name, { schema, eventTime, ...(disorder === undefined ? {} : { disorder }) }),
    source: {
      partitions: 1,
      open: (partition, decoder, offset) => {
        if (partition !== 0) throw onePartition(name, partition)
        return new ObservableReader(name, rows, decoder, { offset, bufferRows })
      },
    },
  }
}

class ObservableReader implements PartitionReader {
  readonly #name: string
  readonly #schema: Schema<unknown>
  readonly #bufferRows: number
  readonly #subscription: Subscription
  readonly #waiting: unknown[] = []
  #offset: number
  #toSkip: number
  #error: unknown
  #hasFailed = false
  #isComplete = false
  #wake: (() => void) | undefined

  constructor(
    name: string,
    rows: Observable<unknown>,
    decoder: RecordDecoder,
    place: { readonly offset: number; readonly bufferRows: number },
  ) {
    this.#name = name
    this.#schema = decoder.schema
    this.#bufferRows = place.bufferRows
    this.#offset = place.offset
    this.#toSkip = place.offset
    this.#subscription = rows.subscribe({
      next: (row) => this.#take(row),
      error: (error) => this.#fail(error),
      complete: () => {
        this.#isComplete = true
        this.#wake?.()
      },
    })
  }

  get isEnded(): boolean {
    return this.#isComplete && this.#waiting.length === 0
  }

  get lag(): number {
    return this.#waiting.length
  }

  poll(): SourceRecords | undefined {
    if (this.#waiting.length === 0) {
      if (this.#hasFailed) throw failed(this.#name, this.#error)
      return undefined
    }
    const first = this.#offset
    const rows = this.#waiting.splice(0, BATCH_RECORDS_MAX)
    this.#offset += rows.length
    return recordsOf(this.#schema, rows, first)
  }

  ready(): Promise<void> {
    if (this.#waiting.length > 0 || this.#isComplete || this.#hasFailed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  bookmark(): undefined {
    return undefined
  }

  close(): void {
    this.#subscription.unsubscribe()
    this.#wake?.()
  }

  #take(row: unknown): void {
    if (this.#hasFailed) return
    if (this.#toSkip > 0) {
      this.#toSkip--
      return
    }
    if (this.#waiting.length >= this.#bufferRows) this.#fail(overflow(this.#name, this.#bufferRows))
    else this.#waiting.push(row)
    this.#wake?.()
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
    this.#wake?.()
  }
}

/** Rows as columns; those that do not fit are rejected with the reason. */
function recordsOf(
  schema: Schema<unknown>,
  rows: readonly unknown[],
  first: number,
): SourceRecords {
  const rejected: RejectedRecord[] = []
  const fitting: { readonly row: Record<string, unknown>; readonly offset: number }[] = []
  rows.forEach((given, i) => {
    const row = rowObject(given)
    try {
      asBatch(schema, [row])
      fitting.push({ row, offset: first + i })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      rejected.push({ offset: first + i, code: errorCode(error), reason, raw: rawBytes(given) })
    }
  })
  const batch = asBatch(
    schema,
    fitting.map(({ row }) => row),
  )
  return {
    columns: batch.columns,
    length: batch.length,
    offsets: Float64Array.from(fitting, ({ offset }) => offset),
    appendTimes: undefined,
    rejected,
    nextOffset: first + rows.length,
  }
}

function asBatch(schema: Schema<unknown>, rows: readonly Record<string, unknown>[]): RecordBatch {
  const times = new Float64Array(rows.length)
  return batchOfRows(schema, rows, { eventTimes: times, watermarksBefore: times })
}

/** What is no object has no columns: the missing one is then named. */
function rowObject(row: unknown): Record<string, unknown> {
  return typeof row === 'object' && row !== null ? Object.fromEntries(Object.entries(row)) : {}
}

function rawBytes(row: unknown): Uint8Array {
  const text = JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  return new TextEncoder().encode(text ?? String(row))
}

function failed(name: string, cause: unknown): RetryableError {
  if (cause instanceof RetryableError) return cause
  return new RetryableError({
    code: 'OBSERVABLE_FAILED',
    message: `the Observable behind "${name}" failed`,
    found: cause instanceof Error ? cause.message : String(cause),
    cause,
  })
}

function overflow(name: string, rows: number): RetryableError {
  return new RetryableError({
    code: 'OBSERVABLE_OVERFLOW',
    message: `the Observable behind "${name}" gives rows faster than the job takes them`,
    expected: `at most ${rows} rows waiting`,
    found: 'one more',
    remedy: 'Slow it down, raise bufferRows, or put an embedded log between them.',
  })
}

function onePartition(name: string, partition: number): ConfigError {
  return new ConfigError({
    code: 'PARTITION_UNKNOWN',
    message: `"${name}" is an Observable`,
    expected: 'partition 0',
    found: `${partition}`,
  })
}
