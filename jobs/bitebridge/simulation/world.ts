// The world of BiteBridge: cities, restaurants of unlike popularity (Zipf), customers who order
// often or rarely and mostly at the few places they like. Made once from the seed; it never
// changes.
import type { Random } from '../../../engine/clock.ts'

export const CITIES = ['Berlin', 'Hamburg', 'München', 'Köln', 'Leipzig', 'Bremen'] as const

export interface Restaurant {
  readonly id: string
  readonly city: string
  /** Price of one item in cents. */
  readonly itemCents: number
}

export interface Customer {
  readonly userId: string
  readonly city: string
  readonly cardId: string
  readonly addressId: string
  readonly favourites: readonly Restaurant[]
}

export interface World {
  readonly restaurants: readonly Restaurant[]
  readonly customers: readonly Customer[]
  /** A customer, regular ones more often. */
  customer(random: Random): Customer
  /** A restaurant of a city, popular ones more often. */
  restaurant(city: string, random: Random): Restaurant
}

export function makeWorld(
  counts: { readonly restaurants: number; readonly customers: number },
  random: Random,
): World {
  const restaurants = Array.from(
    { length: Math.max(counts.restaurants, CITIES.length) },
    (_, i) => ({
      id: `r${i + 1}`,
      city: cityOf(i),
      itemCents: 450 + Math.floor(random() * 1400),
    }),
  )
  const byCity = new Map<string, Restaurant[]>(
    CITIES.map((city) => [city, restaurants.filter((each) => each.city === city)]),
  )
  const pickers = new Map(
    Array.from(byCity, ([city, places]) => [city, zipfPicker(places, 1.05)] as const),
  )
  const restaurant = (city: string, chance: Random) => {
    const pick = pickers.get(city) ?? zipfPicker(restaurants, 1.05)
    return pick(chance)
  }
  const customers = Array.from({ length: Math.max(counts.customers, 1) }, (_, i) => {
    const city = cityOf(Math.floor(random() * CITIES.length))
    const favourites = Array.from({ length: 2 + Math.floor(random() * 3) }, () =>
      restaurant(city, random),
    )
    const name = `${i + 1}`
    return {
      userId: `u${name}`,
      city,
      cardId: `card-${name}`,
      addressId: `a-${name}-1`,
      favourites,
    }
  })
  return { restaurants, customers, customer: zipfPicker(customers, 0.6), restaurant }
}

/** Picks item i with a chance in proportion to 1 / (i + 1)^exponent. */
export function zipfPicker<T>(items: readonly T[], exponent: number): (random: Random) => T {
  const cumulative = new Float64Array(items.length)
  let sum = 0
  for (let i = 0; i < items.length; i++) {
    sum += (i + 1) ** -exponent
    cumulative[i] = sum
  }
  return (random) => {
    const wanted = random() * sum
    let low = 0
    let high = items.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle]! <= wanted) low = middle + 1
      else high = middle
    }
    const item = items[low]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }
}

function cityOf(i: number): string {
  return CITIES[i % CITIES.length] ?? 'Berlin'
}
