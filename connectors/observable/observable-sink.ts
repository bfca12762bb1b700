// ObservableSink: decided rows as an Observable, for embedding. A follower sink: rows are given
// only once their epoch is decided, in order, and again after a crash between decision and
// delivery; the epoch tells a subscriber what it has seen. Rows of epochs without a subscriber are
// gone.
//
//   committable = u8 version, then the batches of the epoch, each with its length before it

import { ByteReader, ByteWriter, type RecordBatch, rowsOf } from '../../engine/batch/index.ts'
import { decodeBatch, encodeBatch } from '../../engine/codec/index.ts'
import type { CommitPermit, FollowerSink } from '../../engine/connector.ts'
import { StateMismatchError } from '../../engine/errors.ts'
import type { SinkDescription } from '../../engine/graph/index.ts'
import { type Observable, Subject } from '../../engine/rxjs.ts'
import type { Schema } from '../../engine/schema/index.ts'

const VERSION = 1
const OPS = ['+I', '-U', '+U', '-D'] as const

/** The rows of one decided epoch of one slot. */
export interface DecidedRows<Row> {
  readonly slot: number
  readonly epoch: number
  readonly lineage: string
  readonly rows: readonly Row[]
  /** What each row does, where the stream is a changelog. */
  readonly ops: readonly (typeof OPS)[number][] | undefined
}

export interface ObservableOutput<Row> {
  /** What the job sends its rows to. */
  readonly description: SinkDescription
  /** Decided rows, an epoch at a time; completes when the run ends. Hot. */
  readonly rows: Observable<DecidedRows<Row>>
  /** The sink to bind the description to; one for each slot. */
  sink(): FollowerSink
  /** Ends the Observable. */
  complete(): void
}

/**
 * Gives the rows of a stream to an Observable. A subscriber runs within the delivery: when it
 * throws, RxJS reports that to the process, not to the job.
 * @example const out = toObservable('alerts', alertSchema); to(alerts, out.description)
 */
export function toObservable<Row>(name: string, schema: Schema<Row>): ObservableOutput<Row> {
  const subject = new Subject<DecidedRows<Row>>()
  return {
    description: {
      kind: 'custom',
      name,
      options: { observable: true },
      promise: {
        delivery: 'at-least-once',
        remark: 'follows the decision; an epoch may come again after a crash',
      },
      finalOnly: false,
    },
    rows: subject.asObservable(),
    sink: () => new ObservableSink<Row>(schema, subject),
    complete: () => subject.complete(),
  }
}

class ObservableSink<Row> implements FollowerSink {
  readonly #schema: Schema<Row>
  readonly #subject: Subject<DecidedRows<Row>>
  #batches: RecordBatch[] = []

  constructor(schema: Schema<Row>, subject: Subject<DecidedRows<Row>>) {
    this.#schema = schema
    this.#subject = subject
  }

  write(batch: RecordBatch): void {
    this.#batches.push(batch)
  }

  ready(): undefined {
    return undefined
  }

  async prepare(): Promise<Uint8Array | undefined> {
    const batches = this.#batches
    this.#batches = []
    if (batches.length === 0) return undefined
    const writer = new ByteWriter(4096)
    writer.uint8(VERSION)
    for (const batch of batches) {
      const encoded = new ByteWriter(4096)
      encodeBatch(batch, encoded)
      writer.block(encoded.view())
    }
    return writer.toBytes()
  }

  async deliver(committable: Uint8Array, permit: CommitPermit): Promise<void> {
    const { slot, epoch, lineage } = permit
    const batches = this.#decode(committable)
    const rows = batches.flatMap((batch) => decodedRows<Row>(batch))
    const ops = batches.some((batch) => batch.changes !== undefined)
      ? batches.flatMap(opsOf)
      : undefined
    this.#subject.next({ slot, epoch, lineage, rows, ops })
  }

  async sweep(): Promise<void> {
    // Nothing is stored outside of the committables.
  }

  async close(): Promise<void> {
    this.#batches = []
  }

  #decode(committable: Uint8Array): RecordBatch[] {
    const reader = new ByteReader(committable)
    const version = reader.uint8()
    if (version !== VERSION) {
      throw new StateMismatchError({
        code: 'COMMITTABLE_VERSION',
        message: 'undelivered rows were written by another version',
        expected: `version ${VERSION}`,
        found: `${version}`,
        remedy: 'Deliver them with the version that wrote them.',
      })
    }
    const batches: RecordBatch[] = []
    while (reader.remaining > 0) batches.push(decodeBatch(reader.block(), this.#schema))
    return batches
  }
}

// The rows of a stream of this schema: `Row` is what the schema says.
function decodedRows<Row>(batch: RecordBatch): Row[] {
  const rows: unknown[] = rowsOf(batch)
  return Reflect.apply(Array.prototype.slice, rows, [])
}

function opsOf(batch: RecordBatch): (typeof OPS)[number][] {
  return Array.from({ length: batch.length }, (_, i) => OPS[batch.changes?.[i] ?? 0] ?? '+I')
}
