import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { jsonDecoder } from '../../../engine/json/index.ts'
import {
  SHIPPED_EVENTS,
  type SimulatedEvent,
  simulate,
  writeEventFiles,
} from '../../../jobs/bitebridge/simulation/index.ts'
import { deliveries, orders, ratings } from '../../../jobs/bitebridge/topics.ts'
import { temporaryFolder } from '../../support/connectors.ts'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
const OPTIONS = { ...SHIPPED_EVENTS, seed: 7, ratePerSecond: 3 }

function take(count: number, options = OPTIONS): SimulatedEvent[] {
  const events: SimulatedEvent[] = []
  for (const event of simulate(options)) {
    if (events.push(event) >= count) break
  }
  return events
}

const text = ({ bytes }: SimulatedEvent) => Buffer.from(bytes).toString()
const eventMicros = (event: SimulatedEvent) => Date.parse(JSON.parse(text(event)).event_time) * 1000

const events = take(60_000)
const whole = events.filter((event) => !event.broken)

test('the same seed gives the same events, another seed others', () => {
  const again = take(2000)
  expect(again.map(text)).toEqual(events.slice(0, 2000).map(text))
  expect(again.map(({ arrivalMicros }) => arrivalMicros)).toEqual(
    events.slice(0, 2000).map(({ arrivalMicros }) => arrivalMicros),
  )
  expect(take(2000, { ...OPTIONS, seed: 8 }).map(text)).not.toEqual(again.map(text))
})

test('arrivals ascend, and no event arrives before it happened', () => {
  const falling = events.filter(
    ({ arrivalMicros }, i) => arrivalMicros < (events[i - 1]?.arrivalMicros ?? 0),
  )
  expect(falling).toEqual([])
  const early = whole.filter((event) => event.arrivalMicros < eventMicros(event))
  expect(early).toEqual([])
})

test('whole events fit the schemas of their topics, broken ones never do', () => {
  for (const topic of [orders, deliveries, ratings]) {
    const own = events.filter((event) => event.topic === topic.name)
    const decoder = jsonDecoder(topic.schema)
    const refused = own.filter(({ bytes }) => {
      const { length } = bytes
      const [starts, ends] = [Int32Array.of(0), Int32Array.of(length)]
      const records = decoder.decodeRecords(bytes, starts, ends, Float64Array.of(0), undefined)
      return records.rejected.length === 1
    })
    expect(refused).toEqual(own.filter((event) => event.broken))
    expect(own.length).toBeGreaterThan(5000)
  }
  const share = (events.length - whole.length) / events.length
  expect(share).toBeGreaterThan(0.0004)
  expect(share).toBeLessThan(0.002)
  const reasons = events.filter((event) => event.broken).map(text)
  expect(reasons.some((line) => line.includes('total_amount'))).toBe(true)
  expect(reasons.some((line) => line.includes('�'))).toBe(true)
  expect(reasons.some((line) => !line.endsWith('}'))).toBe(true)
})

test('few events are later than the disorder bound, and few come twice', () => {
  let newest = 0
  let late = 0
  let disordered = 0
  for (const event of whole) {
    if (event.topic !== 'orders') continue
    const time = eventMicros(event)
    if (time < newest) disordered++
    if (time < newest - 5 * SECOND) late++
    newest = Math.max(newest, time)
  }
  const count = whole.filter(({ topic }) => topic === 'orders').length
  expect(disordered / count).toBeGreaterThan(0.05)
  expect(late / count).toBeGreaterThan(0.001)
  expect(late / count).toBeLessThan(0.006)
  const twice = (whole.length - new Set(whole.map(text)).size) / whole.length
  expect(twice).toBeGreaterThan(0.003)
  expect(twice).toBeLessThan(0.008)
})

test('restaurants are of unlike popularity, and customers come back', () => {
  const counts = new Map<string, number>()
  const users = new Map<string, number>()
  for (const event of whole) {
    if (event.topic !== 'orders') continue
    const { restaurant_id, user_id } = JSON.parse(text(event))
    counts.set(restaurant_id, (counts.get(restaurant_id) ?? 0) + 1)
    users.set(user_id, (users.get(user_id) ?? 0) + 1)
  }
  const sorted = [...counts.values()].sort((a, b) => b - a)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  expect(sorted[0] ?? 0).toBeGreaterThan(10 * median)
  expect([...users.values()].filter((n) => n > 1).length).toBeGreaterThan(users.size / 2)
})

test('stolen cards are tried at many restaurants within minutes, then the address changes', () => {
  const byCard = new Map<
    string,
    { time: number; place: string; total: number; address: string }[]
  >()
  for (const event of whole) {
    if (event.topic !== 'orders') continue
    const order = JSON.parse(text(event))
    const known = byCard.get(order.card_id) ?? []
    byCard.set(order.card_id, known)
    const { restaurant_id: place, order_total: total, address_id: address } = order
    known.push({ time: eventMicros(event), place, total, address })
  }
  const bursts = [...byCard.values()].filter((tries) =>
    tries.some(({ address }) => address.includes('x')),
  )
  expect(bursts.length).toBeGreaterThan(3)
  for (const tries of bursts) {
    const last = tries.find(({ address }) => address.includes('x'))
    const time = last?.time ?? 0
    const within = tries.filter((each) => Math.abs(each.time - time) < 600 * SECOND)
    expect(new Set(within.map(({ place }) => place)).size).toBeGreaterThanOrEqual(6)
    const first = Math.min(...within.map(({ total }) => total))
    expect(last?.total).toBeGreaterThan(2 * first)
  }
})

test('a day has a quiet night and peaks at lunch and dinner', () => {
  const startMicros = SHIPPED_EVENTS.startMicros - (SHIPPED_EVENTS.startMicros % DAY)
  const hours = new Array<number>(24).fill(0)
  for (const event of simulate({ ...OPTIONS, startMicros, ratePerSecond: 0.3 })) {
    if (event.arrivalMicros >= startMicros + DAY) break
    if (event.topic !== 'orders' || event.broken) continue
    const hour = Math.floor((eventMicros(event) - startMicros) / (DAY / 24))
    if (hour < 24) hours[hour]! += 1
  }
  const [night = 0, lunch = 0, afternoon = 0, dinner = 0] = [3, 12, 16, 19].map(
    (h) => hours[h] ?? 0,
  )
  expect(lunch).toBeGreaterThan(4 * night)
  expect(dinner).toBeGreaterThan(lunch)
  expect(afternoon).toBeLessThan(lunch)
  const mean = hours.reduce((sum, n) => sum + n, 0) / 86_400
  expect(mean).toBeGreaterThan(0.27)
  expect(mean).toBeLessThan(0.33)
})

test('the shipped event files are what the simulation writes', () => {
  const folder = temporaryFolder()
  const summaries = writeEventFiles(folder, SHIPPED_EVENTS)
  const shipped = fileURLToPath(new URL('../../../jobs/bitebridge/events/', import.meta.url))
  for (const { topic } of summaries) {
    const same = readFileSync(`${folder}/${topic}.jsonl`).equals(
      readFileSync(`${shipped}${topic}.jsonl`),
    )
    expect(same, topic).toBe(true)
  }
  const total = summaries.reduce((sum, { events }) => sum + events, 0)
  const bytes = summaries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  expect(total).toBeGreaterThanOrEqual(20_000)
  expect(summaries.find(({ topic }) => topic === 'orders')?.events).toBeGreaterThanOrEqual(12_000)
  expect(bytes).toBeLessThan(6_000_000)
  expect(summaries.every(({ broken }) => broken > 0)).toBe(true)
})
