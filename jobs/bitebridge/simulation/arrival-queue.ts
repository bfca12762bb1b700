// ArrivalQueue: events that were made but have not arrived yet, ordered by arrival and, at the same
// moment, by the order in which they were made. A binary heap.
import type { SimulatedEvent } from './events.ts'

interface Waiting {
  readonly event: SimulatedEvent
  readonly ordinal: number
}

export class ArrivalQueue {
  readonly #heap: Waiting[] = []
  #made = 0

  get size(): number {
    return this.#heap.length
  }

  /** Arrival of the next event, epoch microseconds; infinity when none waits. */
  get nextArrival(): number {
    return this.#heap[0]?.event.arrivalMicros ?? Number.POSITIVE_INFINITY
  }

  push(event: SimulatedEvent): void {
    const heap = this.#heap
    const added = { event, ordinal: this.#made++ }
    let at = heap.length
    heap.push(added)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(added, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = added
  }

  pop(): SimulatedEvent | undefined {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first?.event
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      if (left === undefined) break
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!isBefore(child, last)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = last
    return first.event
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  const difference = a.event.arrivalMicros - b.event.arrivalMicros
  return difference === 0 ? a.ordinal < b.ordinal : difference < 0
}
