// The events of BiteBridge as fields in the order of their topics, and as the bytes of a JSON line.

export interface SimulatedEvent {
  readonly topic: 'orders' | 'deliveries' | 'ratings'
  /** UTF-8 of the user id. */
  readonly key: Uint8Array
  /** One JSON line without its newline, or what damage left of it. */
  readonly bytes: Uint8Array
  /** When the event reaches the log, epoch microseconds; ascends. */
  readonly arrivalMicros: number
  /** Damaged on the way: a dead letter. */
  readonly broken: boolean
}

/** A value that is written into JSON as it stands: a decimal with its declared scale. */
export interface Literal {
  readonly literal: string
}

export type FieldValue = string | number | Literal

export interface DraftEvent {
  readonly topic: 'orders' | 'deliveries' | 'ratings'
  readonly userId: string
  readonly eventMicros: number
  /** Without `event_time`, which comes last. */
  readonly fields: readonly (readonly [name: string, value: FieldValue])[]
}

/** An order that was placed. */
export interface Order {
  readonly orderId: string
  readonly userId: string
  readonly restaurantId: string
  readonly totalCents: number
  readonly items: number
  readonly city: string
  readonly cardId: string
  readonly addressId: string
  readonly eventMicros: number
}

export function orderPlaced(order: Order): DraftEvent {
  return {
    topic: 'orders',
    userId: order.userId,
    eventMicros: order.eventMicros,
    fields: [
      ['event_type', 'order_placed'],
      ['order_id', order.orderId],
      ['user_id', order.userId],
      ['restaurant_id', order.restaurantId],
      ['order_total', { literal: money(order.totalCents) }],
      ['items', order.items],
      ['city', order.city],
      ['card_id', order.cardId],
      ['address_id', order.addressId],
    ],
  }
}

export function deliveryCompleted(
  order: Order,
  delivery: { readonly courierId: string; readonly minutes: number; readonly eventMicros: number },
): DraftEvent {
  return {
    topic: 'deliveries',
    userId: order.userId,
    eventMicros: delivery.eventMicros,
    fields: [
      ['event_type', 'delivery_completed'],
      ['order_id', order.orderId],
      ['user_id', order.userId],
      ['courier_id', delivery.courierId],
      ['minutes', delivery.minutes],
    ],
  }
}

export function ratingSubmitted(
  order: Order,
  rating: { readonly stars: number; readonly eventMicros: number },
): DraftEvent {
  return {
    topic: 'ratings',
    userId: order.userId,
    eventMicros: rating.eventMicros,
    fields: [
      ['event_type', 'rating_submitted'],
      ['order_id', order.orderId],
      ['user_id', order.userId],
      ['restaurant_id', order.restaurantId],
      ['stars', rating.stars],
    ],
  }
}

/** One JSON object, without a newline. */
export function eventText(event: DraftEvent): string {
  const fields = event.fields.map(([name, value]) => `"${name}":${valueText(value)}`)
  return `{${fields.join(',')},"event_time":"${isoTime(event.eventMicros)}"}`
}

/** `2024-06-07T12:00:00.250Z` */
export function isoTime(micros: number): string {
  const days = Math.floor(micros / 86_400_000_000)
  const ms = Math.floor(micros / 1000) - days * 86_400_000
  const { year, month, day } = civilDate(days)
  const time = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((part) => digits(part, 2))
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
  return `${date}T${time.join(':')}.${digits(ms % 1000, 3)}Z`
}

/** Date of a day since 1970-01-01, after Howard Hinnant's `civil_from_days`. */
function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524)
  const yearOfEra = Math.floor((dayOfEra - leaps + Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const march = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1
  const month = march < 10 ? march + 3 : march - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

function valueText(value: FieldValue): string {
  return typeof value === 'object' ? value.literal : JSON.stringify(value)
}

function money(cents: number): string {
  return `${Math.floor(cents / 100)}.${digits(cents % 100, 2)}`
}

function digits(value: number, count: number): string {
  return `${Math.floor(value)}`.padStart(count, '0')
}
