// A burst of orders with a stolen card: a thief tries the card of a customer with small and rising
// amounts at many restaurants within minutes, and has the last and largest brought to a new
// address.
import type { Random } from '../../../engine/clock.ts'
import type { Order } from './events.ts'
import type { Customer, World } from './world.ts'

const SECOND = 1_000_000

/** The orders of a burst that begins at `startMicros`; ids are given by the caller. */
export function stolenCardOrders(
  victim: Customer,
  world: World,
  startMicros: number,
  random: Random,
): Omit<Order, 'orderId'>[] {
  const count = 8 + Math.floor(random() * 8)
  const newAddress = `${victim.addressId}-x${Math.floor(random() * 1000)}`
  let totalCents = 150 + Math.floor(random() * 200)
  let eventMicros = startMicros
  return Array.from({ length: count }, (_, i) => {
    const place = world.restaurants[Math.floor(random() * world.restaurants.length)]
    const order = {
      userId: victim.userId,
      restaurantId: place?.id ?? 'r1',
      totalCents,
      items: 1,
      city: victim.city,
      cardId: victim.cardId,
      addressId: i < count - 2 ? victim.addressId : newAddress,
      eventMicros,
    }
    totalCents = Math.floor(totalCents * (1.2 + random() * 0.3))
    eventMicros += Math.floor((8 + random() * 25) * SECOND)
    return order
  })
}
