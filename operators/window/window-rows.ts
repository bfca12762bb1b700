// WindowRows: sends the rows of a window that fires, one a key in it, in the order of the keys' first
// appearance, in full batches.
import { BATCH_RECORDS_MAX } from '../../engine/limits.ts'
import type { Output } from '../../engine/operator.ts'
import type { KeyOrder } from './key-order.ts'
import type { RunningWindow } from './running-window.ts'
import type { WindowOutput } from './window-output.ts'

export class WindowRows {
  readonly #order: KeyOrder
  readonly #running: RunningWindow
  readonly #output: WindowOutput
  readonly #positions = new Int32Array(BATCH_RECORDS_MAX)
  readonly #slots = new Int32Array(BATCH_RECORDS_MAX)
  /** Keys taken for the batch at hand. */
  #filled = 0

  constructor(order: KeyOrder, running: RunningWindow, output: WindowOutput) {
    this.#order = order
    this.#running = running
    this.#output = output
  }

  /** @param watermark the operator's output watermark just before */
  emit(end: number, watermark: number, out: Output): void {
    const { count } = this.#order
    this.#filled = 0
    for (let position = 0; position < count; ) {
      position = this.#fill(position)
      if (this.#filled < BATCH_RECORDS_MAX) continue
      this.#send(end, this.#filled, watermark, out)
      this.#filled = 0
    }
    if (this.#filled > 0) this.#send(end, this.#filled, watermark, out)
  }

  /** Takes keys in the window until a batch is full; gives the position to go on from. */
  #fill(from: number): number {
    const { contributions } = this.#running
    const { slots, count } = this.#order
    const end = Math.min(count, from + BATCH_RECORDS_MAX)
    let filled = this.#filled
    let position = from
    for (; position < end && filled < BATCH_RECORDS_MAX; position++) {
      if (contributions[position] === 0) continue
      this.#positions[filled] = position
      this.#slots[filled++] = slots[position]!
    }
    this.#filled = filled
    return position
  }

  #send(end: number, count: number, watermark: number, out: Output): void {
    const positions = this.#positions
    const slots = this.#slots
    const results = (from: number, length: number) => {
      const to = from + length
      return this.#running.results(positions.subarray(from, to), slots.subarray(from, to), length)
    }
    out.emit(this.#output.ofWindow(end, slots, count, results, watermark))
  }
}
