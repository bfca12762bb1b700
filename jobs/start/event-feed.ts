// EventFeed: BiteBridge as it happens, for the feeder: gives the simulated events that have arrived by
// now. Event time is the wall clock's; everything else follows from the seed. A simulation begins
// some time ago, so that deliveries of earlier orders arrive from the start.
import type { Clock } from '../../engine/clock.ts'
import { type SimulatedEvent, simulate } from '../bitebridge/simulation/index.ts'

export interface FeedOptions {
  readonly seed: number
  /** On the average of a day, of all topics together. */
  readonly eventsPerSecond: number
  /** Events that arrived so long ago are given at once: with them the first windows are full. */
  readonly backlogMs: number
}

/** An order is followed by a delivery, and by a rating in a third of all cases. */
const EVENTS_PER_ORDER = 2.35
const RESTAURANTS = 300
const CUSTOMERS = 4000
/** How long before the first event the simulation begins: as long as deliveries take. */
const EARLIER_SECONDS = 2400
/** Orders that are simulated before the first event is given, on average. */
const EARLIER_ORDERS_MAX = 20_000

export class EventFeed {
  readonly #clock: Clock
  readonly #events: Generator<SimulatedEvent, never>
  #next: SimulatedEvent

  constructor(options: FeedOptions, clock: Clock) {
    this.#clock = clock
    const now = clock.nowMicros()
    const from = now - options.backlogMs * 1000
    const ratePerSecond = options.eventsPerSecond / EVENTS_PER_ORDER
    const earlier = Math.min(EARLIER_SECONDS, EARLIER_ORDERS_MAX / ratePerSecond)
    this.#events = simulate({
      seed: options.seed,
      startMicros: from - Math.floor(earlier) * 1_000_000,
      restaurants: RESTAURANTS,
      customers: CUSTOMERS,
      ratePerSecond,
      // Ids of a later run must be others: one that begins a tenth of a millisecond later per order.
      firstOrder: Math.floor(now / 100),
    })
    do this.#next = this.#events.next().value
    while (this.#next.arrivalMicros < from)
  }

  /** At most `limit` events that have arrived by now, in order of arrival. */
  due(limit: number): SimulatedEvent[] {
    const now = this.#clock.nowMicros()
    const due: SimulatedEvent[] = []
    while (this.#next.arrivalMicros <= now && due.length < limit) {
      due.push(this.#next)
      this.#next = this.#events.next().value
    }
    return due
  }
}
