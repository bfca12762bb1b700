// Values of the online store: who wrote the row and when, then the row. The store they are put in
// checks them (the embedded one keeps a CRC32C over key and value).
//
//   version u8 = 1 | kind u8 | term u32 | epoch f64 | seq u32 | order f64 | event time f64
//   | known time f64 | row in the row codec; empty for a tombstone            (little-endian)
//
// Newest is the greatest (term, epoch, seq) among those with the greatest order (the window's end).
import type { ByteWriter } from '../../engine/batch/index.ts'
import { StateCorruptError } from '../../engine/errors.ts'

export const ValueKind = { tombstone: 0, row: 1 } as const
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind]

export const VALUE_HEADER_BYTES = 42
const VERSION = 1
const [KIND, TERM, EPOCH, SEQ, ORDER, EVENT, KNOWN] = [1, 2, 6, 14, 18, 26, 34]

/** Everything but the row; times in epoch microseconds. */
export interface ValueHeader {
  readonly kind: ValueKind
  readonly term: number
  readonly epoch: number
  /** Ordinal of the row within the epoch of its slot. */
  readonly seq: number
  /** Value of the column that says which row is newest; -Infinity where it is null. */
  readonly order: number
  readonly eventTime: number
  /** When the epoch was committed, by the wall clock. */
  readonly knownTime: number
}

/** What is known of all rows of an epoch only when it ends. */
export type ValueStamp = Pick<ValueHeader, 'term' | 'epoch' | 'knownTime'>

/** Appends a header without its stamp. */
export function writeHeader(
  writer: ByteWriter,
  kind: ValueKind,
  seq: number,
  order: number,
  eventTime: number,
): void {
  writer.reserve(VALUE_HEADER_BYTES)
  writer.uint8(VERSION)
  writer.uint8(kind)
  writer.uint32(0)
  writer.float64(0)
  writer.uint32(seq)
  writer.float64(order)
  writer.float64(eventTime)
  writer.float64(0)
}

export function writeStamp(view: DataView, at: number, stamp: ValueStamp): void {
  view.setUint32(at + TERM, stamp.term, true)
  view.setFloat64(at + EPOCH, stamp.epoch, true)
  view.setFloat64(at + KNOWN, stamp.knownTime, true)
}

/** Kind and term of a stored value, without the rest of its header. */
export function valueKindOf(value: Uint8Array): number {
  return value[KIND] ?? -1
}

export function termOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(TERM, true)
}

/** @throws StateCorruptError ONLINE_VALUE when the bytes are no value of a known version */
export function readHeader(bytes: Uint8Array): ValueHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kind = bytes.length < VALUE_HEADER_BYTES ? -1 : view.getUint8(KIND)
  if (view.byteLength === 0 || view.getUint8(0) !== VERSION) {
    throw damaged(`version ${VERSION}`, `${bytes[0]}`)
  }
  if (kind !== ValueKind.row && kind !== ValueKind.tombstone) {
    throw damaged('a row or a tombstone', `kind ${kind} in ${bytes.length} bytes`)
  }
  return {
    kind,
    term: view.getUint32(TERM, true),
    epoch: view.getFloat64(EPOCH, true),
    seq: view.getUint32(SEQ, true),
    order: view.getFloat64(ORDER, true),
    eventTime: view.getFloat64(EVENT, true),
    knownTime: view.getFloat64(KNOWN, true),
  }
}

/**
 * True when the value at `next[at]` takes the place of the stored one at `other[otherAt]`: never an
 * older writer, never an older window.
 */
export function isNewerAt(next: DataView, at: number, other: DataView, otherAt: number): boolean {
  const order = next.getFloat64(at + ORDER, true)
  if (order < other.getFloat64(otherAt + ORDER, true)) return false
  const term = next.getUint32(at + TERM, true)
  const otherTerm = other.getUint32(otherAt + TERM, true)
  if (term !== otherTerm) return term > otherTerm
  const epoch = next.getFloat64(at + EPOCH, true)
  const otherEpoch = other.getFloat64(otherAt + EPOCH, true)
  if (epoch !== otherEpoch) return epoch > otherEpoch
  return next.getUint32(at + SEQ, true) > other.getUint32(otherAt + SEQ, true)
}

function damaged(expected: string, found: string): StateCorruptError {
  return new StateCorruptError({
    code: 'ONLINE_VALUE',
    message: 'a value of the online store can not be read',
    expected,
    found,
    remedy: 'Fill the view again: run the job with --fresh.',
  })
}
