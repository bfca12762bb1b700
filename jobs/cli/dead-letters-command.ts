// `millrace dead-letters`: what a job could not use: list it by code, and append it to its topic again
// once the cause is mended. Replaying is at-least-once: what was replayed is remembered after it was
// appended, so a crash in between appends some records again.
import type { Command } from 'commander'
import type { EmbeddedLog } from '../../connectors/log/index.ts'
import { ConfigError } from '../../engine/errors.ts'
import type { CliIo } from './cli-io.ts'
import { type DataFlags, group, leaf, whole } from './command-group.ts'
import {
  type DeadLetter,
  deadLetterTopic,
  originalRecord,
  readDeadLetters,
  theJob,
} from './dead-letter-records.ts'
import { alignedTable } from './listing.ts'
import { ReplayedLetters } from './replayed-letters.ts'
import { type StoredData, withStoredData } from './stored-data.ts'

const SAMPLES = 3
/** Characters of a sample that people are shown. */
const SAMPLE_TEXT_MAX = 200
const COMMIT_RECORDS = 500

interface JobFlags extends DataFlags {
  readonly job?: string
  readonly code?: string
}

export function deadLettersCommand(io: CliIo): Command {
  const commands = [listCommand(io), replayCommand(io)]
  return group('dead-letters', 'records that could not be used: list, replay', io, commands)
}

interface ListFlags extends JobFlags {
  readonly samples: number
}

interface CodeSummary {
  readonly code: string
  count: number
  readonly topics: Set<string>
  readonly operators: Set<string>
  readonly samples: DeadLetter[]
}

function listCommand(io: CliIo): Command {
  return leaf(
    'ls',
    'list dead letters by code, with samples',
    `  $ millrace dead-letters ls --job fraud-features
  $ millrace dead-letters ls --code FIELD_MISSING --samples 20
  $ millrace log read fraud-features.dead-letters --json
      each of them`,
  )
    .option('--job <name>', 'needed where several jobs ran')
    .option('--code <code>', 'only these')
    .option('--samples <n>', 'of each code', whole(0), SAMPLES)
    .action((flags: ListFlags) =>
      withStoredData(flags.data, (stored) => {
        const job = theJob(stored, flags.job)
        const summaries = summarise(readDeadLetters(stored, job), flags)
        if (flags.json === true) {
          for (const summary of summaries) io.out(summaryJson(job, summary))
        } else if (summaries.length === 0) io.note(`${job} has no dead letters`)
        else printSummaries(io, summaries)
      }),
    )
}

function summarise(letters: Iterable<DeadLetter>, flags: ListFlags): CodeSummary[] {
  const byCode = new Map<string, CodeSummary>()
  for (const letter of letters) {
    const { code, topic, operator } = letter
    if (flags.code !== undefined && code !== flags.code) continue
    const summary: CodeSummary = byCode.get(code) ?? {
      code,
      count: 0,
      topics: new Set(),
      operators: new Set(),
      samples: [],
    }
    byCode.set(code, summary)
    summary.count++
    summary.topics.add(topic)
    if (operator !== null) summary.operators.add(operator)
    if (summary.samples.length < flags.samples) summary.samples.push(letter)
  }
  return [...byCode.values()].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
}

function summaryJson(job: string, { code, count, topics, operators, samples }: CodeSummary) {
  const summary = {
    job,
    code,
    count,
    topics: [...topics],
    operators: [...operators],
    samples: samples.map(({ topic, partition, offset, operator, reason, raw }) => ({
      topic,
      partition,
      offset,
      operator,
      reason,
      raw: Buffer.from(raw).toString(),
    })),
  }
  return `${JSON.stringify(summary)}\n`
}

function printSummaries(io: CliIo, summaries: readonly CodeSummary[]): void {
  const rows = summaries.map(({ code, count, topics, operators }) => [
    code,
    String(count),
    [...topics].join(', '),
    [...operators].join(', ') || 'at the door',
  ])
  io.out(alignedTable(['code', 'count', 'topic', 'refused by'], rows, [false, true]))
  for (const { code, samples } of summaries) {
    if (samples.length === 0) continue
    io.out(`\n${code}\n`)
    const cells = samples.map(({ topic, partition, offset, reason, raw }) => [
      `  ${topic}/${partition}/${offset}`,
      reason,
      cut(Buffer.from(raw).toString()),
    ])
    io.out(alignedTable(['  record', 'reason', 'raw'], cells))
  }
}

function cut(text: string): string {
  return text.length > SAMPLE_TEXT_MAX ? `${text.slice(0, SAMPLE_TEXT_MAX)}…` : text
}

