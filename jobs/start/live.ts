// `millrace start --live`: a simulation of BiteBridge appends to the log in a thread of its own, the
// fraud job follows the topics, and its features are served over HTTP, until SIGTERM or Ctrl-C.
import { openLog, registerTopics } from '../../connectors/log/index.ts'
import { OnlineReader } from '../../connectors/online/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { isFinal } from '../../engine/runtime/index.ts'
import { ExitCode } from '../cli/failure.ts'
import { logFolder } from '../run/data-folder.ts'
import { onlineHandle } from '../run/online-handle.ts'
import { count } from '../run/progress.ts'
import type { PreparedRun } from '../run/run-job.ts'
import { runToEnd } from '../run/run-to-end.ts'
import { EventFeeder } from './event-feeder.ts'
import { createTopics, EVENT_TOPICS } from './event-files.ts'
import { FRAUD_VIEW, topSpenders } from './features.ts'
import { lockFolder } from './folder-lock.ts'
import { placesText } from './places.ts'
import { replayOptions } from './replay.ts'

export interface LiveOptions {
  readonly data: string
  readonly eventsPerSecond: number
  readonly seed: number
  /** Of the HTTP API on 127.0.0.1; 0: any free one. */
  readonly port: number
}

/** Milliseconds between two looks for a user that has features. */
const LOOK_EVERY_MS = 500

/** The exit code: 0 when it was stopped as asked. */
export async function live(options: LiveOptions): Promise<number> {
  const { data, eventsPerSecond, seed } = options
  const unlock = lockFolder(data)
  try {
    await prepareLog(data)
    let feeder: EventFeeder | undefined
    let hasFeederFailed = false
    let user = 'u17'
    const exit = await runToEnd(
      { ...replayOptions(data), mode: 'live' },
      {
        json: false,
        http: options.port,
        onStart: (run, url, note) => {
          note(`simulating BiteBridge: ${count(eventsPerSecond)} events/s on average, seed ${seed}`)
          const feed = { seed, eventsPerSecond }
          feeder = new EventFeeder({ logFolder: logFolder(data), feed }, (message) => {
            hasFeederFailed = true
            note(message)
            run.supervisor.stop()
          })
          showFirst(run, feeder, (found) => {
            user = found
            note(`features of a user: curl ${url ?? ''}/features/${FRAUD_VIEW}/${found}`)
          })
        },
      },
    )
    await feeder?.stop()
    if (exit === ExitCode.ok) {
      process.stdout.write(`\nThe simulation appended ${count(feeder?.events ?? 0)} events.\n`)
      process.stdout.write(`Everything is kept; to look at it:\n${placesText(data, user)}`)
    }
    return exit === ExitCode.ok && hasFeederFailed ? ExitCode.failure : exit
  } finally {
    unlock()
  }
}

async function prepareLog(data: string): Promise<void> {
  await registerTopics(data, new Map(EVENT_TOPICS.map((topic) => [topic, { home: 'log' }])))
  const log = openLog(logFolder(data))
  try {
    createTopics(log)
  } finally {
    await log.close()
  }
}

/** Tells `onFound` once of a user whose features can be read. */
function showFirst(run: PreparedRun, feeder: EventFeeder, onFound: (user: string) => void): void {
  const reader = new OnlineReader(onlineHandle(run.store.reader()), systemClock)
  const stop = systemClock.every(LOOK_EVERY_MS, () => {
    if (isFinal(run.supervisor.state)) return stop()
    const [first] = topSpenders(reader, feeder.users, 1)
    if (first === undefined) return
    stop()
    onFound(first.user)
  })
}
