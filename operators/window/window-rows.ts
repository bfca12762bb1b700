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

  constructor(order: KeyOrder, running: RunningWindow, output: WindowOutput) {
    this.#order = order
    this.#running = running
    this.#output = output
  }

  /** @param watermark the operator's output watermark just before */
  emit(end: number, watermark: number, out: Output): void {
    const { contributions } = this.#running
    const { slots, count } = this.#order
    let filled = 0
    for (let position = 0; position < count; position++) {
      if (contributions[position] === 0) continue
      this.#positions[filled] = position
      this.#slots[filled++] = slots[position]!
      if (filled < BATCH_RECORDS_MAX) continue
      this.#send(end, filled, watermark, out)
      filled = 0
    }
    if (filled > 0) this.#send(end, filled, watermark, out)
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
