// WindowClock: how far a window operator has come in event time, as a table of one row: its output
// watermark and the end of the last window that counts as fired.
import { ByteReader } from '../../engine/batch/index.ts'
import { WATERMARK_MIN } from '../../engine/element.ts'
import type { SegmentWriter, StateTable } from '../../engine/state/index.ts'

export class WindowClock implements StateTable {
  readonly name = 'clock'
  readonly format = { version: 1 }
  readonly rows = 1
  readonly sizeBytes = 32
  #watermark = WATERMARK_MIN
  #firedEnd = WATERMARK_MIN
  #isDirty = false

  /** The greatest watermark that left the operator, or is about to behind a timer's rows. */
  get watermark(): number {
    return this.#watermark
  }

  /** Windows that end here or before have fired: what changes them now is an update. */
  get firedEnd(): number {
    return this.#firedEnd
  }

  advance(watermark: number): void {
    if (watermark <= this.#watermark) return
    this.#watermark = watermark
    this.#isDirty = true
  }

  fired(end: number): void {
    if (end <= this.#firedEnd) return
    this.#firedEnd = end
    this.#isDirty = true
  }

  snapshot(segment: SegmentWriter): void {
    if (!this.#isDirty) return
    segment.beginKey()
    segment.bytes.uint8(0)
    segment.beginValue()
    segment.bytes.float64(this.#watermark)
    segment.bytes.float64(this.#firedEnd)
    segment.end()
    this.#isDirty = false
  }

  restore(_key: Uint8Array, value: Uint8Array): void {
    const reader = new ByteReader(value)
    this.#watermark = reader.float64()
    this.#firedEnd = reader.float64()
  }
}
