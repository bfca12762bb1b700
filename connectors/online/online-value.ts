// Values of the online store: who wrote the row and when, then the row. The store they are put in
// checks them (the embedded one keeps a CRC32C over key and value).
//
//   version u8 = 1 | kind u8 | term u32 | epoch f64 | seq u32 | order f64 | event time f64
//   | known time f64 | row in the row codec; empty for a tombstone            (little-endian)
//
// Newest is the greatest (term, epoch, seq) among those with the greatest order (the window's end).
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

export function writeHeader(view: DataView, at: number, header: ValueHeader): void {
  view.setUint8(at, VERSION)
  view.setUint8(at + KIND, header.kind)
  view.setUint32(at + TERM, header.term, true)
  view.setFloat64(at + EPOCH, header.epoch, true)
  view.setUint32(at + SEQ, header.seq, true)
  view.setFloat64(at + ORDER, header.order, true)
  view.setFloat64(at + EVENT, header.eventTime, true)
  view.setFloat64(at + KNOWN, header.knownTime, true)
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

/** True when `next` takes the place of `stored`: never an older writer, never an older window. */
export function isNewer(next: ValueHeader, stored: ValueHeader): boolean {
  if (next.order < stored.order) return false
  if (next.term !== stored.term) return next.term > stored.term
  if (next.epoch !== stored.epoch) return next.epoch > stored.epoch
  return next.seq > stored.seq
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
