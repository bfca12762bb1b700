// `millrace log append`: lines of files or stdin as records of a topic, byte by byte as they are. A line
// that is broken is appended too: whether it is a dead letter is decided by the job that reads it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type EmbeddedLog, type LogRecord, openLog } from '../../connectors/log/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { logFolder } from '../run/data-folder.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, leaf, whole } from './command-group.ts'
import { inputLines } from './input-lines.ts'

/** Records and bytes of one commit. */
const COMMIT_RECORDS = 1000
const COMMIT_BYTES = 1024 * 1024

interface AppendFlags extends DataFlags {
  readonly key?: string
  readonly partition?: number
}

const encoder = new TextEncoder()

export function logAppendCommand(io: CliIo): Command {
  return leaf(
    'append',
    'append the lines of files, or of stdin ("-"), as records',
    `  $ millrace log append orders --key user_id events.jsonl
      each record goes to the partition of its user_id
  $ generate-events | millrace log append orders --key user_id
  $ millrace log append orders --partition 0 more.jsonl`,
  )
    .argument('<topic>')
    .argument('[files...]', 'default: stdin', ['-'])
    .option('--key <field>', 'a string field of the JSON records; its value is the record key')
    .option('--partition <n>', 'all into this one', whole(0))
    .action(async (topic: string, files: readonly string[], flags: AppendFlags) => {
      const log = openExisting(flags.data)
      try {
        log.topic(topic)
        const appender = new Appender(log, topic, flags)
        for (const file of files) {
          for await (const line of inputLines(io.read(file))) await appender.add(line)
        }
        await appender.commit()
        report(io, topic, flags, appender)
      } finally {
        await log.close()
      }
    })
}

class Appender {
  readonly #log: EmbeddedLog
  readonly #topic: string
  readonly #flags: AppendFlags
  #records: LogRecord[] = []
  #bytes = 0
  /** Records by partition. */
  readonly counts = new Map<number, number>()
  withoutKey = 0

  constructor(log: EmbeddedLog, topic: string, flags: AppendFlags) {
    this.#log = log
    this.#topic = topic
    this.#flags = flags
  }

  async add(line: Uint8Array): Promise<void> {
    const key = this.#flags.key === undefined ? undefined : keyOf(line, this.#flags.key)
    if (key === undefined && this.#flags.key !== undefined) this.withoutKey++
    this.#records.push({ key, value: line })
    this.#bytes += line.length
    if (this.#records.length >= COMMIT_RECORDS || this.#bytes >= COMMIT_BYTES) await this.commit()
  }

  async commit(): Promise<void> {
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    const { partition } = this.#flags
    if (records.length === 0) return
    if (partition !== undefined) {
      await this.#log.append(this.#topic, partition, records)
      this.#count(partition, records.length)
      return
    }
    const places = await this.#log.appendKeyed(this.#topic, records)
    for (const place of places) this.#count(place.partition, 1)
  }

  #count(partition: number, by: number): void {
    this.counts.set(partition, (this.counts.get(partition) ?? 0) + by)
  }
}

/** The bytes of a string field; undefined where the line is no JSON or has no such field. */
function keyOf(line: Uint8Array, field: string): Uint8Array | undefined {
  let record: unknown
  try {
    record = JSON.parse(Buffer.from(line).toString())
  } catch {
    return undefined
  }
  if (typeof record !== 'object' || record === null) return undefined
  const value = Object.entries(record).find(([name]) => name === field)?.[1]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return encoder.encode(value)
  throw new ConfigError({
    code: 'KEY_TYPE',
    message: `the field "${field}" can not be the key of a record`,
    expected: 'a string',
    found: typeof value,
    remedy: 'Choose a string field, or append without --key.',
  })
}

function report(io: CliIo, topic: string, flags: AppendFlags, appender: Appender): void {
  const { counts, withoutKey } = appender
  const partitions = [...counts].sort(([a], [b]) => a - b)
  const records = partitions.reduce((sum, [, count]) => sum + count, 0)
  if (flags.json === true) {
    const byPartition = Object.fromEntries(partitions)
    io.out(`${JSON.stringify({ topic, records, withoutKey, partitions: byPartition })}\n`)
    return
  }
  const parts = partitions.map(([partition, count]) => `${partition}: ${count}`).join(', ')
  const unkeyed = withoutKey === 0 ? '' : `; ${withoutKey} without a readable "${flags.key}"`
  io.note(`${topic}: appended ${records} records (partition ${parts || '-'})${unkeyed}`)
}

/** Appending creates no log: a wrong --data would pass in silence. @throws ConfigError LOG_MISSING */
function openExisting(data: string): EmbeddedLog {
  const folder = logFolder(data)
  return openLog(folder, { readOnly: !existsSync(join(folder, 'data.mdb')) })
}
