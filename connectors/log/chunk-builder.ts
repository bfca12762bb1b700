// ChunkBuilder: writes records into the chunk layout of chunk-format.ts, without an allocation per
// record. A chunk is built before the transaction and sealed inside it, when its place is known.
import { ByteWriter } from '../../engine/batch/index.ts'
import { assert } from '../../engine/errors.ts'
import {
  CHANGE_SHIFT,
  CHUNK_BYTES_TARGET,
  CHUNK_RECORDS_MAX,
  type ChunkOrigin,
  checksum,
  HAS_EVENT_TIMES,
  HAS_KEYS,
  HAS_ORIGIN,
  layoutOf,
  MARK_KEY,
  MARK_VALUE,
  ORIGIN_FIXED_BYTES,
  VERSION,
} from './chunk-format.ts'

/** One record as it is written. */
export interface LogRecord {
  readonly key?: Uint8Array | undefined
  /** Undefined: the key is deleted (an upsert topic). */
  readonly value: Uint8Array | undefined
  /** Epoch microseconds, where the writer knows it. */
  readonly eventTime?: number | undefined
  /** `Change` of engine/batch; absent: an insert. */
  readonly change?: number | undefined
}

/** Gathers the records of one chunk: write key and value, then `end`. Reusable after `finish`. */
export class ChunkBuilder {
  readonly keys = new ByteWriter(1024)
  readonly values = new ByteWriter(1024)
  count = 0
  #hasKeys = false
  #hasEventTimes = false
  readonly #keyEnds = new Int32Array(CHUNK_RECORDS_MAX)
  readonly #valueEnds = new Int32Array(CHUNK_RECORDS_MAX)
  readonly #eventTimes = new Float64Array(CHUNK_RECORDS_MAX)
  readonly #marks = new Uint8Array(CHUNK_RECORDS_MAX)

  /** The next record belongs into the next chunk. */
  get isFull(): boolean {
    const bytes = this.keys.length + this.values.length
    return this.count === CHUNK_RECORDS_MAX || bytes >= CHUNK_BYTES_TARGET
  }

  /**
   * Ends a record whose bytes were appended to `keys` and `values`.
   * @param eventTime epoch microseconds; NaN when unknown
   */
  end(hasKey: boolean, hasValue: boolean, eventTime: number, change: number): void {
    const i = this.count
    assert(i < CHUNK_RECORDS_MAX, 'a chunk has at most CHUNK_RECORDS_MAX records')
    if (hasKey) this.#hasKeys = true
    if (!Number.isNaN(eventTime)) this.#hasEventTimes = true
    this.#keyEnds[i] = this.keys.length
    this.#valueEnds[i] = this.values.length
    this.#eventTimes[i] = eventTime
    this.#marks[i] =
      (hasKey ? MARK_KEY : 0) | (hasValue ? MARK_VALUE : 0) | (change << CHANGE_SHIFT)
    this.count = i + 1
  }

  add(record: LogRecord): void {
    if (record.key !== undefined) this.keys.raw(record.key)
    if (record.value !== undefined) this.values.raw(record.value)
    const eventTime = record.eventTime ?? Number.NaN
    const hasValue = record.value !== undefined
    this.end(record.key !== undefined, hasValue, eventTime, record.change ?? 0)
  }

  /** The chunk's bytes, not valid until `sealChunk`; the builder is empty again. */
  finish(origin?: ChunkOrigin): Uint8Array<ArrayBuffer> {
    const n = this.count
    const lineage = origin === undefined ? undefined : Buffer.from(origin.lineage)
    const parts =
      (this.#hasKeys ? HAS_KEYS : 0) |
      (this.#hasEventTimes ? HAS_EVENT_TIMES : 0) |
      (origin === undefined ? 0 : HAS_ORIGIN)
    const originBytes = lineage === undefined ? 0 : ORIGIN_FIXED_BYTES + lineage.length
    const keyBytes = this.keys.length
    const layout = layoutOf({ parts, count: n, keyBytes, originBytes })
    const bytes = new Uint8Array(layout.values + this.values.length)
    const view = new DataView(bytes.buffer)
    view.setUint8(0, VERSION)
    view.setUint8(1, parts)
    view.setUint16(2, n, true)
    view.setUint32(24, keyBytes, true)
    view.setUint32(28, this.values.length, true)
    if (origin !== undefined && lineage !== undefined) writeOrigin(bytes, view, origin, lineage)
    for (let i = 0; i < n; i++) {
      if (this.#hasEventTimes) {
        view.setFloat64(layout.eventTimes + i * 8, this.#eventTimes[i]!, true)
      }
      if (this.#hasKeys) view.setUint32(layout.keyEnds + i * 4, this.#keyEnds[i]!, true)
      view.setUint32(layout.valueEnds + i * 4, this.#valueEnds[i]!, true)
    }
    bytes.set(this.#marks.subarray(0, n), layout.marks)
    bytes.set(this.keys.view(), layout.keys)
    bytes.set(this.values.view(), layout.values)
    this.clear()
    return bytes
  }

  /** Forgets what was added. */
  clear(): void {
    this.keys.clear()
    this.values.clear()
    this.count = 0
    this.#hasKeys = false
    this.#hasEventTimes = false
  }
}

/** A chunk of some records; not valid until `sealChunk`. */
export function encodeChunk(
  records: readonly LogRecord[],
  builder = new ChunkBuilder(),
): Uint8Array<ArrayBuffer> {
  builder.clear()
  for (const record of records) builder.add(record)
  return builder.finish()
}

/** What is known of a chunk only when its place is. */
export interface ChunkPlace {
  /** The store key of the chunk. */
  readonly key: Uint8Array
  readonly appendTime: number
  readonly bytesBefore: number
}

/** Writes place, append time and checksum into a finished chunk. Never throws. */
export function sealChunk(bytes: Uint8Array, place: ChunkPlace): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setFloat64(8, place.appendTime, true)
  view.setFloat64(16, place.bytesBefore, true)
  view.setUint32(4, checksum(bytes, place.key), true)
}

/** Writes term and epoch, known only when the epoch ends, into a chunk that has an origin. */
export function stampOrigin(bytes: Uint8Array, term: number, epoch: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(36, term, true)
  view.setFloat64(40, epoch, true)
}

function writeOrigin(
  bytes: Uint8Array,
  view: DataView,
  origin: ChunkOrigin,
  lineage: Uint8Array,
): void {
  view.setUint32(32, origin.slot, true)
  view.setUint32(36, origin.term, true)
  view.setFloat64(40, origin.epoch, true)
  view.setFloat64(48, origin.seq, true)
  view.setUint16(56, lineage.length, true)
  bytes.set(lineage, 58)
}
