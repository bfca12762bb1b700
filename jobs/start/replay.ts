// `millrace start`: the shipped events go into the embedded log, the fraud job reads them to their
// end, and what came out is shown. Starting again appends nothing twice and reads nothing twice.
import { type EmbeddedLog, openLog, registerTopics } from '../../connectors/log/index.ts'
import { OnlineReader } from '../../connectors/online/index.ts'
import type { StoreReader } from '../../engine/checkpoint/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { ExitCode } from '../cli/failure.ts'
import { logFolder } from '../run/data-folder.ts'
import { onlineHandle } from '../run/online-handle.ts'
import { count } from '../run/progress.ts'
import type { RunOptions } from '../run/run-options.ts'
import { runToEnd } from '../run/run-to-end.ts'
import { appendLines, createTopics, EVENT_TOPICS, eventFile, eventLines } from './event-files.ts'
import { featureTable, topSpenders, type UserFeatures } from './features.ts'
import { lockFolder } from './folder-lock.ts'
import { fraudJobFile, placesText } from './places.ts'

/** Users in the table. */
const TABLE_ROWS = 8
const TABLE_TITLE = 'Users with the highest spend in their last five minutes (online view):'

/** The exit code: 0 when the job ran to the end of its inputs. */
export async function replay(data: string): Promise<number> {
  const unlock = lockFolder(data)
  try {
    const users = await fillLog(data)
    let rows: UserFeatures[] = []
    const exit = await runToEnd(replayOptions(data), {
      json: false,
      http: undefined,
      onSummary: (_summary, run) => {
        rows = readTop(run.store.reader(), users)
      },
    })
    if (exit === ExitCode.ok) process.stdout.write(conclusion(data, rows))
    return exit
  } finally {
    unlock()
  }
}

export function replayOptions(data: string): RunOptions {
  return {
    jobFile: fraudJobFile(),
    data,
    mode: 'bounded',
    slots: 1,
    inputs: {},
    outputs: {},
    only: undefined,
    fresh: false,
    from: 'earliest',
    acceptReplayedOutput: false,
    epochMs: 1000,
    check: false,
  }
}

/** Appends what the log lacks of the shipped events; the users that ordered. */
async function fillLog(data: string): Promise<string[]> {
  await registerTopics(data, new Map(EVENT_TOPICS.map((topic) => [topic, { home: 'log' }])))
  const log = openLog(logFolder(data))
  try {
    createTopics(log)
    const users = new Set<string>()
    for (const topic of EVENT_TOPICS) {
      for (const user of await fillTopic(log, topic)) users.add(user)
    }
    return [...users]
  } finally {
    await log.close()
  }
}

async function fillTopic(log: EmbeddedLog, topic: string): Promise<string[]> {
  const { partitions } = log.topic(topic)
  const lines = eventLines(eventFile(topic), partitions)
  const { isTTY } = process.stderr
  const appended = await appendLines(log, topic, lines, (done) => {
    if (isTTY) process.stderr.write(`\r\u001b[2K${topic}: ${count(done)} of ${count(lines.length)}`)
  })
  const text =
    appended === 0
      ? `${topic}: all ${count(lines.length)} events are in the log already`
      : `${topic}: ${count(appended)} events appended to ${partitions} partitions`
  process.stderr.write(isTTY && appended > 0 ? `\r\u001b[2K${text}\n` : `${text}\n`)
  return lines.flatMap(({ record }) =>
    record.key === undefined ? [] : [Buffer.from(record.key).toString()],
  )
}

function readTop(reader: StoreReader, users: readonly string[]): UserFeatures[] {
  const online = new OnlineReader(onlineHandle(reader), systemClock)
  return topSpenders(online, users, TABLE_ROWS)
}

function conclusion(data: string, rows: readonly UserFeatures[]): string {
  const features =
    rows.length === 0
      ? '\nThe online view has no features that are young enough.\n'
      : `\n${TABLE_TITLE}\n${featureTable(rows)}`
  const places = placesText(data, rows[0]?.user ?? 'u17')
  return `${features}\nEverything is kept; to look at it:\n${places}`
}
