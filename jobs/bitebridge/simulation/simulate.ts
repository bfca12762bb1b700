// simulate: BiteBridge's events as they arrive, endless and seeded. Pure: the same options give the
// same events, whatever the wall clock says. Event times follow the daily rhythm; arrivals are
// later and out of order, most by less than 5 s; some events come twice, some too late, some
// broken; now and then a stolen card is tried out at many restaurants within minutes.
import { type Random, seededRandom } from '../../../engine/clock.ts'
import { ArrivalQueue } from './arrival-queue.ts'
import { dailyRhythm } from './daily-rhythm.ts'
import { damaged, damageKind } from './damage.ts'
import {
  type DraftEvent,
  deliveryCompleted,
  eventText,
  type Order,
  orderPlaced,
  ratingSubmitted,
  type SimulatedEvent,
} from './events.ts'
import { stolenCardOrders } from './stolen-card.ts'
import { type Customer, makeWorld, type World } from './world.ts'

const SECOND = 1_000_000
const MINUTE = 60 * SECOND

/** Shares of events that something happens to. */
const DUPLICATE_SHARE = 0.005
const LATE_SHARE = 0.003
const BROKEN_SHARE = 0.001
const DISORDER_SHARE = 0.08
/** Share of delivered orders that are rated. */
const RATED_SHARE = 0.35
/** Bursts of stolen-card orders per thousand ordinary orders. */
const BURSTS_PER_THOUSAND = 0.6

export interface SimulationOptions {
  readonly seed: number
  /** Event time of the beginning, epoch microseconds. */
  readonly startMicros: number
  readonly restaurants: number
  readonly customers: number
  /** Orders per second on the average of a day. */
  readonly ratePerSecond: number
  /** Number of the first order, so that runs one after another give unlike ids. Default 1. */
  readonly firstOrder?: number
}

/** Events in the order of their arrival, without end. */
export function* simulate(options: SimulationOptions): Generator<SimulatedEvent, never> {
  const simulation = new Simulation(options)
  for (;;) {
    simulation.step()
    yield* simulation.arrived()
  }
}

const encoder = new TextEncoder()

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: Random
  readonly #world: World
  readonly #queue = new ArrivalQueue()
  #now: number
  #nextOrder: number

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#world = makeWorld(options, this.#random)
    this.#now = options.startMicros
    this.#nextOrder = options.firstOrder ?? 1
  }

  /** Moves to the next order, and makes it with all that follows from it. */
  step(): void {
    const random = this.#random
    const perSecond = this.#options.ratePerSecond * dailyRhythm(this.#now)
    this.#now += Math.floor((-Math.log(1 - random()) / perSecond) * SECOND)
    const customer = this.#world.customer(random)
    if (random() < BURSTS_PER_THOUSAND / 1000) this.#burst(customer)
    else this.#order(this.#ordinary(customer))
  }

  /** All that arrived by now; later orders can't arrive before. */
  *arrived(): Generator<SimulatedEvent> {
    while (this.#queue.nextArrival <= this.#now) {
      const event = this.#queue.pop()
      if (event !== undefined) yield event
    }
  }

  #ordinary(customer: Customer): Order {
    const random = this.#random
    const favourite = customer.favourites[Math.floor(random() * customer.favourites.length)]
    const isRegular = random() < 0.6 && favourite !== undefined
    const place = isRegular ? favourite : this.#world.restaurant(customer.city, random)
    const items = 1 + Math.floor(random() * random() * 6)
    return {
      orderId: this.#orderId(),
      userId: customer.userId,
      restaurantId: place.id,
      totalCents: items * place.itemCents + Math.floor(random() * 200),
      items,
      city: customer.city,
      cardId: customer.cardId,
      addressId: customer.addressId,
      eventMicros: wholeMs(this.#now),
    }
  }

  #burst(customer: Customer): void {
    const orders = stolenCardOrders(customer, this.#world, this.#now, this.#random)
    for (const order of orders) {
      this.#order({ ...order, orderId: this.#orderId(), eventMicros: wholeMs(order.eventMicros) })
    }
  }

  #order(order: Order): void {
    const random = this.#random
    this.#send(orderPlaced(order))
    const minutes = 12 + Math.floor(random() * random() * 45)
    const delivered = wholeMs(order.eventMicros + minutes * MINUTE + random() * MINUTE)
    const courierId = `k${1 + Math.floor(random() * (this.#options.restaurants / 2 + 1))}`
    this.#send(deliveryCompleted(order, { courierId, minutes, eventMicros: delivered }))
    if (random() >= RATED_SHARE) return
    const rated = wholeMs(delivered + (1 + random() * 40) * MINUTE)
    const stars = Math.max(1, 5 - Math.floor(random() * random() * 5))
    this.#send(ratingSubmitted(order, { stars, eventMicros: rated }))
  }

  /** Lets an event arrive: once or twice, soon or too late, whole or broken. */
  #send(draft: DraftEvent): void {
    const random = this.#random
    const broken = random() < BROKEN_SHARE
    const bytes = broken
      ? damaged(draft, damageKind(random), random)
      : encoder.encode(eventText(draft))
    const arrivalMicros = Math.max(this.#now, Math.floor(draft.eventMicros + this.#delay()))
    const key = encoder.encode(draft.userId)
    const event: SimulatedEvent = { topic: draft.topic, key, bytes, arrivalMicros, broken }
    this.#queue.push(event)
    if (random() >= DUPLICATE_SHARE) return
    this.#queue.push({ ...event, arrivalMicros: arrivalMicros + Math.floor(random() * 3 * SECOND) })
  }

  /** Microseconds from the event to its arrival. */
  #delay(): number {
    const random = this.#random
    const chance = random()
    if (chance < LATE_SHARE) return (6 + random() * 300) * SECOND
    if (chance < LATE_SHARE + DISORDER_SHARE) return (0.5 + random() * 4) * SECOND
    return random() * 0.5 * SECOND
  }

  #orderId(): string {
    return `o-${this.#nextOrder++}`
  }
}

function wholeMs(micros: number): number {
  return Math.floor(micros / 1000) * 1000
}
