// The event files that come with the project, and how their records go into the log: one topic a
// file, exactly once. Law: every commit leaves a prefix of the file in the topic, so the offsets of
// the topic say where to go on, and nothing else needs to be remembered.
import { existsSync, readFileSync } from 'node:fs'
import type { EmbeddedLog, LogRecord } from '../../connectors/log/index.ts'
import { murmur2Partition } from '../../engine/batch/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import { packageFile } from '../run/package-file.ts'

/** The topics of BiteBridge: one file each. */
export const EVENT_TOPICS = ['orders', 'deliveries', 'ratings'] as const
/** Partitions of each topic in the log. */
export const PARTITIONS = 4
/** Lines that one commit appends. */
const LINES_PER_COMMIT = 1000
const NEWLINE = 10

/** One line of an event file, and where it belongs. */
export interface EventLine {
  readonly record: LogRecord
  readonly partition: number
}

/** A shipped file; it stands in the source tree, which a clone and the package both have. */
export function eventFile(topic: string): string {
  const path = packageFile('jobs', 'bitebridge', 'events', `${topic}.jsonl`)
  if (existsSync(path)) return path
  throw new ConfigError({
    code: 'EVENTS_MISSING',
    message: `the shipped events of "${topic}" are gone`,
    expected: path,
    found: 'no such file',
    remedy: 'Restore it (git checkout jobs/bitebridge/events), or install the package again.',
  })
}

/** Creates the topics of BiteBridge where they are not there yet. */
export function createTopics(log: EmbeddedLog): void {
  for (const topic of EVENT_TOPICS) log.create(topic, { partitions: PARTITIONS })
}

/**
 * The lines of an event file. A record goes to the partition of its user; one that can't be read, or
 * names none, has no key and goes where its line number says, so that the same file always gives the
 * same partitions.
 */
export function eventLines(path: string, partitions: number): EventLine[] {
  const bytes = readFileSync(path)
  const lines: EventLine[] = []
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline < 0 ? bytes.length : newline
    lines.push(eventLine(bytes.subarray(start, end), lines.length, partitions))
    start = end + 1
  }
  return lines
}

/**
 * Appends the lines that the topic does not have yet, and tells `onProgress` how many it has.
 * @returns how many were appended
 * @throws ConfigError EVENTS_MIXED when the topic has records that are not a prefix of the lines
 */
export async function appendLines(
  log: EmbeddedLog,
  topic: string,
  lines: readonly EventLine[],
  onProgress: (appended: number) => void = () => {},
): Promise<number> {
  const first = linesIn(log, topic, lines)
  for (let at = first; at < lines.length; at += LINES_PER_COMMIT) {
    const block = lines.slice(at, at + LINES_PER_COMMIT)
    // Calls before the event loop turns share one commit: the block is there whole or not at all.
    await Promise.all(
      Array.from(byPartition(block), ([partition, records]) =>
        log.append(topic, partition, records),
      ),
    )
    onProgress(at + block.length)
  }
  return lines.length - first
}

/** How many of the lines the topic has. */
function linesIn(log: EmbeddedLog, topic: string, lines: readonly EventLine[]): number {
  const { partitions } = log.topic(topic)
  const latest = Array.from({ length: partitions }, (_, partition) => log.latest(topic, partition))
  const found = latest.reduce((sum, each) => sum + each, 0)
  const prefix = new Array<number>(partitions).fill(0)
  for (const { partition } of lines.slice(0, found)) {
    prefix[partition] = (prefix[partition] ?? 0) + 1
  }
  if (found <= lines.length && latest.every((each, i) => each === prefix[i])) return found
  // Records that came after the whole file are none of ours, and no reason to append it again.
  if (found > lines.length && latest.every((each, i) => each >= (prefix[i] ?? 0))) {
    return lines.length
  }
  throw new ConfigError({
    code: 'EVENTS_MIXED',
    message: `topic "${topic}" does not begin with the shipped events`,
    expected: `${prefix.join(', ')} records in its partitions`,
    found: latest.join(', '),
    remedy: 'Use another --data folder, or delete this one to begin anew.',
  })
}

function byPartition(lines: readonly EventLine[]): Map<number, LogRecord[]> {
  const groups = new Map<number, LogRecord[]>()
  for (const { record, partition } of lines) {
    const group = groups.get(partition)
    if (group === undefined) groups.set(partition, [record])
    else group.push(record)
  }
  return groups
}

function eventLine(value: Uint8Array, number: number, partitions: number): EventLine {
  const user = userOf(value)
  if (user === undefined) return { record: { value }, partition: number % partitions }
  const key = encoder.encode(user)
  return { record: { key, value }, partition: murmur2Partition(key, 0, key.length, partitions) }
}

function userOf(value: Uint8Array): string | undefined {
  try {
    const event: unknown = JSON.parse(decoder.decode(value))
    if (typeof event !== 'object' || event === null || !('user_id' in event)) return undefined
    return typeof event.user_id === 'string' ? event.user_id : undefined
  } catch {
    // A broken event: the job makes a dead letter of it.
    return undefined
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
