// Sequence numbers as they stand in stored rows: 8 bytes, big-endian, so that bytes order as numbers.

import type { ByteReader, ByteWriter } from '../batch/index.ts'
import { StateCorruptError } from '../errors.ts'

/** Appends a whole number ≥ 0 and ≤ 2^53. */
export function writeSequence(sequence: number, into: ByteWriter): void {
  into.uint32Ordered(Math.floor(sequence / 4294967296))
  into.uint32Ordered(sequence % 4294967296)
}

export function readSequence(from: ByteReader): number {
  return from.uint32Ordered() * 4294967296 + from.uint32Ordered()
}

/** The same from 8 bytes. */
export function sequenceOfBytes(bytes: Uint8Array): number {
  const high = bytes[0]! * 16777216 + ((bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!)
  const low = bytes[4]! * 16777216 + ((bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!)
  return high * 4294967296 + low
}

/** Position of a sequence in `ascending[0 .. end)`, or -1. */
export function findSequence(ascending: Float64Array, end: number, sequence: number): number {
  let low = 0
  for (let high = end; low < high; ) {
    const at = (low + high) >>> 1
    if (ascending[at]! < sequence) low = at + 1
    else high = at
  }
  return low < end && ascending[low] === sequence ? low : -1
}

/** Stored keys must come in the order of their sequences. */
export function unordered(sequence: number): StateCorruptError {
  return new StateCorruptError({
    code: 'KEY_SEQUENCE',
    message: 'the stored keys are not in the order of their sequences',
    found: `${sequence}`,
    remedy: 'Restore a savepoint.',
  })
}
