// SlotControl: how the main thread reaches a slot's loop, and how it sees that the loop is alive: a
// few integers in shared memory, read between batches.
//
//   [0] 1 = stop after a last epoch, 2 = leave at once · [1] heartbeats, counted by the slot

const STOP = 1
const ABANDON = 2

export class SlotControl {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(shared = new SharedArrayBuffer(8)) {
    this.shared = shared
    this.#words = new Int32Array(shared)
  }

  stop(): void {
    Atomics.store(this.#words, 0, STOP)
  }

  get isStopping(): boolean {
    return Atomics.load(this.#words, 0) === STOP
  }

  /** Another slot failed: the loop is left between two batches, and nothing more is decided. */
  abandon(): void {
    Atomics.store(this.#words, 0, ABANDON)
  }

  get isAbandoned(): boolean {
    return Atomics.load(this.#words, 0) === ABANDON
  }

  /** Called by the loop between batches. */
  beat(): void {
    Atomics.add(this.#words, 1, 1)
  }

  get beats(): number {
    return Atomics.load(this.#words, 1)
  }
}
