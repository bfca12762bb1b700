// The feeder's thread: appends what the simulation brings to the log, as any producer outside of the
// job would, until it is told to stop. An append that was answered is durable.
import { parentPort, workerData } from 'node:worker_threads'
import { type EmbeddedLog, openLog } from '../../connectors/log/index.ts'
import { systemClock } from '../../engine/clock.ts'
import type { SimulatedEvent } from '../bitebridge/simulation/index.ts'
import { failureLine } from '../cli/failure.ts'
import { EventFeed, type FeedOptions } from './event-feed.ts'
import { EVENT_TOPICS } from './event-files.ts'

/** What the main thread hands over. */
export interface FeederData {
  readonly logFolder: string
  readonly feed: Omit<FeedOptions, 'backlogMs'>
}

/** What the thread tells the main thread. */
export type FeederMessage =
  | { readonly kind: 'fed'; readonly events: number; readonly user: string | undefined }
  | { readonly kind: 'stopped'; readonly events: number }
  | { readonly kind: 'failed'; readonly message: string }

/** Milliseconds between two looks at the simulation when nothing is due. */
const IDLE_MS = 20
/** Events of one append. */
const APPEND_EVENTS_MAX = 5000
/**
 * An empty log begins with earlier events, so that there are features at once: enough to close a
 * window (a minute and the disorder), at most those of six minutes.
 */
const BACKLOG = { secondsMin: 70, secondsMax: 360, events: 100_000 } as const

async function feed(data: FeederData, port: NonNullable<typeof parentPort>): Promise<void> {
  let isStopping = false
  port.once('message', () => {
    isStopping = true
  })
  const log = openLog(data.logFolder)
  const isEmpty = log.latest('orders', 0) === 0
  const backlogMs = isEmpty ? backlogMsOf(data.feed.eventsPerSecond) : 0
  const simulation = new EventFeed({ ...data.feed, backlogMs }, systemClock)
  let events = 0
  while (!isStopping) {
    const due = simulation.due(APPEND_EVENTS_MAX)
    if (due.length === 0) {
      await systemClock.delay(IDLE_MS)
      continue
    }
    await append(log, due)
    events += due.length
    const last = due.findLast((event) => event.topic === 'orders' && !event.broken)
    const user = last === undefined ? undefined : Buffer.from(last.key).toString()
    port.postMessage({ kind: 'fed', events, user } satisfies FeederMessage)
  }
  await log.close()
  port.postMessage({ kind: 'stopped', events } satisfies FeederMessage)
}

function backlogMsOf(eventsPerSecond: number): number {
  const { secondsMin, secondsMax, events } = BACKLOG
  return Math.max(secondsMin, Math.min(secondsMax, events / eventsPerSecond)) * 1000
}

async function append(log: EmbeddedLog, events: readonly SimulatedEvent[]): Promise<void> {
  await Promise.all(
    EVENT_TOPICS.map((topic) => {
      const own = events.filter((event) => event.topic === topic)
      return own.length === 0
        ? undefined
        : log.appendKeyed(
            topic,
            own.map(({ key, bytes }) => ({ key, value: bytes })),
          )
    }),
  )
}

const port = parentPort
if (port !== null) {
  const data: FeederData = workerData
  feed(data, port).catch((error: unknown) => {
    const message = failureLine(error)
    port.postMessage({ kind: 'failed', message } satisfies FeederMessage)
  })
}
