// `millrace log`: topics of the embedded log: create, list, read, append. Reading also shows the topics
// that jobs write; appending goes to the shared log only.

import type { Command } from 'commander'
import { Option } from 'commander'
import {
  earliestOffset,
  latestOffset,
  openLog,
  readRecords,
  readTopicSchemas,
  registerTopics,
  type TopicDefinition,
  type TopicRecord,
} from '../../connectors/log/index.ts'
import { systemClock } from '../../engine/clock.ts'
import { ConfigError } from '../../engine/errors.ts'
import type { SchemaVersion } from '../../engine/schema/index.ts'
import { durationMicros, formatDuration } from '../../engine/time/index.ts'
import { logFolder, makeDataFolder } from '../run/data-folder.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, group, leaf, whole } from './command-group.ts'
import { printListing } from './listing.ts'
import { logAppendCommand } from './log-append-command.ts'
import { logSchemaCommand } from './log-schema-command.ts'
import { recordCells, recordJson } from './record-text.ts'
import { type StoredTopic, withStoredData } from './stored-data.ts'

/** Milliseconds between two looks of `--follow`. */
const FOLLOW_MS = 20
const READ_AT_ONCE = 1000

export function logCommand(io: CliIo): Command {
  const commands = [
    createCommand(io),
    logAppendCommand(io),
    readCommand(io),
    listCommand(io),
    logSchemaCommand(io),
  ]
  return group('log', 'topics of the embedded log: create, append, read, list', io, commands)
}

interface CreateFlags extends DataFlags {
  readonly partitions: number
  readonly format: 'json' | 'msgpack'
  readonly partitioner: 'murmur2' | 'crc32' | 'unknown'
  readonly keepTime?: string
  readonly keepBytes?: number
}

function createCommand(io: CliIo): Command {
  return leaf(
    'create',
    'create a topic; an equal one that is there already is left alone',
    `  $ millrace log create orders --partitions 4
      four partitions; keys are spread as Kafka's Java clients do
  $ millrace log create clicks --partitions 1 --keep-time 7d --keep-bytes 1000000000
      records may go after seven days, the oldest ones when there are more bytes`,
  )
    .argument('<topic>')
    .option('--partitions <n>', 'fixed for good', whole(1), 1)
    .addOption(new Option('--format <name>').choices(['json', 'msgpack']).default('json'))
    .addOption(
      new Option('--partitioner <name>', 'how keys are spread')
        .choices(['murmur2', 'crc32', 'unknown'])
        .default('murmur2'),
    )
    .option('--keep-time <duration>', 'retention by append time, e.g. 7d; default: for ever')
    .option('--keep-bytes <n>', 'retention by size of a partition; default: all', whole(0))
    .action(async (topic: string, flags: CreateFlags) => {
      const { data, partitions, format, partitioner, keepTime, keepBytes } = flags
      const retention = {
        ...(keepTime === undefined ? {} : { timeMs: durationMicros(keepTime) / 1000 }),
        ...(keepBytes === undefined ? {} : { bytes: keepBytes }),
      }
      makeDataFolder(data)
      await registerTopics(data, new Map([[topic, { home: 'log' }]]))
      const log = openLog(logFolder(data))
      try {
        const made = log.create(topic, { partitions, format, partitioner, retention })
        if (flags.json === true) io.out(`${JSON.stringify(made)}\n`)
        else io.note(`topic ${topic}: ${partitions} partitions, ${format}, ${partitioner}`)
      } finally {
        await log.close()
      }
    })
}

function listCommand(io: CliIo): Command {
  return leaf(
    'ls',
    'list all topics, also those that jobs write',
    `  $ millrace log ls
  $ millrace log ls --json | jq -r 'select(.records > 0) | .topic'`,
  ).action((flags: DataFlags) =>
    withStoredData(flags.data, (stored) => {
      const schemas = readTopicSchemas(flags.data)
      printListing(
        io,
        flags.json === true,
        [
          { name: 'topic', value: (row) => row.definition.topic },
          { name: 'writtenBy', value: (row) => row.job ?? 'anyone' },
          { name: 'partitions', value: (row) => row.definition.partitions },
          { name: 'records', value: recordsOf },
          { name: 'format', value: (row) => row.definition.format },
          { name: 'partitioner', value: (row) => row.definition.partitioner },
          { name: 'kept', value: keptText },
          {
            name: 'schema',
            value: ({ definition }) => schemas.get(definition.topic)?.at(-1)?.version ?? null,
            text: ({ definition }) => versionText(schemas.get(definition.topic)),
          },
        ],
        stored.topics(),
        `no topic in ${flags.data}; create one: millrace log create <topic>`,
      )
    }),
  )
}

