// What the simulation gives the feeder, and when.
import { expect, it } from 'vitest'
import { EventFeed } from '../../../jobs/start/event-feed.ts'
import { TestClock } from '../../support/connectors.ts'

const options = { seed: 7, eventsPerSecond: 5, backlogMs: 60_000 }

function drained(feed: EventFeed) {
  return feed.due(1_000_000)
}

it('gives the backlog at once and then each event when it arrives', () => {
  const clock = new TestClock()
  const start = clock.nowMicros()
  const feed = new EventFeed(options, clock)
  const first = drained(feed)
  expect(first.length).toBeGreaterThan(50)
  expect(first.every(({ arrivalMicros }) => arrivalMicros >= start - 60_000_000)).toBe(true)
  expect(first.every(({ arrivalMicros }) => arrivalMicros <= start)).toBe(true)
  expect(drained(feed)).toEqual([])
  clock.advance(10_000)
  const next = drained(feed)
  expect(next.length).toBeGreaterThan(5)
  expect(next.every(({ arrivalMicros }) => arrivalMicros > start)).toBe(true)
  expect(new Set(first.map(({ topic }) => topic)).size).toBe(3)
})

it('gives the same events for the same seed and clock, in pieces or at once', () => {
  const whole = drained(new EventFeed(options, new TestClock()))
  const feed = new EventFeed(options, new TestClock())
  const pieces = [feed.due(10), feed.due(1), feed.due(100_000)]
  expect(pieces[0]).toHaveLength(10)
  expect(pieces.flat()).toEqual(whole)
  expect(drained(new EventFeed({ ...options, seed: 8 }, new TestClock()))).not.toEqual(whole)
})

it('numbers orders unlike those of a run that began before', () => {
  const ids = (feed: EventFeed) =>
    drained(feed).flatMap(({ bytes }) => `${Buffer.from(bytes)}`.match(/"o-\d+"/) ?? [])
  const clock = new TestClock()
  const earlier = new EventFeed(options, clock)
  clock.advance(3_600_000)
  const later = new EventFeed({ ...options, backlogMs: 0 }, clock)
  clock.advance(60_000)
  const known = new Set(ids(earlier))
  expect(known.size).toBeGreaterThan(50)
  expect(ids(later).filter((id) => known.has(id))).toEqual([])
})
