// The mark that ends a transaction: the one record of a control batch, never compressed, with the
// key `version i16 │ type i16`. Type 0 is an abort, 1 a commit, others do not end transactions.
import { corruptBatch } from './batch-error.ts'
import { VarintCursor } from './varint-cursor.ts'

const ABORT = 0
const KEY_BYTES = 4

/**
 * Whether the record at `start` marks an abort.
 * @throws StateCorruptError KAFKA_BATCH_CORRUPT, KAFKA_PAYLOAD_CORRUPT
 */
export function isAbortMark(bytes: Uint8Array, start: number): boolean {
  const cursor = new VarintCursor()
  cursor.bytes = bytes
  cursor.position = start
  cursor.varint() // length
  cursor.position += 1 // attributes
  cursor.varint() // time delta
  cursor.varint() // offset delta
  const length = cursor.varint()
  const at = cursor.position
  if (length < KEY_BYTES || length > bytes.length - at) {
    throw corruptBatch(`a mark's key of ${KEY_BYTES} bytes or more`, `${length}`)
  }
  return ((bytes[at + 2]! << 8) | bytes[at + 3]!) === ABORT
}