function recordsOf({ definition, store }: StoredTopic): number {
  const { topic, partitions } = definition
  let records = 0
  for (let partition = 0; partition < partitions; partition++) {
    records += latestOffset(store, topic, partition) - earliestOffset(store, topic, partition)
  }
  return records
}

function versionText(versions: readonly SchemaVersion[] | undefined): string {
  return versions === undefined ? '-' : `v${versions.length}`
}

function keptText({ definition }: StoredTopic): string {
  const { timeMs, bytes } = definition.retention
  const parts = [
    ...(timeMs === undefined ? [] : [formatDuration(timeMs * 1000)]),
    ...(bytes === undefined ? [] : [`${bytes} bytes`]),
  ]
  return parts.length === 0 ? 'all' : parts.join(', ')
}

interface ReadFlags extends DataFlags {
  readonly partition?: number
  readonly from?: number
  readonly last?: number
  readonly limit?: number
  readonly values?: boolean
  readonly follow?: boolean
}

function readCommand(io: CliIo): Command {
  return leaf(
    'read',
    'read records of a topic, partition by partition in offset order',
    `  $ millrace log read orders --last 5
      the last five records of each partition
  $ millrace log read fraud-features --follow --json | jq .value
      new records as they are decided, until Ctrl-C
  $ millrace log read orders --partition 0 --from 1000 --limit 10 --values
      the bytes of the values as they were appended, a line each`,
  )
    .argument('<topic>')
    .option('--partition <n>', 'only this one', whole(0))
    .option('--from <offset>', 'begin at this offset of each partition', whole(0))
    .addOption(
      new Option('--last <n>', 'begin so many records before the end of each partition')
        .argParser(whole(0))
        .conflicts('from'),
    )
    .option('--limit <n>', 'end after so many records', whole(0))
    .addOption(new Option('--values', 'only the values, as bytes').conflicts('json'))
    .option('--follow', 'go on with new records until interrupted')
    .action((topic: string, flags: ReadFlags) =>
      withStoredData(flags.data, async (stored) => {
        const found = stored.topic(topic)
        const reader = new TopicReader(io, found, flags)
        let isOpen = reader.readToEnds()
        const interrupted = flags.follow === true ? io.interrupted : undefined
        while (isOpen && interrupted !== undefined && !interrupted.aborted) {
          await systemClock.delay(FOLLOW_MS)
          isOpen = reader.readToEnds()
        }
      }),
    )
}

class TopicReader {
  readonly #io: CliIo
  readonly #topic: StoredTopic
  readonly #flags: ReadFlags
  readonly #next = new Map<number, number>()
  #left: number

  constructor(io: CliIo, topic: StoredTopic, flags: ReadFlags) {
    this.#io = io
    this.#topic = topic
    this.#flags = flags
    this.#left = flags.limit ?? Number.POSITIVE_INFINITY
    const { definition, store } = topic
    const { partition, from, last } = flags
    for (let p = 0; p < definition.partitions; p++) {
      if (partition !== undefined && partition !== p) continue
      const earliest = earliestOffset(store, definition.topic, p)
      const latest = latestOffset(store, definition.topic, p)
      const start = last === undefined ? (from ?? earliest) : Math.max(earliest, latest - last)
      this.#next.set(p, start)
    }
    if (this.#next.size === 0) throw unknownPartition(definition, partition ?? 0)
  }

  /** Prints what there is; false once the limit is reached. */
  readToEnds(): boolean {
    const { definition, store } = this.#topic
    for (const partition of this.#next.keys()) {
      while (this.#left > 0) {
        const from = this.#next.get(partition) ?? 0
        const count = Math.min(READ_AT_ONCE, this.#left)
        const records = readRecords(store, definition.topic, partition, from, count)
        if (records.length === 0) break
        for (const record of records) this.#print(record)
        this.#left -= records.length
        this.#next.set(partition, from + records.length)
      }
    }
    return this.#left > 0
  }

  #print(record: TopicRecord): void {
    const { topic, format } = this.#topic.definition
    if (this.#flags.values === true) {
      if (record.value === undefined) return
      this.#io.out(record.value)
      this.#io.out('\n')
    } else if (this.#flags.json === true) {
      this.#io.out(`${recordJson(topic, record, format)}\n`)
    } else this.#io.out(`${recordCells(record, format).join('  ')}\n`)
  }
}

function unknownPartition({ topic, partitions }: TopicDefinition, partition: number): ConfigError {
  return new ConfigError({
    code: 'PARTITION_UNKNOWN',
    message: `topic "${topic}" has no such partition`,
    expected: `0 to ${partitions - 1}`,
    found: `${partition}`,
    remedy: 'Name a partition of the topic.',
  })
}