interface ReplayFlags extends JobFlags {
  readonly again?: boolean
  readonly dryRun?: boolean
}

function replayCommand(io: CliIo): Command {
  return leaf(
    'replay',
    'append dead letters to their topic again, as they were',
    `  $ millrace dead-letters replay --job fraud-features --code FIELD_MISSING --dry-run
      how many it would be
  $ millrace dead-letters replay --job fraud-features --code FIELD_MISSING
      each once; the same command again appends only new ones`,
  )
    .option('--job <name>', 'needed where several jobs ran')
    .option('--code <code>', 'only these')
    .option('--again', 'also those that were replayed before')
    .option('--dry-run', 'append nothing')
    .action((flags: ReplayFlags) =>
      withStoredData(
        flags.data,
        async (stored) => {
          const job = theJob(stored, flags.job)
          const created = deadLetterTopic(stored, job)?.definition.createdMicros ?? 0
          const replayed = new ReplayedLetters(flags.data, job, created)
          const counts = await replay(stored, job, flags, replayed)
          if (flags.json === true) io.out(`${JSON.stringify({ job, ...counts })}\n`)
          else io.note(countsText(job, flags, counts))
        },
        { appends: flags.dryRun !== true },
      ),
    )
}

function countsText(job: string, flags: ReplayFlags, counts: ReplayCounts): string {
  const { appended, before, without } = counts
  const verb = flags.dryRun === true ? 'would append' : 'appended'
  const known = `${before} were replayed before`
  return `${job}: ${verb} ${appended} records; ${known}; ${without} are in no topic any more`
}

interface ReplayCounts {
  appended: number
  /** Left out: replayed by an earlier call. */
  before: number
  /** Left out: rows of operators whose record is not in the log. */
  without: number
}

async function replay(
  stored: StoredData,
  job: string,
  flags: ReplayFlags,
  replayed: ReplayedLetters,
): Promise<ReplayCounts> {
  const counts: ReplayCounts = { appended: 0, before: 0, without: 0 }
  const log = stored.log()
  const shared = new Set(log?.topics().map(({ topic }) => topic))
  let batch: Replay[] = []
  for (const letter of readDeadLetters(stored, job)) {
    if (flags.code !== undefined && letter.code !== flags.code) continue
    if (flags.again !== true && replayed.has(letter)) {
      counts.before++
      continue
    }
    if (log === undefined || !shared.has(letter.topic)) throw notInLog(letter.topic)
    const found = recordOf(stored, letter)
    if (found === undefined) {
      counts.without++
      continue
    }
    counts.appended++
    if (flags.dryRun !== true) batch.push({ letter, ...found })
    if (batch.length < COMMIT_RECORDS) continue
    await append(log, batch, replayed)
    batch = []
  }
  if (log !== undefined && flags.dryRun !== true) await append(log, batch, replayed)
  return counts
}

interface Replay {
  readonly letter: DeadLetter
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array
  readonly eventTime: number | undefined
}

/** What a row's operator refused is no record: only the topic has it. */
function recordOf(stored: StoredData, letter: DeadLetter): Omit<Replay, 'letter'> | undefined {
  const original = originalRecord(stored, letter)
  if (original?.value !== undefined) {
    return { key: original.key, value: original.value, eventTime: original.eventTime }
  }
  if (letter.operator !== null) return undefined
  return { key: undefined, value: letter.raw, eventTime: undefined }
}

/** Appends to the partitions that the records came from, then remembers. */
async function append(
  log: EmbeddedLog,
  batch: readonly Replay[],
  replayed: ReplayedLetters,
): Promise<void> {
  if (batch.length === 0) return
  const places = new Map<string, Replay[]>()
  for (const each of batch) {
    const place = `${each.letter.topic}/${each.letter.partition}`
    const group = places.get(place) ?? []
    places.set(place, group)
    group.push(each)
  }
  await Promise.all(
    [...places.values()].map((group) => {
      const [first] = group
      return first && log.append(first.letter.topic, first.letter.partition, group)
    }),
  )
  replayed.add(batch.map(({ letter }) => letter))
}

function notInLog(topic: string): ConfigError {
  return new ConfigError({
    code: 'REPLAY_TARGET',
    message: `topic "${topic}" is not in the log, so nothing can be appended to it`,
    expected: 'a topic that anyone may append to',
    found: 'a topic of a file or of a job',
    remedy: 'Write the records to a file: millrace log read <job>.dead-letters --json.',
  })
}
