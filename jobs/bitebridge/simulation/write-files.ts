// writeEventFiles: a stretch of the simulation as one JSON-lines file a topic, in order of arrival.
// The files that stand in jobs/bitebridge/events were made by it with SHIPPED_EVENTS.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SimulatedEvent } from './events.ts'
import { type SimulationOptions, simulate } from './simulate.ts'

export interface EventFileOptions extends SimulationOptions {
  /** Events that arrive within so many minutes from the start are written. */
  readonly minutes: number
}

/** What a file holds. */
export interface EventFileSummary {
  readonly topic: SimulatedEvent['topic']
  readonly path: string
  readonly events: number
  readonly broken: number
  readonly sizeBytes: number
}

/** A Friday from before lunch to the afternoon (UTC). */
export const SHIPPED_EVENTS: EventFileOptions = {
  seed: 20_240_607,
  startMicros: Date.UTC(2024, 5, 7, 10, 30) * 1000,
  restaurants: 300,
  customers: 4000,
  ratePerSecond: 0.6,
  minutes: 210,
}

const TOPICS = ['orders', 'deliveries', 'ratings'] as const

export function writeEventFiles(folder: string, options: EventFileOptions): EventFileSummary[] {
  const end = options.startMicros + options.minutes * 60_000_000
  const events: SimulatedEvent[] = []
  for (const event of simulate(options)) {
    if (event.arrivalMicros > end) break
    events.push(event)
  }
  mkdirSync(folder, { recursive: true })
  return TOPICS.map((topic) => {
    const path = join(folder, `${topic}.jsonl`)
    const own = events.filter((event) => event.topic === topic)
    const content = Buffer.concat(own.flatMap((event) => [event.bytes, NEWLINE]))
    writeFileSync(path, content)
    const broken = own.filter((event) => event.broken).length
    return { topic, path, events: own.length, broken, sizeBytes: content.length }
  })
}

const NEWLINE = Uint8Array.of(10)
