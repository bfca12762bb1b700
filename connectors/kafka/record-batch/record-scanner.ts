// RecordScanner: takes the records of one batch apart, once they are decompressed:
//
//   length │ attributes i8 │ time delta │ offset delta │ key length │ key │ value length │ value │
//   header count │ ( name length │ name │ value length │ value )*
//
// All numbers are zigzag varints, -1 as a length is null. Every record must end where its length
// says, the last one where the batch ends, and offsets must rise: positions only grow, so that one
// comparison at a record's end finds any length that was wrong.
import { BATCH_RECORDS_MAX } from '../../../engine/limits.ts'
import { corruptBatch } from './batch-error.ts'
import type { BatchHeader } from './batch-header.ts'
import { isNullRange, type RecordRanges } from './record-ranges.ts'
import { VarintCursor } from './varint-cursor.ts'

const MICROS_PER_MS = 1000

const NO_BYTES: Uint8Array = new Uint8Array(0)

export class RecordScanner {
  readonly #ranges: RecordRanges
  readonly #givesTombstones: boolean
  readonly #cursor = new VarintCursor()
  #end = 0
  #baseOffset = 0
  #lastDelta = 0
  /** Offset delta of the record before; -1 at the beginning. */
  #delta = -1
  #baseTimeMs = 0
  #timeScale = 0
  /** Records of the batch that were not taken yet. */
  left = 0

  constructor(ranges: RecordRanges, givesTombstones: boolean) {
    this.#ranges = ranges
    this.#givesTombstones = givesTombstones
  }

  get bytes(): Uint8Array {
    return this.#cursor.bytes
  }

  /** Offset of the record that was taken last. */
  get offset(): number {
    return this.#baseOffset + this.#delta
  }

  /** Begins with the records at `bytes[start .. end)`. */
  open(bytes: Uint8Array, start: number, end: number, header: BatchHeader): void {
    this.#cursor.bytes = bytes
    this.#cursor.position = start
    this.#end = end
    this.left = header.recordCount
    this.#baseOffset = header.baseOffset
    this.#lastDelta = header.lastOffsetDelta
    this.#delta = -1
    // A time set by the broker stands in the header alone; what records say is then not read.
    this.#timeScale = header.isAppendTime ? 0 : 1
    this.#baseTimeMs = header.isAppendTime ? header.timeMaxMs : header.baseTimeMs
  }

  /** Forgets the batch. */
  close(): void {
    this.left = 0
    this.#cursor.bytes = NO_BYTES
  }

  /**
   * Takes records into the ranges from row `from` on, until these are full or the batch ends.
   * Records before `firstOffset` are passed over.
   * @returns the row after the last one
   * @throws StateCorruptError KAFKA_BATCH_CORRUPT, KAFKA_PAYLOAD_CORRUPT
   */
  take(from: number, firstOffset: number): number {
    const cursor = this.#cursor
    const ranges = this.#ranges
    const { offsets, times, valueStarts, valueEnds, headerStarts, headerEnds } = ranges
    let row = from
    let { left } = this
    let delta = this.#delta
    while (left > 0 && row < BATCH_RECORDS_MAX) {
      const size = cursor.varint()
      const end = cursor.position + size
      if (size < 0 || end > this.#end) throw this.#cut(end)
      cursor.position += 1
      const timeDelta = cursor.varint()
      const next = cursor.varint()
      if (next <= delta || next > this.#lastDelta) throw this.#disorder(next, delta)
      delta = next
      const keyLength = cursor.varint()
      ranges.setKey(row, cursor.position, keyLength)
      if (keyLength > 0) cursor.position += keyLength
      const valueLength = cursor.varint()
      ranges.setValue(row, cursor.position, valueLength)
      if (valueLength > 0) cursor.position += valueLength
      headerStarts[row] = cursor.position
      const headerCount = cursor.varint()
      if (headerCount !== 0) this.#passHeaders(headerCount, end)
      if (cursor.position !== end || keyLength < -1 || valueLength < -1) throw this.#ill(end)
      headerEnds[row] = end
      left--
      const offset = this.#baseOffset + delta
      if (offset < firstOffset) continue
      if (!this.#givesTombstones && isNullRange(valueStarts[row]!, valueEnds[row]!)) continue
      offsets[row] = offset
      times[row] = (this.#baseTimeMs + timeDelta * this.#timeScale) * MICROS_PER_MS
      row++
    }
    this.left = left
    this.#delta = delta
    if (left === 0 && cursor.position !== this.#end) throw this.#cut(cursor.position)
    return row
  }

  #passHeaders(count: number, end: number): void {
    const cursor = this.#cursor
    if (count < 0) throw this.#ill(end)
    for (let left = count; left > 0; left--) {
      const nameLength = cursor.varint()
      if (nameLength < 0) throw this.#ill(end)
      cursor.position += nameLength
      const valueLength = cursor.varint()
      if (valueLength < -1) throw this.#ill(end)
      cursor.position += Math.max(0, valueLength)
      if (cursor.position > end) throw this.#ill(end)
    }
  }

  #cut(found: number): Error {
    return corruptBatch(`records that end at byte ${this.#end}`, `an end at byte ${found}`)
  }

  #ill(end: number): Error {
    return corruptBatch(`a record that ends at byte ${end}`, `byte ${this.#cursor.position}`)
  }

  #disorder(delta: number, before: number): Error {
    return corruptBatch(`an offset delta of ${before + 1} to ${this.#lastDelta}`, `${delta}`)
  }
}
